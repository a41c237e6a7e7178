"""A network that rounds as int8 does: exact where nothing is lost, trainable, foldable."""

import numpy as np
import pytest
import torch
from torch import nn

from pocketmatte.models import registered_models
from pocketmatte.models.checkpoint import load_checkpoint
from pocketmatte.models.quantize import (
    ALPHA,
    Quantized,
    fold_norms,
    node_values,
    quantized_nodes,
    rounded_weight,
)


@pytest.fixture(scope="module")
def fast():
    return load_checkpoint("fast").network()


@pytest.fixture(scope="module")
def picture(astronaut):
    small = astronaut[40:296:2, 100:356:2] / np.float32(255)
    return np.ascontiguousarray(small.transpose(2, 0, 1)[None], np.float32)


def ranges_of(network, picture):
    values = node_values(network, picture)
    return {
        name: (min(float(values[name].min()), 0.0), max(float(values[name].max()), 0.0))
        for name in quantized_nodes(network)
    }


@pytest.mark.parametrize("name", registered_models())
def test_folding_changes_weights_but_no_result(name, lively):
    network, src = lively(name), torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        before = network(src)
        fold_norms(network)
        gap = (network(src) - before).abs().max()
    assert gap < 2e-3 * before.abs().max()
    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    for norm in norms:
        assert torch.all(norm.weight == 1) and torch.all(norm.running_mean == 0)
        assert not norm.weight.requires_grad and norm.bias.requires_grad


def test_weights_lie_on_255_levels_of_each_channel(fast):
    for module in fast.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            axis = 1 if isinstance(module, nn.ConvTranspose2d) else 0
            made = rounded_weight(module).detach().movedim(axis, 0).flatten(1)
            step = module.weight.detach().movedim(axis, 0).flatten(1).abs().amax(1) / 127
            levels = made / step.clamp_min(1e-12)[:, None]
            assert (levels - levels.round()).abs().max() < 1e-3 and levels.abs().max() < 127.01


def test_rounding_costs_little_and_something(fast, picture):
    quantized = Quantized(fast, ranges_of(fast, picture))
    with torch.no_grad():
        exact = fast(torch.from_numpy(picture)).sigmoid()
        coarse = quantized(torch.from_numpy(picture)).sigmoid()
    assert 1e-5 < (exact - coarse).abs().mean() < 0.03
    assert quantized.ranges().keys() == quantized_nodes(fast).keys()


def test_gradients_reach_weights_and_the_bounds_that_cut(picture):
    network = load_checkpoint("fast").network()
    ranges = ranges_of(network, picture)
    name = "blocks_1_project"
    ranges[name] = tuple(bound / 2 for bound in ranges[name])
    quantized = Quantized(network, ranges)
    quantized(torch.from_numpy(picture)).sigmoid().mean().backward()
    assert network.stem[0].weight.grad.abs().sum() > 0
    row = quantized.names.index(name)
    assert (quantized.moved.grad[row] != 0).all()


def test_fused_convolutions_and_movers_are_not_rounded(fast):
    nodes = quantized_nodes(fast)
    assert "src" in nodes and "blocks_0_expand_0" not in nodes and "blocks_0_expand_1" in nodes
    # a HardSwish is not fused: what it reads is rounded, and no further down than it can see
    assert nodes["stem_0"] == "HardSwish" and nodes["head"] == "Sigmoid"
    assert not any("pad" in name for name in nodes)


def test_values_end_in_alpha(fast, picture):
    values = node_values(fast, picture)
    with torch.no_grad():
        expected = fast(torch.from_numpy(picture)).sigmoid().numpy()
    assert np.allclose(values[ALPHA], expected, atol=1e-5)
    assert quantized_nodes(fast).keys() <= values.keys()
