"""Paired augmentation: geometry moves picture and alpha together, photometry only the picture.

Every function takes a `numpy.random.Generator` first; the same generator state gives the same
result.
"""

from __future__ import annotations

import cv2
import numpy as np

Generator = np.random.Generator


def random_view(rng: Generator, size: tuple[int, int], out: tuple[int, int], zoom) -> np.ndarray:
    """Draw flip, crop, shift, zoom, rotation and aspect as one affine map.

    Args:
        size: (height, width) of the source picture.
        out: (height, width) of the view.
        zoom: (low, high); 1 fills the view with the picture, more crops into it.

    Returns:
        2x3 float64 matrix from source to view pixel coordinates, for `warp`.
    """
    (height, width), (out_height, out_width) = size, out
    scale = max(out_height / height, out_width / width) * np.exp(rng.uniform(*np.log(zoom)))
    stretch = np.exp(rng.uniform(-0.12, 0.12))
    scale_x, scale_y = scale * stretch, scale / stretch
    angle = np.deg2rad(rng.normal(0, 6) if rng.random() < 0.92 else rng.uniform(-100, 100))
    # the free play between picture and view, with a little of the outside allowed
    slack_x = max(0.0, scale_x * width - out_width) / 2 + 0.06 * out_width
    slack_y = max(0.0, scale_y * height - out_height) / 2 + 0.06 * out_height
    shift = rng.uniform(-1, 1, 2) * (slack_x, slack_y)
    cos, sin = np.cos(angle), np.sin(angle)
    flip = -1.0 if rng.random() < 0.5 else 1.0
    linear = np.array([[cos, -sin], [sin, cos]]) @ np.diag([scale_x * flip, scale_y])
    centre = np.array([(width - 1) / 2, (height - 1) / 2])
    goal = np.array([(out_width - 1) / 2, (out_height - 1) / 2]) + shift
    return np.column_stack([linear, goal - linear @ centre])


def warp(picture: np.ndarray, view: np.ndarray, out: tuple[int, int], border: int) -> np.ndarray:
    """Apply a view to a picture of any number of channels; `border` is an OpenCV border mode."""
    shrink = np.sqrt(abs(np.linalg.det(view[:, :2])))
    if shrink < 0.5:  # bilinear sampling would skip pixels: halve first
        height, width = picture.shape[:2]
        half = cv2.resize(picture, (max(1, width // 2), max(1, height // 2)), None, 0, 0, 3)
        factor = np.array([width / half.shape[1], height / half.shape[0]])
        linear = view[:, :2] * factor
        offset = view[:, 2] + view[:, :2] @ ((factor - 1) / 2)
        return warp(half, np.column_stack([linear, offset]), out, border)
    return cv2.warpAffine(picture, view, out[::-1], flags=cv2.INTER_LINEAR, borderMode=border)


def random_tone(rng: Generator, image: np.ndarray, strength: float = 1.0) -> np.ndarray:
    """Change brightness, contrast, gamma, white balance and saturation (RGB uint8)."""
    levels = np.linspace(0, 1, 256)[:, None]
    gains = np.exp(rng.normal(0, 0.08 * strength, 3))
    gamma = np.exp(rng.normal(0, 0.25 * strength))
    contrast = np.exp(rng.normal(0, 0.2 * strength))
    brightness = rng.normal(0, 0.08 * strength)
    if rng.random() < 0.12 * strength:  # a dark room
        gains, brightness = gains * rng.uniform(0.2, 0.6), 0.0
    curve = (((levels * gains) ** gamma - 0.5) * contrast + 0.5 + brightness).clip(0, 1)
    image = cv2.LUT(image, np.round(curve * 255).astype(np.uint8)[None])
    saturation = rng.uniform(0, 0.2) if rng.random() < 0.06 else np.exp(rng.normal(0, 0.25))
    grey = cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    return cv2.addWeighted(image, saturation, grey, 1 - saturation, 0)


def random_degradation(rng: Generator, image: np.ndarray) -> np.ndarray:
    """What cameras do: defocus, motion blur, low resolution, noise, JPEG (RGB uint8)."""
    height, width = image.shape[:2]
    blur = rng.random()
    if blur < 0.12:
        image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.4, 1.6))
    elif blur < 0.2:
        image = cv2.filter2D(image, -1, _motion_kernel(rng))
    elif blur < 0.3:
        factor = rng.uniform(0.4, 0.8)
        small = cv2.resize(image, None, None, factor, factor, cv2.INTER_AREA)
        image = cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)
    if rng.random() < 0.25:
        noise = rng.normal(0, rng.uniform(2, 14), (height, width, rng.choice([1, 3])))
        image = np.clip(image + noise, 0, 255).astype(np.uint8)
    if rng.random() < 0.25:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(15, 90))]
        image = cv2.imdecode(cv2.imencode(".jpg", image, quality)[1], cv2.IMREAD_COLOR)
    return image


def _motion_kernel(rng: Generator) -> np.ndarray:
    length = int(rng.integers(3, 9)) | 1
    kernel = np.zeros((length, length), np.float32)
    direction = np.deg2rad(rng.uniform(0, 180))
    half = (length // 2) * np.array([np.cos(direction), np.sin(direction)])
    middle = np.array([length // 2, length // 2])
    ends = [tuple(int(v) for v in np.round(middle + sign * half)) for sign in (-1, 1)]
    cv2.line(kernel, *ends, 1.0)
    return kernel / kernel.sum()


def nobody(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """What a covered or starting camera shows: mostly dark, a flat colour or a slope, and noise.

    Returns RGB uint8 of this (height, width).
    """
    height, width = shape
    first, last = (255 * rng.beta(0.5, 2.0, 3) for _ in range(2))
    if rng.random() < 0.7:
        last = first
    angle = rng.uniform(0, 2 * np.pi)
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    along = np.clip(0.5 + (x - 0.5) * np.cos(angle) + (y - 0.5) * np.sin(angle), 0, 1)[..., None]
    picture = first + (last - first) * along + rng.normal(0, rng.uniform(0, 6), (*shape, 3))
    return np.clip(np.round(picture), 0, 255).astype(np.uint8)
