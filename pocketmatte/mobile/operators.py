"""Which operators a phone's GPU runs: what LiteRT's GPU delegate accepts, by ONNX name.

After the delegate's own table of operators (tensorflow/lite/delegates/gpu/common/model_builder.cc,
2021), with the operators that a converter turns into accepted ones. One operator that is missing
splits the network: the rest runs on the CPU, with a copy each way.
"""

_ACCEPTED = """
Abs Add AveragePool BatchNormalization Clip Concat Conv ConvTranspose Cos DequantizeLinear Div
Dropout Elu Exp Flatten Gemm GlobalAveragePool GlobalMaxPool HardSigmoid HardSwish Identity
LeakyRelu Log MatMul Max MaxPool Min Mul Neg PRelu Pad Pow QuantizeLinear ReduceMax ReduceMean
ReduceMin ReduceProd ReduceSum Relu Reshape Resize Rsqrt Sigmoid Sin Slice Softmax SpaceToDepth
Split Sqrt Square SquaredDifference Squeeze Sub Sum Swish Tanh Transpose Unsqueeze Upsample
"""
_RECENT = """
And Cast CumSum DepthToSpace Equal Floor Gather Gelu Greater GreaterOrEqual Less LessOrEqual
NotEqual OneHot ReduceAll ReduceAny SelectV2 Sign Tile Where
"""

ACCEPTED = frozenset(_ACCEPTED.split())
RECENT = frozenset(_RECENT.split())
"""Accepted by delegates of recent years only; a phone's old copy sends them to the CPU."""

PREFERRED = {
    "Cast": "keep all tensors float",
    "DepthToSpace": "use a transposed convolution of kernel = stride",
    "Einsum": "write it as a 1x1 convolution",
    "Erf": "use ReLU6 or hard-swish instead of GELU",
    "Gelu": "use ReLU6 or hard-swish",
    "Greater": "clamp a steep line instead: Clip((x - t) * slope, 0, 1)",
    "GridSample": "resize with fixed factors",
    "GroupNormalization": "use batch norm, which is merged into the convolution",
    "InstanceNormalization": "use batch norm, which is merged into the convolution",
    "LSTM": "carry the state as an image, through convolutions",
    "GRU": "carry the state as an image, through convolutions",
    "LayerNormalization": "use batch norm, which is merged into the convolution",
    "Mish": "use hard-swish",
    "NonMaxSuppression": "run it after the network",
    "Softplus": "use ReLU6 or hard-swish",
    "TopK": "run it after the network",
}
"""What to use instead."""
