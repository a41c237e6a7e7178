"""The table of filters. To add one: write `NAME.py` with a function NAME, add a line here."""

import difflib

from pocketmatte.errors import PocketmatteError
from pocketmatte.filters.base import Filter

FILTERS: dict[str, Filter] = {
    entry.name: entry
    for entry in (
        Filter("alpha_blend", "blend", "plain compositing; soften=PIXELS blurs the matte"),
        Filter("blur", "background", "disc-shaped background blur without a halo"),
        Filter("color_transfer", "foreground", "the background's colour mood (Reinhard, Lab)"),
        Filter("fill_holes", "alpha", "close small holes inside the person"),
        Filter("harmonize", "foreground", "light and colours that belong (learned)", steady=True),
        Filter("keep_largest", "alpha", "keep the largest person, drop bystanders and specks"),
        Filter("light_wrap", "foreground", "light of the background spills over the edge"),
        Filter("morphology", "alpha", "open and close the matte against specks and pinholes"),
        Filter("seamless_clone", "blend", "Poisson blending (OpenCV seamless clone)"),
        Filter("smooth_step", "alpha", "clamp and curve the soft edge"),
    )
}


def get_filter(name: str) -> Filter:
    """The filter of that name, to call as f(foreground, alpha, background, **options) -> image.

    Hyphens count as underscores, `colour` as `color`, `harmonise` as `harmonize`.
    Raises PocketmatteError for an unknown name, and lists the known ones.
    """
    key = (
        name.strip()
        .lower()
        .replace("-", "_")
        .replace("colour", "color")
        .replace("harmonise", "harmonize")
    )
    if key in FILTERS:
        return FILTERS[key]
    close = difflib.get_close_matches(key, FILTERS, n=1)
    hint = f" (did you mean {close[0]}?)" if close else ""
    raise PocketmatteError(f"unknown filter {name!r}{hint}; known: {', '.join(FILTERS)}")


def list_filters() -> list[Filter]:
    """All filters, by name."""
    return list(FILTERS.values())
