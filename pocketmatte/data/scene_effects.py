"""Light, darkness and cameras: what happens to a composite before it is a photo.

Every function takes a `numpy.random.Generator` first; the same state gives the same result.
Pictures are RGB float32 HWC in [0, 1] here, alphas float32 HW in [0, 1].
"""

from __future__ import annotations

import cv2
import numpy as np

Generator = np.random.Generator


def side_light(rng: Generator, person: np.ndarray, scene: np.ndarray, alpha: np.ndarray):
    """A window or lamp at one side: a steep gradient of light over both layers."""
    ramp = _ramp(rng, scene.shape[:2])
    dark, bright = rng.uniform(0.25, 0.7), rng.uniform(1.2, 2.2)
    light = (dark + (bright - dark) * ramp)[..., None] * _tint(rng, 0.12)
    return person * light, scene * (0.6 + 0.4 * light)


def back_light(rng: Generator, person: np.ndarray, scene: np.ndarray, alpha: np.ndarray):
    """A bright window behind: scene blown out around one spot, person in shadow, with glare."""
    spot = _spot(rng, scene.shape[:2], rng.uniform(0.3, 0.8))[..., None]
    scene = scene * rng.uniform(1.0, 1.6) + spot * rng.uniform(0.4, 1.0)
    return person * rng.uniform(0.25, 0.6) + spot * rng.uniform(0, 0.12), scene


def screen_light(rng: Generator, person: np.ndarray, scene: np.ndarray, alpha: np.ndarray):
    """A coloured screen in front: the person tinted, the room behind dim."""
    tint = _tint(rng, 0.5)
    near = _spot(rng, scene.shape[:2], 0.9)[..., None]
    return person * (0.35 + 0.8 * near * tint), scene * rng.uniform(0.15, 0.5)


def dark_room(rng: Generator, person: np.ndarray, scene: np.ndarray, alpha: np.ndarray):
    """Dark clothes before a dark wall: everything under the chin takes one dark colour."""
    grey = scene.mean(2, keepdims=True)
    scene = (0.4 * scene + 0.6 * grey) * rng.uniform(0.12, 0.3)
    chin, dark, tint = shoulders(alpha), rng.uniform(0.1, 0.3), _tint(rng, 0.2)
    if chin is not None:
        height = scene.shape[0]
        below = np.clip((np.arange(height) - chin) / (0.04 * height), 0, 1)
        below = below[:, None, None].astype(np.float32)
        cloth = person.mean(2, keepdims=True) * dark * tint
        person = person * (1 - below) + cloth * below
    return person * rng.uniform(0.5, 0.9), scene


def shoulders(alpha: np.ndarray) -> int | None:
    """The row where a silhouette (HW in [0, 1]) widens from head to shoulders; None if nowhere."""
    widths = (alpha > 0.5).sum(1).astype(np.float32)
    rows = np.flatnonzero(widths > 0.02 * alpha.shape[1])
    if not len(rows):
        return None
    top, tall = int(rows[0]), int(rows[-1] - rows[0])
    step = max(2, tall // 12)
    for row in range(top + 3 * step, top + tall - step):
        head = widths[top:row].max()
        if head < 0.6 * alpha.shape[1] and widths[row + step // 2] > 1.3 * head:
            return row
    return None


def motion_kernel(rng: Generator, length: float) -> np.ndarray:
    """A straight streak of a length in pixels, in a random direction; sums to 1."""
    size = int(np.ceil(length)) | 1
    kernel = np.zeros((size, size), np.float32)
    middle, angle = size // 2, rng.uniform(0, np.pi)
    reach = (length - 1) / 2 * np.array([np.cos(angle), np.sin(angle)])
    ends = [tuple(int(v) for v in np.round((middle + s * reach) * 16)) for s in (-1, 1)]
    cv2.line(kernel, *ends, 1.0, 1, cv2.LINE_8, 4)
    return kernel / kernel.sum()


def webcam(rng: Generator, image: np.ndarray) -> np.ndarray:
    """A cheap camera: few pixels, noise that grows with darkness, sharpening, JPEG blocks.

    RGB uint8 in and out.
    """
    height, width = image.shape[:2]
    factor = rng.uniform(0.4, 1.0)
    small = cv2.resize(image, None, None, factor, factor, cv2.INTER_AREA)
    level = small.astype(np.float32)
    gain = rng.uniform(0.3, 1.6) * (1.5 if level.mean() < 70 else 1.0)
    grain = rng.standard_normal(level.shape).astype(np.float32)
    grain = 0.6 * grain.mean(2, keepdims=True) * 1.7 + 0.6 * cv2.GaussianBlur(grain, (0, 0), 0.8)
    noisy = level + grain * gain * np.sqrt(level * 0.25 + 12)
    sharp = noisy + rng.uniform(0, 0.8) * (noisy - cv2.GaussianBlur(noisy, (0, 0), 1.2))
    small = np.clip(sharp, 0, 255).astype(np.uint8)
    quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 85))]
    small = cv2.imdecode(cv2.imencode(".jpg", small, quality)[1], cv2.IMREAD_COLOR)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)


def _ramp(rng: Generator, size: tuple[int, int]) -> np.ndarray:
    """0 to 1 across the picture in a random direction, more from the sides than from below."""
    height, width = size
    angle = rng.choice([0, np.pi]) + rng.normal(0, 0.5)
    x = np.linspace(-1, 1, width, dtype=np.float32)[None]
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    along = np.cos(angle) * x + np.sin(angle) * y
    return 1 / (1 + np.exp(-along * np.float32(rng.uniform(2, 6))))


def _spot(rng: Generator, size: tuple[int, int], radius: float) -> np.ndarray:
    height, width = size
    x = np.linspace(0, width / height, width, dtype=np.float32)[None]
    y = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    cx, cy = rng.uniform(0.1, 0.9) * width / height, rng.uniform(0.1, 0.6)
    return np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / np.float32(radius**2))


def _tint(rng: Generator, strength: float) -> np.ndarray:
    tint = np.exp(rng.normal(0, strength, 3)).astype(np.float32)
    return tint / tint.mean()
