"""Learning rate over time: warm-up, then cosine or plateau; and the resolution steps."""

from __future__ import annotations

import math

from pocketmatte.errors import PocketmatteError
from pocketmatte.training.recipe import Recipe


class Schedule:
    """The learning rate for every step.

    `cosine` falls from the peak to 1 % of it over the whole training. `plateau` multiplies by
    `factor` whenever the validation loss has not improved for `patience` epochs, as the 2019
    project did.
    """

    factor, patience = 0.5, 4

    def __init__(self, recipe: Recipe, steps_per_epoch: int):
        if recipe.schedule not in ("cosine", "plateau"):
            raise PocketmatteError(
                f"unknown schedule {recipe.schedule!r}; use cosine or plateau in the recipe"
            )
        self.kind, self.peak = recipe.schedule, recipe.learning_rate
        self.warmup = recipe.warmup * steps_per_epoch
        self.total = recipe.epochs * steps_per_epoch
        self.scale, self.best, self.waited = 1.0, math.inf, 0

    def rate(self, step: int) -> float:
        """Learning rate of step number `step`, counted from 0."""
        if step < self.warmup:
            return self.peak * self.scale * (step + 1) / self.warmup
        if self.kind == "plateau":
            return self.peak * self.scale
        done = (step - self.warmup) / max(1, self.total - self.warmup)
        return self.peak * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(1.0, done))))

    def epoch_ended(self, val_loss: float) -> None:
        """Tell the plateau schedule how the validation went."""
        if self.kind != "plateau":
            return
        if val_loss < self.best:
            self.best, self.waited = val_loss, 0
            return
        self.waited += 1
        if self.waited >= self.patience:
            self.scale, self.waited = self.scale * self.factor, 0

    def state(self) -> dict:
        """What a resumed training needs."""
        return {"scale": self.scale, "best": self.best, "waited": self.waited}

    def restore(self, state: dict) -> None:
        """Continue from `state()`."""
        vars(self).update(state)


def side_at(resolution: list, share: float) -> int:
    """Side of the training views when `share` of the epochs (0 to 1) is done."""
    return next(int(side) for start, side in reversed(resolution) if share >= start)
