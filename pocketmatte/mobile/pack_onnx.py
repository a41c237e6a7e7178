"""Append mask packing to a network: the export option `--pack-mask`."""

from __future__ import annotations

import numpy as np

from pocketmatte.errors import PocketmatteError
from pocketmatte.mobile.bitpack import BITS, packing_kernel, step_factors

try:
    import onnx
    from onnx import TensorProto, helper, numpy_helper
except ImportError:
    raise PocketmatteError("packing masks needs the package 'onnx'; pip install onnx") from None


def append_packing(
    model: onnx.ModelProto, threshold: float = 0.5, bits: int = BITS, flat: bool = False
) -> onnx.ModelProto:
    """A copy of a matting network that gives a packed hard mask in place of alpha.

    The mask is `alpha > threshold`, exactly, for every float32 alpha in [0, 1]. The step is a
    steep clamped line (`bitpack.step_factors`), for GPU delegates have subtraction and clamps but
    seldom comparisons. `unpack_mask` takes the result apart.

    Args:
        model: alpha in [0, 1] is its first output, float `[B, 1, H, W]`; other outputs are dropped.
        threshold: inside (0, 1).
        bits: 16, or 8 for a network that runs in half precision.
        flat: add the study's last trick, a reshape to `[H, W / bits]`, which a GPU reads as full
            fours; needs fixed sizes, batch 1, and W / bits a multiple of four.

    Returns:
        A model with the output `packed`, float32 `[B, 1, H, ceil(W / bits)]`.

    Raises:
        PocketmatteError: a threshold or an output that cannot be packed.
    """
    if not 0 < threshold < 1:
        raise PocketmatteError(f"threshold {threshold} is outside (0, 1); take 0.5")
    packed = onnx.ModelProto()
    packed.CopyFrom(model)
    graph = packed.graph
    alpha = graph.output[0]
    batch, height, width = _sizes(alpha)
    names = {name for node in graph.node for name in (node.name, *node.output)}
    if "packed" in names:
        raise PocketmatteError("the network packs its mask already; give one that ends in alpha")

    last = alpha.name
    for op, name, constants, options in _steps(threshold, bits, width):
        inputs = []
        for label, array in constants.items():
            graph.initializer.append(numpy_helper.from_array(array, f"pack_mask/{label}"))
            inputs.append(f"pack_mask/{label}")
        graph.node.append(helper.make_node(op, [last, *inputs], [name], name=name, **options))
        last = name
    groups = None if width is None else -(-width // bits)
    shape = [batch, 1, height, groups]
    if flat:
        if batch != 1 or not height or not groups or groups % 4:
            raise PocketmatteError(
                f"an output of {shape} cannot be laid flat; export at a fixed size whose width "
                f"is a multiple of {4 * bits}"
            )
        shape = [height, groups]
        graph.initializer.append(numpy_helper.from_array(np.array(shape), "pack_mask/shape"))
        name = "pack_mask/flat"
        graph.node.append(helper.make_node("Reshape", [last, "pack_mask/shape"], [name], name=name))
    graph.node[-1].output[0] = "packed"
    del graph.output[:]
    graph.output.append(helper.make_tensor_value_info("packed", TensorProto.FLOAT, shape))
    onnx.checker.check_model(packed)
    return packed


def _steps(threshold: float, bits: int, width: int | None):
    """Operator, name, constants and options of each layer that is added."""
    level, (first, second) = step_factors(threshold)
    yield "Sub", "pack_mask/distance", {"threshold": level}, {}
    yield "Mul", "pack_mask/steep", {"slope1": np.float32(first)}, {}
    yield "Mul", "pack_mask/step", {"slope2": np.float32(second)}, {}
    limits = {"low": np.float32(0), "high": np.float32(1)}
    yield "Clip", "pack_mask/mask", limits, {}
    fill = bits - 1 if width is None else -width % bits
    kernel = {"kernel": packing_kernel(bits)}
    options = {"kernel_shape": [1, bits], "strides": [1, bits], "pads": [0, 0, 0, fill]}
    yield "Conv", "pack_mask/pack", kernel, options


def _sizes(value) -> tuple[int | None, int | None, int | None]:
    """Batch, height and width of the alpha output; None where free."""
    kind = value.type.tensor_type
    dims = [dim.dim_value or None for dim in kind.shape.dim]
    if kind.elem_type != TensorProto.FLOAT or len(dims) != 4 or dims[1] not in (1, None):
        raise PocketmatteError(
            f"output {value.name!r} is {dims}; packing needs alpha as float32 [B, 1, H, W]"
        )
    return dims[0], dims[2], dims[3]
