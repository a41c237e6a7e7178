"""What every metric asks of its arrays before it counts."""

from __future__ import annotations

import numpy as np

from pocketmatte.errors import PocketmatteError

_SLACK = 1e-3  # filters overshoot [0, 1] by rounding; more than this is a wrong scale


def check_mask(mask: np.ndarray, what: str) -> None:
    """Raise PocketmatteError unless `mask` is a non-empty bool HW array."""
    _check_array(mask, what)
    if mask.ndim != 2 or mask.dtype != bool:
        raise PocketmatteError(
            f"{what}: is {mask.dtype} {mask.shape}, but a mask must be bool HW; "
            "turn an alpha into a mask with to_mask(alpha)"
        )


def check_alpha(alpha: np.ndarray, what: str) -> None:
    """Raise PocketmatteError unless `alpha` is a non-empty float HW array in [0, 1]."""
    _check_array(alpha, what)
    if alpha.ndim != 2 or alpha.dtype.kind != "f":
        raise PocketmatteError(
            f"{what}: is {alpha.dtype} {alpha.shape}, but an alpha must be float32 HW in [0, 1]; "
            "divide 8-bit values by 255"
        )
    _check_range(alpha, what)


def check_image(image: np.ndarray, what: str) -> None:
    """Raise PocketmatteError unless `image` is RGB, HWC, uint8 or float in [0, 1]."""
    _check_array(image, what)
    if image.ndim != 3 or image.shape[2] != 3:
        raise PocketmatteError(f"{what}: has shape {image.shape}, but an image must be RGB, HWC")
    if image.dtype.kind == "f":
        _check_range(image, what)
    elif image.dtype != np.uint8:
        raise PocketmatteError(
            f"{what}: is {image.dtype}, but an image must be uint8 or float32 in [0, 1]"
        )


def check_same_size(a: np.ndarray, b: np.ndarray, what_a: str, what_b: str) -> None:
    """Raise PocketmatteError unless both arrays have the same height and width."""
    if a.shape[:2] != b.shape[:2]:
        raise PocketmatteError(
            f"{what_a} is {a.shape[1]}x{a.shape[0]} but {what_b} is {b.shape[1]}x{b.shape[0]}; "
            "compare them at the same size"
        )


def _check_array(array: np.ndarray, what: str) -> None:
    if not isinstance(array, np.ndarray) or array.size == 0:
        raise PocketmatteError(f"{what}: must be a NumPy array with at least one pixel")


def _check_range(array: np.ndarray, what: str) -> None:
    low, high = float(array.min()), float(array.max())
    if not (low >= -_SLACK and high <= 1 + _SLACK):  # also catches NaN
        raise PocketmatteError(
            f"{what}: holds values from {low:g} to {high:g}, but must lie in [0, 1]; "
            "divide 8-bit values by 255 and clip"
        )
