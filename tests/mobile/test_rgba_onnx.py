import numpy as np
import onnxruntime
import pytest
from tiny_networks import clip, conv, network

from pocketmatte.errors import PocketmatteError
from pocketmatte.mobile.lint import lint_graph
from pocketmatte.mobile.read_onnx import graph_of
from pocketmatte.mobile.rgba_onnx import accept_rgba


def run(model, picture):
    session = onnxruntime.InferenceSession(model.SerializeToString())
    return session.run(None, {"input": picture})[0]


def test_the_fourth_channel_changes_nothing():
    model = network(conv("stem", 3, 8, strides=[2, 2]), clip("r"), shape=(1, 3, 32, 32))
    generator = np.random.default_rng(0)
    rgba = generator.random((1, 4, 32, 32), np.float32)
    wide = accept_rgba(model)
    assert np.array_equal(run(wide, rgba), run(model, np.ascontiguousarray(rgba[:, :3])))
    assert np.ptp(run(wide, rgba)) > 0.1


def test_lint_has_no_more_to_say_about_the_input():
    model = network(conv("stem", 3, 8), shape=(1, 3, 32, 32))
    before = {row.rule for row in lint_graph(graph_of(model)).findings}
    after = {row.rule for row in lint_graph(graph_of(accept_rgba(model))).findings}
    assert before - after == {"input-channels"}


@pytest.mark.parametrize(
    "model, message",
    [
        (network(conv("stem", 4, 8)), "no single input of three channels"),
        (network(clip("first"), conv("b", 3, 8), shape=(1, 3, 8, 8)), "'first' reads the input"),
        (network(conv("first", 3, 3, groups=3), shape=(1, 3, 8, 8)), "'first' reads the input"),
    ],
)
def test_what_cannot_be_widened_is_refused(model, message):
    with pytest.raises(PocketmatteError, match=message):
        accept_rgba(model)
