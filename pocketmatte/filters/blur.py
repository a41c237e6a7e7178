"""Background blur with disc-shaped bokeh, and no halo of the person."""

import cv2
import numpy as np

from pocketmatte.errors import PocketmatteError
from pocketmatte.filters.checks import auto_radius, check_alpha, check_range
from pocketmatte.matting.preprocess import shrink

_WORK_RADIUS = 5.0  # pixels; a larger disc is made on a smaller picture


def blur(background: np.ndarray, alpha: np.ndarray, *, radius: float = 0.0) -> np.ndarray:
    """Blur the background as a lens would; see `blur_background`.

    radius: of the disc, in pixels; 0 takes 2 % of the picture's mean side.
    """
    return blur_background(background, alpha, auto_radius(radius, alpha.shape, 0.02))


def blur_background(image: np.ndarray, alpha: np.ndarray, radius: float) -> np.ndarray:
    """The picture without its person, blurred by a disc.

    Normalised convolution (Knutsson and Westin 1993): pixels count by 1 - alpha, so the
    person's colours never spread into the background. What lies behind the person is filled
    from around, from coarse to fine.

    image: RGB uint8, HWC. alpha: float32 [0, 1], HW, of the same size.
    radius: of the disc, in pixels, 0 to 1000. Below 0.5 only the person is removed.
    Returns RGB uint8, HWC. Raises PocketmatteError for other arrays or radii.
    """
    check_alpha(alpha)
    if image.dtype != np.uint8 or image.shape != (*alpha.shape, 3):
        raise PocketmatteError(
            f"image is {image.dtype} with shape {image.shape}; "
            f"give RGB uint8 of the alpha's size {alpha.shape}"
        )
    check_range("radius", radius, 0, 1000)
    shape, small_radius = work_size(alpha.shape, radius)
    result = blurred(shrink(image, shape), shrink(alpha, shape), small_radius)
    return cv2.resize(result, alpha.shape[::-1], interpolation=cv2.INTER_LINEAR)


def work_size(shape: tuple[int, int], radius: float) -> tuple[tuple[int, int], float]:
    """The (height, width) at which a picture is blurred, and the radius there."""
    scale = min(1.0, _WORK_RADIUS / max(radius, 1e-6))
    return tuple(max(1, round(side * scale)) for side in shape), radius * scale


def blurred(image: np.ndarray, alpha: np.ndarray, radius: float) -> np.ndarray:
    """`blur_background` at the size given: for small pictures. Returns RGB uint8, HWC."""
    light = image.astype(np.float32)
    light *= light  # light is about the square of its level: lights stay bright when blurred
    # one pixel more than the matte: its rim often holds a little of the person
    person = cv2.dilate(alpha, np.ones((3, 3), np.uint8))
    light = _filled(light, np.clip(1 - 10 * person, 0, 1))
    if radius >= 0.5:
        light = cv2.filter2D(light, -1, _disc(radius), borderType=cv2.BORDER_REFLECT_101)
    return np.rint(cv2.sqrt(np.maximum(light, 0))).astype(np.uint8)


def _filled(light: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Replace what has no weight by what is around it: a pyramid down, then up."""
    weight = weight + np.float32(1e-6)  # without any background the mean colour remains
    layers = [cv2.merge((*cv2.split(light * cv2.merge((weight,) * 3)), weight))]
    while max(layers[-1].shape[:2]) > 1:
        height, width = layers[-1].shape[:2]
        half = ((width + 1) // 2, (height + 1) // 2)
        layers.append(cv2.resize(layers[-1], half, interpolation=cv2.INTER_AREA))
    filled = None
    for layer in reversed(layers):
        colour, weight = layer[..., :3], layer[..., 3:]
        if filled is None:
            filled = colour / weight
        else:
            around = cv2.resize(filled, layer.shape[1::-1], interpolation=cv2.INTER_LINEAR)
            filled = colour + (1 - weight) * around
    return filled


def _disc(radius: float) -> np.ndarray:
    """A disc with a soft rim, sum 1; float32, odd size."""
    reach = int(np.ceil(radius))
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    disc = np.clip(radius + 0.5 - np.hypot(x, y), 0, 1).astype(np.float32)
    return disc / disc.sum()
