"""Training of a harmoniser: what the loop sees, minimises and validates."""

from __future__ import annotations

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from pocketmatte.data.dataset import Pool, load_pool
from pocketmatte.data.harmony import Pair, split_layers, training_pair
from pocketmatte.data.transforms import random_view, warp
from pocketmatte.errors import PocketmatteError
from pocketmatte.training.harmonize_loss import apply_proposals, foreground_loss
from pocketmatte.training.recipe import Recipe
from pocketmatte.training.trainer import Trainer


class HarmonyDataset(Dataset):
    """Training pairs of a pool, one per key (epoch, index, height, width)."""

    def __init__(self, pool: Pool, *, composites: float, zoom: tuple[float, float], seed: int):
        if composites and not pool.backgrounds:
            raise PocketmatteError(
                "composites need pictures in <data>/backgrounds; add some or set composites: 0"
            )
        self.composites, self.zoom, self.seed = composites, zoom, seed
        self.backgrounds, self.people = pool.backgrounds, [split_layers(p) for p in pool.people]

    def __len__(self) -> int:
        return len(self.people)

    def __getitem__(self, key: tuple[int, int, int, int]) -> tuple[Tensor, Tensor]:
        """Layers float32 [8, H, W] and the answer float32 [3, H, W], in [0, 1]."""
        epoch, index, *out = key
        rng = np.random.default_rng((self.seed, epoch, index))
        layers = self.people[index]
        view = random_view(rng, layers[1].shape[:2], out, self.zoom)
        layers = tuple(warp(layer, view, tuple(out), cv2.BORDER_REFLECT_101) for layer in layers)
        pair = training_pair(rng, layers, self.backgrounds, self.people, self.composites)
        return to_tensors(pair)


class HarmonyTrainer(Trainer):
    """Two layers in, a change of colours out; the best network has the least `val_fmse`."""

    best_figure, best_is_least = "val_fmse", True

    def prepare(self, folder, pool: Pool) -> Dataset:
        recipe = self.recipe
        self.validation = _validation(folder, recipe)
        return HarmonyDataset(
            pool, composites=recipe.composites, zoom=tuple(recipe.zoom), seed=recipe.seed
        )

    def measure(self, layers: Tensor, target: Tensor) -> tuple[Tensor, dict[str, float]]:
        loss, fmse = self._loss(self.parallel, layers, target)
        return loss, {"fmse": float(fmse.detach())}

    @torch.no_grad()
    def validate(self) -> dict[str, float]:
        rows = [
            [float(value) for value in self._loss(self.ema.average, *batch)]
            for batch in self.validation
        ]
        loss, fmse = np.mean(rows, axis=0)
        return {"val_loss": float(loss), "val_fmse": float(fmse)}

    def _loss(self, network, layers: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        layers = layers.to(self.device, memory_format=torch.channels_last)
        with self.precision.autocast():
            proposals = network(layers)
        # every second pixel each way tells as much of a smooth change as all
        layers, target = layers[..., ::2, ::2], target.to(self.device)[..., ::2, ::2]
        alpha = layers[:, 3:4]
        foreground = layers[:, :3] / alpha.clamp_min(1 / 255)
        changed = apply_proposals(proposals.float(), foreground, alpha)
        return foreground_loss(changed, target, alpha)


def to_tensors(pair: Pair) -> tuple[Tensor, Tensor]:
    """What the network sees of a pair, `[8, H, W]`, and the answer, `[3, H, W]`."""
    alpha = pair.alpha[..., None]
    layers = np.concatenate(
        [
            pair.foreground * (alpha / 255),
            alpha,
            pair.background * ((1 - alpha) / 255),
            1 - alpha,
        ],
        axis=2,
        dtype=np.float32,
    )
    target = np.ascontiguousarray(pair.target.transpose(2, 0, 1))
    return torch.from_numpy(layers.transpose(2, 0, 1).copy()), torch.from_numpy(target) / 255


def _validation(folder, recipe: Recipe) -> list[tuple[Tensor, Tensor]]:
    """One changed photo of each picture of the validation split, squeezed to a square."""
    side = recipe.resolution[-1][1]
    pool = load_pool(folder, [recipe.val_split], side=recipe.picture_side, limit=recipe.limit)
    people = [
        split_layers(cv2.resize(rgba, (side, side), interpolation=cv2.INTER_AREA))
        for rgba in pool.people
    ]
    pairs = [
        training_pair(
            np.random.default_rng((recipe.seed, number)), layers, [], people, 0, untouched=0
        )
        for number, layers in enumerate(people)
    ]
    return [tuple(tensor[None] for tensor in to_tensors(pair)) for pair in pairs]
