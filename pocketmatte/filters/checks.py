"""Checks that filters share, of layers and of options."""

import numpy as np

from pocketmatte.errors import PocketmatteError


def check_layers(foreground: np.ndarray, alpha: np.ndarray, background: np.ndarray) -> None:
    """Raise PocketmatteError unless the three layers fit each other."""
    for name, layer in (("foreground", foreground), ("background", background)):
        if layer.dtype != np.uint8 or layer.ndim != 3 or layer.shape[2] != 3 or not layer.size:
            raise PocketmatteError(
                f"{name} is {layer.dtype} with shape {layer.shape}; give RGB uint8, HWC"
            )
    check_alpha(alpha)
    if not foreground.shape[:2] == alpha.shape == background.shape[:2]:
        raise PocketmatteError(
            f"layers differ in size: foreground {foreground.shape[:2]}, alpha {alpha.shape}, "
            f"background {background.shape[:2]}; resize them to one"
        )


def check_alpha(alpha: np.ndarray) -> None:
    """Raise PocketmatteError unless alpha is float32, HW."""
    if alpha.dtype != np.float32 or alpha.ndim != 2 or not alpha.size:
        raise PocketmatteError(
            f"alpha is {alpha.dtype} with shape {alpha.shape}; give float32 in [0, 1], HW"
        )


def check_range(name: str, value: float, low: float, high: float) -> None:
    """Raise PocketmatteError unless low <= value <= high."""
    if not low <= value <= high:
        raise PocketmatteError(f"{name}={value} is out of range; give {low} to {high}")


def auto_radius(radius: float, shape: tuple[int, ...], share: float) -> float:
    """The radius in pixels; 0 stands for this share of the picture's mean side."""
    check_range("radius", radius, 0, 1000)
    return radius or max(1.0, share * (shape[0] * shape[1]) ** 0.5)
