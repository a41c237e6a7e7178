"""Training for int8: a network learns to bear the rounding of its weights and activations.

It begins with a trained network and the ranges that calibration finds, and stays close to what
that network says: most of the loss compares it with the float alpha, the rest with the true one
(quantisation-aware training, Jacob 2018, with distillation).
"""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

import torch
from torch import Tensor

from pocketmatte.data.layout import DataFolder
from pocketmatte.data.shards import ShardFolder
from pocketmatte.errors import PocketmatteError
from pocketmatte.export.calibration import as_batches, calibration_pictures
from pocketmatte.export.ranges import measure
from pocketmatte.models.checkpoint import Checkpoint, load_checkpoint
from pocketmatte.models.quantize import (
    ALPHA,
    Quantized,
    fold_norms,
    node_values,
    quantized_nodes,
)
from pocketmatte.models.registry import Model
from pocketmatte.training.ema import EMA
from pocketmatte.training.matting import MattingTrainer
from pocketmatte.training.recipe import Recipe
from pocketmatte.training.trainer import make_optimizer

TAUGHT = 0.7
"""Share of the loss that compares with the float network."""
CALIBRATION = 48


def quantize_recipe(start: str, data: DataFolder | ShardFolder) -> Recipe:
    """Two short epochs at a low rate on views as people see photos, on the start's own grid.

    data: what it will be trained on; the start's splits are used as far as they are there.

    Raises PocketmatteError when there is no such checkpoint, or it was trained for int8 already.
    """
    checkpoint = load_checkpoint(start)
    if checkpoint.ranges:
        raise PocketmatteError(f"{start}: was trained for int8 already; give the float network")
    known = checkpoint.recipe
    splits = [split for split in known["train_splits"] if split in data.splits()] or ["train"]
    count = sum(len(data.split(split)) for split in splits)
    changes = {
        "architecture": checkpoint.architecture,
        "options": checkpoint.options,
        "pretrained": str(start),
        "int8": True,
        "train_splits": splits,
        "composites": 0.1 if data.backgrounds() else 0.0,
        "zoom": (1.0, 1.2),
        "limit": 1500,
        "epochs": 2,
        "batch": max(1, min(16, count)),
        "resolution": [(0.0, known["resolution"][-1][1])],
        "learning_rate": 1e-4,
        "warmup": 0.1,
        "weight_decay": 0.0,
        "ema": 0.99,
        "precision": "fp32",
        "threads": None,
        "tensorboard": False,
    }
    return Recipe.from_dict({**known, **changes}, str(start))


def calibrated(
    network: Model, checkpoint: Checkpoint, data: str | Path
) -> dict[str, tuple[float, float]]:
    """First ranges of all nodes that int8 rounds, from pictures of the `train` split."""
    kinds = {name: [kind] for name, kind in quantized_nodes(network).items()}
    pictures = as_batches(calibration_pictures(data, CALIBRATION), checkpoint.card(), None)
    runs = (node_values(network, picture) for picture in pictures)
    return measure(({name: values[name] for name in kinds} for values in runs), kinds)


class QuantizedTrainer(MattingTrainer):
    """Rounds its network in every step, and the one that it keeps and validates.

    The recipe's `pretrained` is the checkpoint to begin with.
    """

    def __init__(self, recipe: Recipe, data: str | Path, out: str | Path, **options):
        super().__init__(recipe, data, out, **options)
        if len(self.starts) != 1:
            raise PocketmatteError("int8 starts from one trained network; set `pretrained` to it")
        (self.begin,) = self.starts
        self.teacher = deepcopy(self.network).eval().requires_grad_(False)
        fold_norms(self.network)
        ranges = calibrated(self.network.eval().cpu(), self.begin, data)
        self.network = Quantized(self.network, ranges).to(self.device)
        self.parallel = self.world.parallel(self.network, self.device)
        self.ema = EMA(self.network, recipe.ema)
        self.optimizer = make_optimizer(recipe, self.network)

    def _loss(self, src: Tensor, logits: Tensor, pha: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        with torch.no_grad():
            taught = self.teacher(src).float().sigmoid()
        truth, parts = self.shared_loss(logits, pha)
        close, _ = self.shared_loss(logits, taught)
        return TAUGHT * close + (1 - TAUGHT) * truth, {**parts, "teacher": close}

    def _kept(self) -> dict:
        return {
            "weights": self.result.network.state_dict(),
            "ranges": self.result.ranges() | {ALPHA: [0.0, 1.0]},
            "start": self.begin.fingerprint(),
        }
