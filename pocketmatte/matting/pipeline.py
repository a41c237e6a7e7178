"""From an image to a matte: grid, network, refinement, foreground colours."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np

from pocketmatte.errors import PocketmatteError
from pocketmatte.matting.foreground import estimate_foreground
from pocketmatte.matting.preprocess import grid_size, nearest_size, shrink, to_batch
from pocketmatte.matting.refine import guided_upsample
from pocketmatte.matting.solidify import solidify
from pocketmatte.runtimes import Runtime, open_runtime
from pocketmatte.weights import Card, find_weights

# a network's edge is vaguer than an exact alpha's: let the picture's own edges move it
# (chosen on the validation pictures; docs in `guided_upsample`)
TRUST = 0.5


@dataclass
class Matte:
    """What the network found in an image."""

    image: np.ndarray
    """RGB, HWC, as given."""
    alpha: np.ndarray
    """float32 HW in [0, 1], of the image's size."""

    @cached_property
    def foreground(self) -> np.ndarray:
        """RGB uint8 HWC, free of the old background's colour; computed on first use."""
        return estimate_foreground(self.image, self.alpha)


class Model:
    """A network ready to matte images; made by `load_model`.

    Attributes:
        card: what is known about the network.
        runtime: the engine; `runtime.device` tells what it really runs on.
    """

    def __init__(self, runtime: Runtime, card: Card):
        self.runtime, self.card = runtime, card
        self._mean = np.array(card.mean, np.float32)
        self._std = np.array(card.std, np.float32)

    def __call__(self, image: np.ndarray) -> Matte:
        """Matte an image: RGB uint8 or float32 [0, 1], HWC, of any size."""
        return Matte(image, self.alpha(image))

    def alpha(self, image: np.ndarray) -> np.ndarray:
        """The alpha alone: float32 HW in [0, 1], of the image's size."""
        coarse, small = self.coarse(image)
        return guided_upsample(coarse, image, trust=TRUST, small=small)

    def coarse(self, image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What the network itself sees and says.

        Returns:
            alpha float32 HW, doubts far from the outline cleared, and the shrunk picture (as
            `image`, HWC), both of the grid's size.
        """
        _check(image)
        small = shrink(image, self.grid(image.shape[:2]))
        return self.look(small), small

    def grid(self, shape: tuple[int, int]) -> tuple[int, int]:
        """The (height, width) at which the network sees a picture of this (height, width)."""
        card = self.card
        if card.sizes:
            return nearest_size(*shape, card.sizes)
        return grid_size(*shape, card.area, card.stride)

    def look(self, small: np.ndarray) -> np.ndarray:
        """What the network says to a picture of the grid's size: RGB uint8 or float32, HWC.

        Returns alpha, float32 HW, its doubts cleared (`solidify`): zeros for an empty room.
        """
        batch = to_batch(small, self._mean, self._std)
        return solidify(self.runtime(batch).reshape(small.shape[:2]))


def load_model(
    name_or_path: str | Path = "balanced",
    runtime: str | None = None,
    device: str | None = None,
    threads: int | None = None,
) -> Model:
    """Load a network.

    Args:
        name_or_path: a name from `list_models()`, an exported file with its card, or a
            `.pt` checkpoint.
        runtime: "onnx", "openvino", "opencv", "litert" or "torch"; None takes the default of
            the file.
        device: "cpu" (the default), "cuda", ...; an error when it is not there.
        threads: of the CPU; None lets the runtime choose.

    Raises:
        PocketmatteError: unknown name, missing file, package or device.
    """
    path, card = find_weights(name_or_path, "matting")
    if card.output == "packed":
        raise PocketmatteError(
            f"{path}: gives packed mask bits, no alpha; run it yourself and unpack with "
            "pocketmatte.mobile.bitpack, or export it without --pack-mask"
        )
    return Model(open_runtime(path, runtime, device, threads), card)


def matte(image: np.ndarray, model: str | Path = "balanced") -> Matte:
    """Matte one image with a network that stays loaded for the next call.

    Args:
        image: RGB uint8 or float32 [0, 1], HWC.
        model: as for `load_model`.
    """
    return _loaded(model)(image)


@lru_cache(maxsize=2)
def _loaded(model: str | Path) -> Model:
    return load_model(model)


def _check(image: np.ndarray) -> None:
    wanted = "give an RGB array, height x width x 3, uint8 or float32 in [0, 1]"
    if not isinstance(image, np.ndarray):
        raise PocketmatteError(f"image is a {type(image).__name__}; {wanted}")
    if image.ndim != 3 or image.shape[2] != 3 or 0 in image.shape:
        raise PocketmatteError(f"image has shape {image.shape}; {wanted}")
    if image.dtype not in (np.uint8, np.float32):
        raise PocketmatteError(f"image is of {image.dtype}; {wanted}")
