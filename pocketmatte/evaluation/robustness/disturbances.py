"""Things that happen to pictures on their way to a network.

Each is `f(image, mask, rng) -> image, mask`: RGB uint8 HWC and bool HW in and out; the mask moves
with the picture. `rng` is a NumPy generator, so the same seed disturbs in the same way.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

Disturbance = Callable[[np.ndarray, np.ndarray, np.random.Generator], tuple[np.ndarray, np.ndarray]]


def as_it_is(image, mask, rng):
    """Nothing happens."""
    return image, mask


def dark(image, mask, rng):
    """A quarter of the light: two stops under-exposed."""
    return _to_bytes(_linear(image) * 0.25), mask


def low_light(image, mask, rng):
    """A sixteenth of the light, gained up four times: a quarter is left, with a webcam's noise.

    Shot noise grows with the square root of the light, read noise is constant.
    """
    light = _linear(image) / 16
    deviation = np.sqrt(light * 6e-4 + 3e-3**2)
    noisy = light + deviation * rng.standard_normal(light.shape, np.float32)
    return _to_bytes(noisy * 4), mask


def motion_blur(image, mask, rng):
    """The camera moves by 3 % of the long side in a random direction while the shutter is open."""
    length = max(3, round(0.03 * max(image.shape[:2])))
    kernel = np.zeros((length | 1,) * 2, np.float32)
    centre, angle = (length | 1) // 2, rng.uniform(0, np.pi)
    reach = np.array([np.cos(angle), np.sin(angle)]) * length / 2
    ends = [tuple(np.rint(centre + way * reach).astype(int).tolist()) for way in (-1, 1)]
    cv2.line(kernel, *ends, 1.0, 1, cv2.LINE_AA)
    blurred = cv2.filter2D(_linear(image), -1, kernel / kernel.sum(), borderType=cv2.BORDER_REFLECT)
    return _to_bytes(blurred), mask


def jpeg_20(image, mask, rng):
    """Stored as JPEG of quality 20."""
    _, data = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 20])
    return cv2.cvtColor(cv2.imdecode(data, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB), mask


def rotate_90(image, mask, rng):
    """Turned by a quarter, clockwise: the camera held sideways and its note lost."""
    return _turn(image), _turn(mask)


def mirror(image, mask, rng):
    """Left is right."""
    return np.ascontiguousarray(image[:, ::-1]), np.ascontiguousarray(mask[:, ::-1])


def grey(image, mask, rng):
    """Without colour."""
    return cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB), mask


def strong_crop(image, mask, rng):
    """A quarter of the picture is left: half of each side, around the person's upper half."""
    height, width = mask.shape
    rows, cols = np.nonzero(mask)
    middle = ((rows.min() + rows.mean()) / 2, cols.mean()) if rows.size else (height / 2, width / 2)
    half = max(height // 2, 1), max(width // 2, 1)
    top, left = (
        int(np.clip(m - h / 2, 0, side - h))
        for m, h, side in zip(middle, half, (height, width), strict=True)
    )
    window = slice(top, top + half[0]), slice(left, left + half[1])
    return np.ascontiguousarray(image[window]), np.ascontiguousarray(mask[window])


DISTURBANCES: dict[str, Disturbance] = {
    "as it is": as_it_is,
    "dark": dark,
    "low light and noise": low_light,
    "motion blur": motion_blur,
    "JPEG 20": jpeg_20,
    "rotated by 90 degrees": rotate_90,
    "mirrored": mirror,
    "grey": grey,
    "strong crop": strong_crop,
}


def _turn(array: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(np.rot90(array, -1))


def _srgb_to_linear(levels: np.ndarray) -> np.ndarray:
    return np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4)


_LINEAR = _srgb_to_linear(np.arange(256) / 255).astype(np.float32)


def _linear(image: np.ndarray) -> np.ndarray:
    """Light in [0, 1], float32, of sRGB levels."""
    return _LINEAR[image]


def _to_bytes(light: np.ndarray) -> np.ndarray:
    light = np.clip(light, 0, 1)
    levels = np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
    return np.rint(levels * 255).astype(np.uint8)
