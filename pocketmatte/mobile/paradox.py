"""The seven models of "The Paradoxical GPU": why a larger network can be faster on a phone's GPU.

The study (Portrait-Segmentation, 2019) timed seven toy networks on a OnePlus 3. Model 2 is model 1
plus a layer, and takes 6.5 ms instead of 16.5 ms, because its output is small; model 3 has four
times the channels of model 1, and is three times as fast, because a GPU packs channels in fours.

The ONNX files hold the same layers channels first (256x256x3 is [1, 3, 256, 256] here).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pocketmatte.errors import PocketmatteError
from pocketmatte.mobile.bitpack import packing_kernel

SIDE = 256


@dataclass(frozen=True)
class Spec:
    """One of the study's models, as the layers that are switched on.

    channels: of the input. kept: channels that a strided slice keeps (0: no slice).
    filters: of the 3x3 convolution. flat_input: the input arrives flattened and is reshaped.
    packs: a 1x16 convolution of stride 16 packs the output. flat_output: the result is reshaped
    to 256x16. filled: zero channels are added to the output up to this many (0: none).
    """

    number: int
    channels: int
    filters: int
    kept: int = 0
    flat_input: bool = False
    packs: bool = False
    flat_output: bool = False
    filled: int = 0

    @property
    def name(self) -> str:
        return f"model-{self.number}"

    @property
    def parameters(self) -> int:
        """Weights and biases, as Keras counts them."""
        seen = self.kept or self.channels
        return 9 * seen * self.filters + self.filters + (17 if self.packs else 0)

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Channels last, as the study lists it."""
        if self.flat_input:
            return (1, SIDE * SIDE * self.channels)
        return (1, SIDE, SIDE, self.channels)

    @property
    def output_shape(self) -> tuple[int, ...]:
        """Channels last, as the study lists it."""
        if self.flat_output:
            return (1, SIDE, SIDE // 16)
        width = SIDE // 16 if self.packs else SIDE
        return (1, SIDE, width, self.filled or self.filters)


MODELS = (
    Spec(1, channels=1, filters=1),
    Spec(2, channels=1, filters=1, packs=True),
    Spec(3, channels=4, filters=4),
    Spec(4, channels=4, filters=1, packs=True, flat_output=True),
    Spec(5, channels=3, filters=1, flat_input=True, packs=True, flat_output=True),
    Spec(6, channels=4, kept=3, filters=1, packs=True, flat_output=True),
    Spec(7, channels=4, kept=3, filters=1, filled=4),
)


def find_spec(number: int) -> Spec:
    """The model of a number from 1 to 7; PocketmatteError for another."""
    for spec in MODELS:
        if spec.number == number:
            return spec
    raise PocketmatteError(f"the study has no model {number}; take one from 1 to {len(MODELS)}")


def identity_kernel(spec: Spec) -> np.ndarray:
    """The 3x3 weights `[filters, channels, 3, 3]` that pass each channel on unchanged.

    With a single filter, the first channel passes.
    """
    seen = spec.kept or spec.channels
    kernel = np.zeros((spec.filters, seen, 3, 3), np.float32)
    for index in range(spec.filters):
        kernel[index, index, 1, 1] = 1
    return kernel


def build_onnx(spec: Spec):
    """One of the seven models as an `onnx.ModelProto`, opset 13, float32."""
    from onnx import TensorProto, helper, numpy_helper

    weights, nodes = [], []
    last = "input"

    def constant(name, array):
        weights.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def add(op, name, *inputs, **options):
        nonlocal last
        nodes.append(helper.make_node(op, [last, *inputs], [name], name=name, **options))
        last = name

    if spec.flat_input:
        add("Reshape", "reshape_in", constant("shape_in", [1, spec.channels, SIDE, SIDE]))
    if spec.kept:
        bounds = ("starts", [0]), ("ends", [spec.kept]), ("axes", [1]), ("steps", [1])
        add("Slice", "strided_slice", *(constant(name, value) for name, value in bounds))
    kernel = constant("kernel", identity_kernel(spec))
    bias = constant("bias", np.zeros(spec.filters, np.float32))
    add("Conv", "conv3x3", kernel, bias, kernel_shape=[3, 3], pads=[1, 1, 1, 1])
    if spec.packs:
        packer = constant("packer", packing_kernel())
        zero = constant("packer_bias", np.zeros(1, np.float32))
        add("Conv", "conv1x16", packer, zero, kernel_shape=[1, 16], strides=[1, 16])
    if spec.filled:
        amounts = [0, 0, 0, 0, 0, spec.filled - spec.filters, 0, 0]
        add("Pad", "pad_channels", constant("pads", amounts))
    if spec.flat_output:
        add("Reshape", "reshape_out", constant("shape_out", list(spec.output_shape)))

    nodes[-1].output[0] = "output"
    graph = helper.make_graph(
        nodes,
        spec.name,
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, _first(spec.input_shape))],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, _first(spec.output_shape))],
        weights,
    )
    opset = [helper.make_opsetid("", 13)]
    return helper.make_model(graph, opset_imports=opset, ir_version=8, producer_name="pocketmatte")


def _first(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Channels first."""
    return (shape[0], shape[3], shape[1], shape[2]) if len(shape) == 4 else shape
