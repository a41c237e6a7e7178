"""Several filters in a row: `keep_largest,color_transfer:strength=0.5,light_wrap`."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from pocketmatte.errors import PocketmatteError
from pocketmatte.filters.base import Filter
from pocketmatte.filters.checks import check_layers
from pocketmatte.filters.registry import FILTERS, get_filter


@dataclass(frozen=True)
class Step:
    """One filter of a chain, and its options."""

    filter: Filter
    options: dict = field(default_factory=dict)


def parse_chain(text: str) -> tuple[Step, ...]:
    """Read a chain of filters as the command line takes it.

    text: names with commas between; options follow their filter after a colon or a comma:
    "smooth_step:low=0.2:high=0.8,blur" or "smooth_step:low=0.2,high=0.8,blur". An empty text
    is an empty chain.
    Returns the steps in the order written. At most one is of kind "blend"; it is applied last.
    Raises PocketmatteError for an unknown filter or option, or for a value of the wrong type.
    """
    steps: list[Step] = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, *pairs = (word.strip() for word in part.split(":"))
        if "=" in name:
            pairs.insert(0, name)
            if not steps:
                raise PocketmatteError(
                    f"{name!r} comes before any filter; write the filter's name first, "
                    "as in smooth_step:low=0.2"
                )
        else:
            steps.append(Step(get_filter(name)))
        step = steps[-1]
        for pair in pairs:
            key, equals, value = pair.partition("=")
            if not equals:
                raise PocketmatteError(
                    f"filter {step.filter.name}: {pair!r} is no option; write NAME=VALUE"
                )
            key = key.strip()
            step.options[key] = step.filter.parse_option(key, value.strip())
    _only_blend(steps)
    return tuple(steps)


def apply(chain, foreground: np.ndarray, alpha: np.ndarray, background: np.ndarray) -> np.ndarray:
    """Composite the layers through a chain of filters.

    chain: steps from `parse_chain`, or its text.
    foreground, background: RGB uint8, HWC, of one size. alpha: float32 [0, 1], HW.
    The steps change alpha, background or foreground in the order written; then the chain's
    blending filter (plain alpha blending if it has none) makes the picture.
    Returns RGB uint8, HWC. Raises PocketmatteError for wrong layers, filters or options.
    """
    steps = parse_chain(chain) if isinstance(chain, str) else chain
    check_layers(foreground, alpha, background)
    blend = _only_blend(steps)
    layers = (foreground, alpha, background)
    for step in steps:
        if step is not blend:
            layers = step.filter.layers(*layers, **step.options)
    return blend.filter(*layers, **blend.options)


def for_video(steps: Sequence[Step]) -> tuple[Step, ...]:
    """The steps for the frames of one video: those that can keep steady over time do."""
    return tuple(replace(step, filter=step.filter.for_video()) for step in steps)


def _only_blend(steps) -> Step:
    blends = [step for step in steps if step.filter.kind == "blend"]
    if len(blends) > 1:
        names = " and ".join(step.filter.name for step in blends)
        raise PocketmatteError(f"{names} both make the final picture; keep one of them")
    return blends[0] if blends else Step(FILTERS["alpha_blend"])
