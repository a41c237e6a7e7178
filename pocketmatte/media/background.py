"""What stands behind the person: a colour, a picture, the blurred original, or nothing."""

import difflib
import re
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from pocketmatte.errors import PocketmatteError
from pocketmatte.media.atomic import holds
from pocketmatte.media.colours import CSS_COLOURS
from pocketmatte.media.photo import read_photo

MAX_BLUR_RADIUS = 1000
_BLUR_SHARE = 0.02
_HEX = re.compile(r"#(?:[0-9a-f]{3}|[0-9a-f]{6})", re.IGNORECASE)
_USAGE = "give a colour (teal, #08f), a picture file, blur, blur:20 or none"


@dataclass(frozen=True)
class ColourBackground:
    """One colour. rgb: 0 to 255 each."""

    rgb: tuple[int, int, int]

    def frame(self, image: np.ndarray, alpha: np.ndarray) -> np.ndarray:
        """Background of the image's size: RGB uint8, HWC."""
        return np.full(image.shape, self.rgb, np.uint8)


@dataclass
class PictureBackground:
    """A picture, scaled to cover the frame, its centre kept. picture: RGB uint8, HWC."""

    picture: np.ndarray
    _last: np.ndarray | None = field(default=None, repr=False)

    def frame(self, image: np.ndarray, alpha: np.ndarray) -> np.ndarray:
        """Background of the image's size: RGB uint8, HWC. Do not write into it, it is reused."""
        last = self._last
        if last is None or last.shape != image.shape:
            height, width = image.shape[:2]
            last = self._last = cover(self.picture, width, height)
        return last


@dataclass(frozen=True)
class BlurBackground:
    """The original image, blurred without a halo of the person.

    radius: pixels; None takes 2 % of the image's mean side.
    """

    radius: float | None = None

    def frame(self, image: np.ndarray, alpha: np.ndarray) -> np.ndarray:
        """Blurred background: RGB uint8, HWC."""
        from pocketmatte.filters.blur import blur_background

        return blur_background(image, alpha, self.pixels(image.shape[:2]))

    def pixels(self, shape: tuple[int, int]) -> float:
        """The radius for a picture of this (height, width)."""
        if self.radius is not None:
            return self.radius
        return max(1.0, _BLUR_SHARE * (shape[0] * shape[1]) ** 0.5)


Background = ColourBackground | PictureBackground | BlurBackground


def parse_background(value) -> Background | None:
    """Understand a background as the command line and `compose` take it.

    value: "none" or None; a CSS colour name, "#rgb" or "#rrggbb"; "blur" or "blur:RADIUS"
    (pixels); a picture file; an RGB uint8 array, HWC; or a background made before. A colour's
    name wins over a file called the same: write "./red" for the file.
    Returns None for "none", which means transparent.
    Raises PocketmatteError when it is none of these.
    """
    if value is None or isinstance(value, ColourBackground | PictureBackground | BlurBackground):
        return value
    if isinstance(value, np.ndarray):
        if value.dtype != np.uint8 or value.ndim != 3 or value.shape[2] != 3 or not value.size:
            raise PocketmatteError(
                f"a background array must be RGB uint8, HWC, not {value.dtype} {value.shape}"
            )
        return PictureBackground(value)
    text = str(value).strip()
    word = text.lower()
    if word == "none":
        return None
    if word == "blur" or word.startswith("blur:"):
        return BlurBackground(_radius(word))
    if _HEX.fullmatch(word):
        digits = word[1:] if len(word) == 7 else "".join(digit * 2 for digit in word[1:])
        return ColourBackground(tuple(bytes.fromhex(digits)))
    if word in CSS_COLOURS:
        return ColourBackground(CSS_COLOURS[word])
    if text and holds(Path(text).is_file):
        return PictureBackground(_opaque(read_photo(text)))
    raise PocketmatteError(f"unknown background {text!r}{_hint(text)}; {_USAGE}")


def cover(picture: np.ndarray, width: int, height: int) -> np.ndarray:
    """Scale a picture until it covers width x height pixels, and keep its centre.

    picture: RGB uint8, HWC. Returns RGB uint8 of the size asked for.
    """
    high, wide = picture.shape[:2]
    scale = max(width / wide, height / high)
    keep_wide = min(wide, max(1, round(width / scale)))
    keep_high = min(high, max(1, round(height / scale)))
    left, top = (wide - keep_wide) // 2, (high - keep_high) // 2
    crop = picture[top : top + keep_high, left : left + keep_wide]
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return cv2.resize(crop, (width, height), interpolation=method)


def _radius(word: str) -> float | None:
    _, colon, number = word.partition(":")
    if not colon:
        return None
    try:
        radius = float(number)
    except ValueError:
        radius = float("nan")
    if not 0 < radius <= MAX_BLUR_RADIUS:
        raise PocketmatteError(
            f"blur radius {number!r} is not a number of pixels from 1 to {MAX_BLUR_RADIUS}; "
            "write for example blur:20"
        )
    return radius


def _opaque(photo) -> np.ndarray:
    if photo.alpha is None:
        return photo.image
    light = photo.image.astype(np.float32) - 255
    return np.rint(255 + light * photo.alpha[..., None]).astype(np.uint8)


def _hint(text: str) -> str:
    """The nearest thing that exists."""
    if not text:
        return ""
    path = Path(text)
    if text.startswith("#"):
        return ": a colour has three or six digits 0-9, a-f after the #"
    if holds(path.is_dir):
        return ": it is a folder"
    looks_like_file = bool(path.suffix) or path.parent != Path()
    if looks_like_file:
        try:
            names = {found.name.lower(): found.name for found in path.parent.iterdir()}
        except OSError:
            return ": no such file"
        near = difflib.get_close_matches(path.name.lower(), names, n=1)
        better = f", did you mean {str(path.parent / names[near[0]])!r}?" if near else ""
        return f": no such file{better}"
    near = difflib.get_close_matches(text.lower(), [*CSS_COLOURS, "blur", "none"], n=1)
    return f", did you mean {near[0]!r}?" if near else ""
