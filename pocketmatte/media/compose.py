"""Put a matted person on a new background."""

import numpy as np

from pocketmatte.errors import PocketmatteError
from pocketmatte.media.background import parse_background
from pocketmatte.media.photo import to_levels


def compose(matte, background="none", filter: str = "alpha_blend", **options) -> np.ndarray:
    """Composite a matte's foreground on a background.

    matte: a `Matte`, or anything with `image` and `foreground` (RGB uint8, HWC) and `alpha`
    (float32 [0, 1], HW).
    background: colour ("teal", "#08f"), picture file, RGB uint8 array, "blur", "blur:20" or
    "none". A picture is scaled to cover the image.
    filter: how they are blended, a name from `pocketmatte.filters`; options go to the filter.
    Returns RGB uint8, HWC; RGBA uint8 for "none".
    Raises PocketmatteError for an unknown background or filter.

    >>> compose(model(image), "beach.jpg")
    """
    scene = parse_background(background)
    if scene is None:
        if filter != "alpha_blend" or options:
            raise PocketmatteError(f"filter {filter!r} needs a background; name one, or drop it")
        return np.dstack([matte.foreground, to_levels(matte.alpha)])
    from pocketmatte.filters import get_filter

    blend = get_filter(filter)
    behind = scene.frame(matte.image, matte.alpha)
    return blend(matte.foreground, matte.alpha, behind, **options)
