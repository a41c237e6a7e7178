"""What can be exported: the table of formats, and what a converter is asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

from pocketmatte.errors import PocketmatteError

if TYPE_CHECKING:  # the command line names the formats before anything heavy is loaded
    import numpy as np

PRECISIONS = ("fp32", "fp16", "int8")
OUTPUTS = ("alpha", "flat", "packed")
ASPECTS = {"portrait": (4, 3), "landscape": (9, 16), "square": (1, 1)}
"""Height to width of the named sizes; the grid is the one that pictures of this shape run at."""

Files = dict[str, bytes]
"""What a converter makes: contents by what follows the file's stem, such as `.onnx`."""


class Format(NamedTuple):
    """A line of the table: `function(network, request) -> Files` of a module in this folder."""

    module: str
    function: str
    suffix: str
    any_size: bool
    """Whether one file can run every size."""


FORMATS = {
    "onnx": Format("pocketmatte.export.onnx", "to_onnx", ".onnx", True),
    "litert": Format("pocketmatte.export.litert", "to_litert", ".tflite", False),
    "coreml": Format("pocketmatte.export.coreml", "to_coreml", ".mlpackage", True),
    "openvino": Format("pocketmatte.export.openvino", "to_openvino", ".xml", True),
}


@dataclass(frozen=True)
class Request:
    """What a converter is asked for."""

    example: tuple[int, int]
    """(height, width) to trace the network at."""
    size: tuple[int, int] | None = None
    """The only (height, width) that the file shall run; None for any."""
    aspects: tuple[tuple[int, int], ...] = ()
    """Sizes worth naming to formats whose free sizes come as a list."""
    precision: str = "fp32"
    output: str = "alpha"
    bits: int = 16
    """Mask bits in a float, for packed outputs."""
    pictures: Sequence[np.ndarray] = ()
    """Normalised pictures, float32 `[1, 3, H, W]`: what int8 takes its ranges from."""
    ranges: Mapping[str, Sequence[float]] = field(default_factory=dict)
    """Trained ranges of the network's nodes: what int8 takes before all measured ones."""
    keep_float: str = ""
    """Pattern of names of the layers that stay in float32 in an int8 file."""
    notes: Mapping[str, str] = field(default_factory=dict)
    """Labels, normalisation and the like, to be written into the file."""


def converter(to: str) -> Callable[..., Files]:
    """The function that makes a format.

    Raises PocketmatteError for an unknown format or a missing package.
    """
    if to not in FORMATS:
        raise PocketmatteError(f"unknown format {to!r}; known are: {', '.join(FORMATS)}")
    try:
        return getattr(import_module(FORMATS[to].module), FORMATS[to].function)
    except ImportError as error:
        raise PocketmatteError(
            f"exporting to {to} needs the package {error.name!r}; install it"
        ) from None
