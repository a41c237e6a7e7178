"""Training of a harmoniser: what the loop sees, minimises and validates."""

from __future__ import annotations

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from pocketmatte.data.dataset import Pool, load_pool
from pocketmatte.data.harmony import split_layers, training_pair
from pocketmatte.errors import PocketmatteError
from pocketmatte.training.harmonize_data import (
    HarmonyDataset,
    ObservedDataset,
    to_layers,
    to_tensor,
)
from pocketmatte.training.harmonize_loss import (
    apply_proposals,
    foreground_loss,
    mismatch_loss,
)
from pocketmatte.training.recipe import Recipe
from pocketmatte.training.trainer import Trainer

_DOUBT = 0.05  # weight of the belief that the layers do not match


class HarmonyTrainer(Trainer):
    """Two layers in, a change of colours out; the best network has the least `val_fmse`."""

    best_figure, best_is_least = "val_fmse", True

    def prepare(self, folder, pool: Pool) -> Dataset:
        recipe = self.recipe
        self.validation = _validation(folder, recipe)
        pairs = HarmonyDataset(
            pool,
            composites=recipe.composites,
            moods=recipe.moods,
            zoom=tuple(recipe.zoom),
            seed=recipe.seed,
        )
        if not recipe.draws:
            return pairs
        if self.world.size > 1:
            raise PocketmatteError("`draws` in the recipe needs a single process; set it to 0")
        for name, parameter in self.network.named_parameters():
            parameter.requires_grad_(name.startswith("mismatch."))
        return ObservedDataset(pairs, self.network, recipe.draws, recipe.resolution[-1][1])

    def measure(self, *batch: Tensor) -> tuple[Tensor, dict[str, float]]:
        *seen, pairs = (part.to(self.device) for part in batch)
        with self.precision.autocast():
            if seen:
                facts, cells = seen
                proposals, mismatch = self.network.decide(facts, cells.float())
            else:
                proposals, mismatch = self.parallel(to_layers(pairs))
        loss, fmse, doubt = _losses(proposals, mismatch, pairs)
        return loss + _DOUBT * doubt, {"fmse": float(fmse.detach()), "doubt": float(doubt.detach())}

    @torch.no_grad()
    def validate(self) -> dict[str, float]:
        network, rows = self.result, []
        for pairs in self.validation:
            pairs = pairs.to(self.device)
            seen = network.observe(to_layers(pairs))
            rows.append([float(v) for v in _losses(*network.decide(*seen), pairs)])
        means = np.mean(rows, axis=0).tolist()
        return dict(zip(("val_loss", "val_fmse", "val_doubt"), means, strict=True))


def _losses(proposals: Tensor, mismatch: Tensor, pairs: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Loss of the colours, their squared error, and the loss of the belief; pairs: uint8."""
    # every second pixel each way tells as much of a smooth change as all
    pairs = pairs[..., ::2, ::2].float() / 255
    foreground, alpha, target = pairs[:, :3], pairs[:, 3:4], pairs[:, 7:]
    changed = apply_proposals(proposals.float(), foreground, alpha)
    doubt = mismatch_loss(mismatch.float(), foreground, target, alpha)
    return *foreground_loss(changed, target, alpha), doubt


def _validation(folder, recipe: Recipe) -> list[Tensor]:
    """A pair of each picture of the validation split in its own room, squeezed to a square."""
    side = recipe.resolution[-1][1]
    pool = load_pool(folder, [recipe.val_split], side=recipe.picture_side, limit=recipe.limit)
    people = [
        split_layers(cv2.resize(rgba, (side, side), interpolation=cv2.INTER_AREA))
        for rgba in pool.people
    ]
    pairs = [
        training_pair(np.random.default_rng((recipe.seed, number)), layers, [], people, 0)
        for number, layers in enumerate(people)
    ]
    return [to_tensor(pair)[None] for pair in pairs]
