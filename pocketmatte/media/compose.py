"""Put a matted person on a new background."""

import numpy as np

from pocketmatte.errors import PocketmatteError
from pocketmatte.filters import Step, apply, parse_chain
from pocketmatte.media.background import parse_background
from pocketmatte.media.photo import to_levels

PLAIN = "alpha_blend"


def compose(matte, background="none", filter: str = PLAIN, **options) -> np.ndarray:
    """Composite a matte's foreground on a background.

    matte: a `Matte`, or anything with `image` (RGB uint8 or float32 [0, 1], HWC), `foreground`
    (RGB uint8, HWC) and `alpha` (float32 [0, 1], HW).
    background: colour ("teal", "#08f"), picture file, RGB uint8 array, "blur", "blur:20" or
    "none". A picture is scaled to cover the image.
    filter: a name from `pocketmatte.filters`, or several: "keep_largest,light_wrap". Without a
    background only filters of the matte make sense.
    options: of the last filter named.
    Returns RGB uint8, HWC; RGBA uint8 for "none".
    Raises PocketmatteError for an unknown background, filter or option.

    >>> compose(model(image), "beach.jpg")
    >>> compose(model(image), "beach.jpg", "color_transfer", strength=0.7)
    """
    scene = parse_background(background)
    steps = filter_steps(filter, scene is not None, **options)
    if scene is None:
        alpha = filter_alpha(steps, matte.alpha)
        return np.dstack([matte.foreground, to_levels(alpha)])
    image = matte.image
    if image.dtype != np.uint8:
        image = np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8)
    return apply(steps, matte.foreground, matte.alpha, scene.frame(image, matte.alpha))


def filter_steps(filter: str | tuple[Step, ...], has_background: bool, **options) -> tuple:
    """Read a chain of filters; options are those of its last one.

    Raises PocketmatteError for unknown filters and options, and for a filter that lacks the
    background it needs.
    """
    steps = parse_chain(filter) if isinstance(filter, str) else filter
    if options:
        if not steps:
            raise PocketmatteError(f"options {', '.join(options)} without a filter; name one")
        steps[-1].filter.check_options(options)
        steps = (*steps[:-1], Step(steps[-1].filter, {**steps[-1].options, **options}))
    for step in steps:
        idle = step.filter.kind != "alpha" and (step.filter.name != PLAIN or step.options)
        if idle and not has_background:
            raise PocketmatteError(
                f"filter {step.filter.name} needs a background; name one, or drop the filter"
            )
    return steps


def filter_alpha(steps: tuple[Step, ...], alpha: np.ndarray) -> np.ndarray:
    """The matte after those filters of the chain that change it: float32 [0, 1], HW."""
    for step in steps:
        if step.filter.kind == "alpha":
            alpha = step.filter.function(alpha, **step.options)
    return alpha
