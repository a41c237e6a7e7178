"""An entry in the table of filters: how a filter is called, and its options."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module

import numpy as np

from pocketmatte.errors import PocketmatteError
from pocketmatte.filters.checks import check_layers

KINDS = ("alpha", "background", "foreground", "blend")


@dataclass(frozen=True)
class Filter:
    """One line of the table. The module is imported on first use.

    name: also the name of the module and of the function in it.
    kind: which layer the function gives back, and so how it is called:
        "alpha":       f(alpha, **options) -> alpha
        "background":  f(background, alpha, **options) -> background
        "foreground":  f(foreground, alpha, background, **options) -> foreground
        "blend":       f(foreground, alpha, background, **options) -> image
    summary: one line for help texts.
    steady: whether the module also has a class `Steady`, whose instances are called as the
        function is, frame after frame, and remember what they need against flicker.
    """

    name: str
    kind: str
    summary: str
    steady: bool = False

    @cached_property
    def function(self) -> Callable:
        return getattr(self._module, self.name)

    @property
    def _module(self):
        return import_module(f"pocketmatte.filters.{self.name}")

    def for_video(self) -> "Filter":
        """This filter for the frames of one video; most filters are the same for all."""
        return SteadyFilter(self.name, self.kind, self.summary, True) if self.steady else self

    @cached_property
    def options(self) -> dict[str, int | float | str]:
        """Option names and their defaults, from the function's keyword-only arguments."""
        parameters = inspect.signature(self.function).parameters.values()
        return {p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY}

    def layers(self, foreground, alpha, background, **options):
        """Run the filter on its layer. Returns the layers (foreground, alpha, background).

        Not for the kind "blend", which has no layers left.
        """
        self.check_options(options)
        if self.kind == "alpha":
            alpha = self.function(alpha, **options)
        elif self.kind == "background":
            background = self.function(background, alpha, **options)
        else:
            foreground = self.function(foreground, alpha, background, **options)
        return foreground, alpha, background

    def __call__(self, foreground, alpha, background, **options) -> np.ndarray:
        """Composite with this filter; kinds other than "blend" end in plain alpha blending.

        foreground, background: RGB uint8, HWC. alpha: float32 [0, 1], HW.
        Returns RGB uint8, HWC. Raises PocketmatteError for wrong layers or options.
        """
        check_layers(foreground, alpha, background)
        if self.kind == "blend":
            self.check_options(options)
            return self.function(foreground, alpha, background, **options)
        from pocketmatte.filters.alpha_blend import alpha_blend

        return alpha_blend(*self.layers(foreground, alpha, background, **options))

    def check_options(self, options: dict) -> None:
        """Raise PocketmatteError for a name that is not an option of this filter."""
        for name in options:
            if name not in self.options:
                known = ", ".join(f"{key}={value}" for key, value in self.options.items())
                raise PocketmatteError(
                    f"filter {self.name} has no option {name!r}; "
                    + (f"it has {known}" if known else "it has none")
                )

    def parse_option(self, name: str, text: str) -> int | float | str:
        """A value from text, of the type of the option's default."""
        self.check_options({name: text})
        kind = type(self.options[name])
        try:
            return kind(text)
        except ValueError:
            raise PocketmatteError(
                f"filter {self.name}: {name}={text!r} is not a number; "
                f"write for example {name}={self.options[name]}"
            ) from None


class SteadyFilter(Filter):
    """A filter with a memory of its own, for the frames of one video."""

    @cached_property
    def function(self) -> Callable:
        return self._module.Steady()
