"""Filters: pure functions that composite a person with a background, or prepare the layers.

>>> from pocketmatte import filters
>>> filters.get_filter("color_transfer")(foreground, alpha, background, strength=0.7)
>>> filters.apply("keep_largest,smooth_step:low=0.2,light_wrap", foreground, alpha, background)
"""

from pocketmatte.filters.base import Filter
from pocketmatte.filters.chain import Step, apply, for_video, parse_chain
from pocketmatte.filters.registry import FILTERS, get_filter, list_filters

__all__ = [
    "FILTERS",
    "Filter",
    "Step",
    "apply",
    "for_video",
    "get_filter",
    "list_filters",
    "parse_chain",
]
