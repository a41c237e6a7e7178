"""Training of a matting network: what the loop sees, minimises and validates."""

from __future__ import annotations

from torch import Tensor
from torch.utils.data import Dataset

from pocketmatte.data.dataset import MattingDataset, Pool
from pocketmatte.training.imitate import Answers, Imitation
from pocketmatte.training.inputs import normalise
from pocketmatte.training.losses import MattingLoss, soft_iou
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
        asked = (self.network, recipe.teacher)
        self.imitation = self.answers = None
        if recipe.teacher and recipe.imitation:
            self.imitation = Imitation(*asked, self.device)
        if recipe.teacher and recipe.answers:
            self.answers = Answers(*asked, recipe.answers, self.device)
        return MattingDataset(
            pool,
            composites=recipe.composites,
            zoom=tuple(recipe.zoom),
            seed=recipe.seed,
            disturbed=recipe.disturbed,
            empty=recipe.empty,
        )

    def measure(self, src: Tensor, pha: Tensor) -> tuple[Tensor, dict[str, float]]:
        src, pha = (part.to(self.device, non_blocking=True) for part in (src, pha))
        with self.precision.autocast():
            if self.answers:
                pha = self.answers(src, pha)
            src = normalise(src, self.recipe)
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
        return validate(self.result, self.validation, self.loss, self.device)
