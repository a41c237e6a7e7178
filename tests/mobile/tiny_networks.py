"""Small ONNX networks for the tests."""

import numpy as np
from onnx import TensorProto, helper, numpy_helper


def network(*steps, shape=(1, 4, 32, 32), weights=None):
    """A model of steps (op, name, constants, options), each on the result of the last."""
    arrays = dict(weights or {})
    nodes, last = [], "input"
    for op, name, constants, options in steps:
        for label, array in constants.items():
            arrays[f"{name}.{label}"] = np.asarray(array)
        inputs = [last, *(f"{name}.{label}" for label in constants)]
        nodes.append(helper.make_node(op, inputs, [f"{name}:0"], name=name, **options))
        last = f"{name}:0"
    nodes[-1].output[0] = "output"
    graph = helper.make_graph(
        nodes,
        "test",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(array, name) for name, array in arrays.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def conv(name, channels_in, channels_out, kernel=3, groups=1, **options):
    """A convolution with padding that keeps the size (at stride 1)."""
    generator = np.random.default_rng(len(name))
    weight = generator.standard_normal((channels_out, channels_in // groups, kernel, kernel))
    constants = {"weight": weight.astype(np.float32), "bias": np.zeros(channels_out, np.float32)}
    given = {"kernel_shape": [kernel] * 2, "pads": [kernel // 2] * 4, "group": groups, **options}
    return "Conv", name, constants, given


def clip(name, low=0.0, high=6.0):
    return "Clip", name, {"low": np.float32(low), "high": np.float32(high)}, {}
