"""OpenVINO leaves the thread's signal stack alone."""

import sys

import numpy as np
import pytest

from pocketmatte.mobile.engines import open_engine
from pocketmatte.runtimes.signal_stack import SignalStack
from pocketmatte.weights import find_weights

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux alone has the trouble")


def stack():
    now = SignalStack.current()
    return now.address, now.flags, now.size


def test_the_runtime_keeps_the_signal_stack():
    openvino = pytest.importorskip("pocketmatte.runtimes.openvino")
    before = stack()
    runtime = openvino.OpenVinoRuntime(find_weights("fast")[0])
    runtime(np.zeros((1, 3, 64, 64), np.float32))
    assert stack() == before


def test_the_engine_keeps_the_signal_stack():
    pytest.importorskip("openvino")
    before = stack()
    open_engine("openvino", find_weights("fast")[0], size=(64, 64))()
    assert stack() == before
