"""Training of a matting network: what the loop sees, minimises and validates."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.utils.data import Dataset

from pocketmatte.data.dataset import MattingDataset, Pool
from pocketmatte.training.imitate import Imitation
from pocketmatte.training.losses import MattingLoss, soft_iou
from pocketmatte.training.recipe import Recipe
from pocketmatte.training.trainer import Trainer
from pocketmatte.training.validate import load_validation, validate


class MattingTrainer(Trainer):
    """Pictures and composites in, alpha out; the best network has the highest `val_iou`."""

    best_figure = "val_iou"

    def prepare(self, folder, pool: Pool) -> Dataset:
        recipe = self.recipe
        self.validation = load_validation(folder, recipe, self.network.stride)
        self.loss = MattingLoss(recipe.losses, recipe.boundary_weight)
        self.shared_loss = MattingLoss(recipe.losses, recipe.boundary_weight, self.world.mean)
        teacher = recipe.teacher
        self.imitation = Imitation(self.network, teacher, self.device) if teacher else None
        return MattingDataset(
            pool,
            composites=recipe.composites,
            zoom=tuple(recipe.zoom),
            seed=recipe.seed,
            disturbed=recipe.disturbed,
            empty=recipe.empty,
        )

    def measure(self, src: Tensor, pha: Tensor) -> tuple[Tensor, dict[str, float]]:
        src = normalise(src.to(self.device), self.recipe).to(memory_format=torch.channels_last)
        pha = pha.to(self.device)
        with self.precision.autocast():
            logits = self.parallel(src)
        loss, parts = self._loss(src, logits, pha)
        predicted = logits.detach().float().sigmoid()
        return loss, {
            **{f"loss_{name}": float(part.detach()) for name, part in parts.items()},
            "iou": soft_iou(predicted, pha),
            "accuracy": float(((predicted > 0.5) == (pha > 0.5)).float().mean()),
        }

    def _loss(self, src: Tensor, logits: Tensor, pha: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        loss, parts = self.shared_loss(logits, pha)
        if self.imitation is None:
            return loss, parts
        far = self.imitation(src)
        return loss + self.recipe.imitation * far, {**parts, "teacher": far}

    def validate(self) -> dict[str, float]:
        return validate(self.ema.average, self.validation, self.loss, self.device)


def normalise(src: Tensor, recipe: Recipe) -> Tensor:
    """Shift and scale pictures in [0, 1] by the recipe's mean and deviation."""
    mean = torch.tensor(recipe.mean, device=src.device).view(1, 3, 1, 1)
    std = torch.tensor(recipe.std, device=src.device).view(1, 3, 1, 1)
    return (src - mean) / std
