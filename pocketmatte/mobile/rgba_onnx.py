"""Let a network take four channels, as cameras and GPUs hold pictures: no copy to RGB needed."""

from __future__ import annotations

import numpy as np

from pocketmatte.errors import PocketmatteError

try:
    import onnx
    from onnx import numpy_helper
except ImportError:
    raise PocketmatteError(
        "changing a network needs the package 'onnx'; pip install onnx"
    ) from None


def accept_rgba(model: onnx.ModelProto) -> onnx.ModelProto:
    """A copy whose input is `[B, 4, H, W]` and whose result is the same, bit for bit.

    The first convolution gets weights of zero for the fourth channel, which may hold anything
    finite. (Models 3 and 4 against 1 and 2 of "The Paradoxical GPU", Portrait-Segmentation 2019.)

    Raises PocketmatteError unless the one input has three channels and goes into ordinary
    convolutions alone.
    """
    widened = onnx.ModelProto()
    widened.CopyFrom(model)
    graph = widened.graph
    weights = {tensor.name: tensor for tensor in graph.initializer}
    sources = [value for value in graph.input if value.name not in weights]
    dims = sources[0].type.tensor_type.shape.dim if len(sources) == 1 else ()
    if len(dims) != 4 or dims[1].dim_value != 3:
        raise PocketmatteError("the network has no single input of three channels to widen")
    readers = [node for node in graph.node if sources[0].name in node.input]
    for node in readers:
        groups = next((a.i for a in node.attribute if a.name == "group"), 1)
        if node.op_type != "Conv" or groups != 1 or node.input[1] not in weights:
            raise PocketmatteError(
                f"layer {node.name or node.output[0]!r} reads the input and is no ordinary "
                "convolution; add the fourth channel to the architecture instead"
            )
    for name in {node.input[1] for node in readers}:
        kernel = numpy_helper.to_array(weights[name])
        wide = np.pad(kernel, ((0, 0), (0, 1), (0, 0), (0, 0)))
        weights[name].CopyFrom(numpy_helper.from_array(wide, name))
    dims[1].dim_value = 4
    return widened
