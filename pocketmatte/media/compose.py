"""Put a matted person on a new background."""

from collections.abc import Callable

import numpy as np

from pocketmatte.errors import PocketmatteError
from pocketmatte.media.background import Background, parse_background
from pocketmatte.media.photo import to_levels

PLAIN = "alpha_blend"


def compose(matte, background="none", filter: str = PLAIN, **options) -> np.ndarray:
    """Composite a matte's foreground on a background.

    matte: a `Matte`, or anything with `image` (RGB uint8 or float32 [0, 1], HWC), `foreground`
    (RGB uint8, HWC) and `alpha` (float32 [0, 1], HW).
    background: colour ("teal", "#08f"), picture file, RGB uint8 array, "blur", "blur:20" or
    "none". A picture is scaled to cover the image.
    filter: how they are blended, a name from `pocketmatte.filters`; options go to the filter.
    Returns RGB uint8, HWC; RGBA uint8 for "none".
    Raises PocketmatteError for an unknown background or filter.

    >>> compose(model(image), "beach.jpg")
    """
    scene = parse_background(background)
    blend = find_blend(scene, filter)
    if scene is None:
        if options:
            raise PocketmatteError(f"{', '.join(options)} need a background; name one")
        return np.dstack([matte.foreground, to_levels(matte.alpha)])
    image = matte.image
    if image.dtype != np.uint8:
        image = np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8)
    behind = scene.frame(image, matte.alpha)
    return blend(matte.foreground, matte.alpha, behind, **options)


def find_blend(background: Background | None, filter: str) -> Callable | None:
    """The filter to blend with, or None when there is no background.

    Raises PocketmatteError for an unknown filter, or one that has nothing to blend with.
    """
    if background is None:
        if filter != PLAIN:
            raise PocketmatteError(f"filter {filter!r} needs a background; name one, or drop it")
        return None
    from pocketmatte.filters import get_filter

    return get_filter(filter)
