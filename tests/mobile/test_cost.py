import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from tiny_networks import conv, network

from pocketmatte.errors import PocketmatteError
from pocketmatte.mobile import cost
from pocketmatte.mobile.graph import Graph, Layer, Tensor
from pocketmatte.mobile.nnls import nnls
from pocketmatte.mobile.published import NETWORKS, PADDING_MS, PARADOX, READ_BACK_MS
from pocketmatte.mobile.read_onnx import graph_of
from pocketmatte.mobile.study import fit_study, study_graphs

numbers = st.floats(-10, 10, width=32)


@settings(deadline=None)
@given(arrays(float, (8, 4), elements=numbers), arrays(float, 8, elements=numbers))
def test_nnls_finds_the_minimum(matrix, target):
    x = nnls(matrix, target)
    # the conditions of Karush, Kuhn and Tucker: enough for the minimum of a convex problem
    slope = matrix.T @ (target - matrix @ x)
    scale = 1e-6 * (1 + np.abs(matrix).max() * (np.abs(target).max() + np.abs(matrix @ x).max()))
    assert (x >= 0).all()
    assert (slope <= 8 * scale).all()
    assert (np.abs(slope[x > 0]) <= 8 * scale).all()


def test_weights_that_made_the_times_are_found_again():
    graphs = study_graphs()
    terms = cost.TERMS["cpu"]
    truth = np.array([2.0, 0.5, 0.1, 1.0])
    times = [float(cost.measure(graph, terms) @ truth) for graph in graphs]
    model = cost.fit(graphs, times, "cpu", pull=0)
    assert model.weights == pytest.approx(truth, rel=1e-6)


def test_the_fit_explains_the_studys_cpu():
    fit = fit_study("cpu")
    assert fit.error < 0.02
    assert fit.left_out_error < 0.06


def test_the_fit_explains_the_paradox_on_the_gpu():
    fit = fit_study("gpu")
    # model 2 has a layer more than model 1 and is faster; model 4 is the fastest of all
    assert fit.predicted[1] < fit.predicted[0] / 1.8
    assert min(fit.predicted) == fit.predicted[3]
    assert fit.rank == pytest.approx(1)
    assert fit.error < 0.06
    assert fit.left_out_error < 0.2


def test_lint_uses_the_fitted_weights():
    model = fit_study("gpu").model
    weights = dict(zip((term.name for term in model.terms), model.weights, strict=True))
    assert weights["read back"] == pytest.approx(READ_BACK_MS, abs=0.05)
    assert weights["padding"] == pytest.approx(PADDING_MS, abs=0.05)


def test_networks_that_were_not_fitted_come_near_their_published_times(tmp_path):
    # given the project's two 128x128 networks, rebuilt, of which the fit saw nothing
    torch = pytest.importorskip("torch")
    from pocketmatte.models import create_model

    fits = {device: fit_study(device).model for device in ("cpu", "gpu")}
    for name, published in zip(("deconv", "bilinear"), NETWORKS, strict=False):
        path = tmp_path / f"{name}.onnx"
        network = create_model(f"munet_mnv2_050_{name}").eval()
        torch.onnx.export(
            network, torch.zeros(1, 3, 128, 128), str(path), dynamo=False, opset_version=17
        )
        from pocketmatte.mobile.graph import read_graph

        graph = read_graph(path)
        assert graph.parameters == pytest.approx(published.parameters, rel=0.002)
        # then the CPU's time is right within a fifth, the GPU's within a third
        assert fits["cpu"].predict(graph) == pytest.approx(published.cpu_ms, rel=0.2)
        assert fits["gpu"].predict(graph) == pytest.approx(published.gpu_ms, rel=1 / 3)


def test_channels_count_in_fours():
    def macs(channels):
        graph = graph_of(network(conv("c", channels, 4), shape=(1, channels, 8, 8)))
        return cost.padded_macs(graph, graph.layers[0])

    assert macs(3) == macs(4) == macs(5) / 2


def test_the_breakdown_adds_up():
    model = fit_study("gpu").model
    graph = study_graphs()[4]
    assert sum(model.breakdown(graph).values()) == pytest.approx(model.predict(graph))
    assert model.breakdown(graph)["reshapes"] > 0.5


def test_free_sizes_are_refused():
    tensor = Tensor("src", (1, 3, None, None))
    graph = Graph("net", (Layer("a", "Relu", (tensor,), (tensor,)),), (tensor,), (tensor,))
    with pytest.raises(PocketmatteError, match="net: its input size is free"):
        fit_study("cpu").model.predict(graph)


def test_rank_correlation():
    assert cost.rank_correlation([1, 2, 3], [10, 20, 90]) == pytest.approx(1)
    assert cost.rank_correlation([1, 2, 3], [5, 4, 3]) == pytest.approx(-1)
    # ties share their rank: 1, 2.5, 2.5 against 1, 2, 3
    assert cost.rank_correlation([1, 2, 2], [1, 2, 3]) == pytest.approx(np.sqrt(3) / 2)


def test_the_published_table_is_complete():
    assert [row.parameters for row in PARADOX] == [10, 27, 148, 54, 45, 45, 28]
