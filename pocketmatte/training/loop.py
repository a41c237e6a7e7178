"""The training loop: epochs, validation, checkpoints, exact resume."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import torch
from torch import Tensor
from torch.utils.data import DataLoader

from pocketmatte.data.dataset import EpochSampler, MattingDataset, load_pool
from pocketmatte.data.shards import open_data
from pocketmatte.errors import PocketmatteError
from pocketmatte.export.export import export
from pocketmatte.models import Model, create_model
from pocketmatte.models.checkpoint import Checkpoint, load_checkpoint
from pocketmatte.training.ema import EMA
from pocketmatte.training.history import History
from pocketmatte.training.losses import MattingLoss, soft_iou
from pocketmatte.training.recipe import Recipe
from pocketmatte.training.schedule import Schedule, side_at
from pocketmatte.training.start import initialise
from pocketmatte.training.validate import load_validation, validate

LAST, BEST = "last.pt", "best.pt"

Progress = Callable[[int, int, int, dict], None]
"""Called after every step with (epoch, step, steps per epoch, running figures)."""


class Trainer:
    """Owns the network, its average, the optimizer and the data of one training run.

    Args:
        recipe: see `Recipe`.
        data: data folder (layout in `pocketmatte.data.layout`) or folder of shards.
        out: folder for checkpoints, history and graphs; made when missing.
        device: "cpu", "cuda", ...; fails when it is not there.
        progress: called after every step.
    """

    def __init__(
        self,
        recipe: Recipe,
        data: str | Path,
        out: str | Path,
        *,
        device: str = "cpu",
        progress: Progress | None = None,
    ):
        self.recipe, self.out, self.progress = recipe, Path(out), progress
        self.device = _device(device)
        if recipe.threads:
            torch.set_num_threads(recipe.threads)
        cv2.setNumThreads(1)  # OpenCV's own threads would hang the forked loader workers
        torch.manual_seed(recipe.seed)
        folder = open_data(data)
        self.network: Model = create_model(recipe.architecture, **recipe.options)
        pool = load_pool(
            folder,
            recipe.train_splits,
            side=recipe.picture_side,
            mask_sets=tuple(recipe.mask_sets),
            limit=recipe.limit,
        )
        initialise(self.network, recipe, pool.people)
        self.network.to(self.device, memory_format=torch.channels_last)
        self.ema = EMA(self.network, recipe.ema)
        self.validation = load_validation(folder, recipe, self.network.stride)
        dataset = MattingDataset(
            pool, composites=recipe.composites, zoom=tuple(recipe.zoom), seed=recipe.seed
        )
        self.sampler = EpochSampler(
            len(pool.people), recipe.batch, seed=recipe.seed, stride=self.network.stride
        )
        if not len(self.sampler):
            raise PocketmatteError(
                f"{data}: only {len(pool.people)} training pictures for a batch of "
                f"{recipe.batch}; lower `batch` in the recipe"
            )
        self.loader = DataLoader(
            dataset,
            batch_sampler=self.sampler,
            num_workers=recipe.workers,
            worker_init_fn=_quiet_worker,
            prefetch_factor=4 if recipe.workers else None,
        )
        self.loss = MattingLoss(recipe.losses, recipe.boundary_weight)
        self.schedule = Schedule(recipe, len(self.sampler))
        self.optimizer = _optimizer(recipe, self.network)
        self.history = History(self.out, recipe.tensorboard)
        self.epoch = 0

    def resume(self) -> None:
        """Continue from `out/last.pt` exactly where its epoch ended."""
        checkpoint = load_checkpoint(self.out / LAST)
        if checkpoint.architecture != self.recipe.architecture:
            raise PocketmatteError(
                f"{self.out / LAST}: holds {checkpoint.architecture}, the recipe wants "
                f"{self.recipe.architecture}; use another --out folder"
            )
        state = checkpoint.training
        self.network.load_state_dict(state["network"])
        self.ema.average.load_state_dict(checkpoint.weights)
        self.optimizer.load_state_dict(state["optimizer"])
        self.schedule.restore(state["schedule"])
        self.history.rows = state["history"]
        self.epoch = checkpoint.epoch

    def run(self) -> History:
        """Train until the recipe's last epoch, a checkpoint after each."""
        self.out.mkdir(parents=True, exist_ok=True)
        while self.epoch < self.recipe.epochs:
            started = time.monotonic()
            figures = self._train_epoch()
            figures |= validate(self.ema.average, self.validation, self.loss, self.device)
            self.schedule.epoch_ended(figures["val_loss"])
            self.epoch += 1
            self.history.add(epoch=self.epoch, **figures, seconds=time.monotonic() - started)
            self._save(figures)
        return self.history

    def _train_epoch(self) -> dict[str, float]:
        recipe = self.recipe
        torch.manual_seed(recipe.seed * 100_003 + self.epoch)
        self.sampler.epoch = self.epoch
        self.sampler.side = side_at(recipe.resolution, self.epoch / recipe.epochs)
        self.network.train()
        steps, totals, seen, rate = len(self.sampler), {}, 0, 0.0
        for index, (src, pha) in enumerate(self.loader):
            step = self.epoch * steps + index
            rate = self.schedule.rate(step)
            for group in self.optimizer.param_groups:
                group["lr"] = rate
            for name, value in self._train_step(src, pha, step).items():
                totals[name] = totals.get(name, 0.0) + value
            seen += 1
            if self.progress:
                running = {name: value / seen for name, value in totals.items()}
                self.progress(self.epoch, index + 1, steps, running)
        means = {name: value / seen for name, value in totals.items()}
        return {**means, "learning_rate": rate, "side": self.sampler.side}

    def _train_step(self, src: Tensor, pha: Tensor, step: int) -> dict[str, float]:
        recipe = self.recipe
        src = normalise(src.to(self.device), recipe).to(memory_format=torch.channels_last)
        pha = pha.to(self.device)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=recipe.precision == "bf16"):
            logits = self.network(src)
        loss, parts = self.loss(logits, pha)
        value = float(loss.detach())
        if not math.isfinite(value):
            raise PocketmatteError(
                f"the loss became {value} in step {step}; lower `learning_rate` in the recipe "
                "and --resume"
            )
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), recipe.gradient_clip)
        self.optimizer.step()
        self.ema.update(self.network, step)
        predicted = logits.detach().float().sigmoid()
        return {
            "loss": value,
            **{f"loss_{name}": float(part.detach()) for name, part in parts.items()},
            "iou": soft_iou(predicted, pha),
            "accuracy": float(((predicted > 0.5) == (pha > 0.5)).float().mean()),
        }

    def _save(self, figures: dict) -> None:
        recipe = self.recipe
        checkpoint = Checkpoint(
            architecture=recipe.architecture,
            options=recipe.options,
            recipe=recipe.to_dict(),
            epoch=self.epoch,
            weights=self.ema.average.state_dict(),
            scores={name: value for name, value in figures.items() if name.startswith("val_")},
            training={
                "network": self.network.state_dict(),
                "optimizer": self.optimizer.state_dict(),
                "schedule": self.schedule.state(),
                "history": self.history.rows,
            },
        )
        checkpoint.save(self.out / LAST)
        if figures["val_iou"] >= max(row["val_iou"] for row in self.history.rows):
            checkpoint.training = {}
            checkpoint.save(self.out / BEST)
        self.history.write()


def train(
    recipe: Recipe,
    data: str | Path,
    out: str | Path,
    *,
    resume: bool = False,
    device: str = "cpu",
    progress: Progress | None = None,
) -> History:
    """Train a network: the function behind `pocketmatte train`.

    Writes `last.pt` (to resume), `best.pt` (highest validation IoU), the best network as
    `<name>.onnx` with its card, `history.csv`, `history.json` and graphs into `out`.
    """
    if not resume and (Path(out) / LAST).exists():
        raise PocketmatteError(
            f"{out}: already holds a training; add --resume to go on or choose another folder"
        )
    trainer = Trainer(recipe, data, out, device=device, progress=progress)
    if resume:
        trainer.resume()
    history = trainer.run()
    best = load_checkpoint(Path(out) / BEST)
    best.recipe = recipe.to_dict()
    export(best, out)
    return history


def normalise(src: Tensor, recipe: Recipe) -> Tensor:
    """Shift and scale pictures in [0, 1] by the recipe's mean and deviation."""
    mean = torch.tensor(recipe.mean, device=src.device).view(1, 3, 1, 1)
    std = torch.tensor(recipe.std, device=src.device).view(1, 3, 1, 1)
    return (src - mean) / std


def _device(name: str) -> torch.device:
    try:
        torch.zeros(1, device=name)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).split("\n")[0]
        raise PocketmatteError(f"device {name!r} is not usable here ({reason}); use cpu") from None
    return torch.device(name)


def _optimizer(recipe: Recipe, network: Model) -> torch.optim.Optimizer:
    if recipe.optimizer != "adamw":
        raise PocketmatteError(f"unknown optimizer {recipe.optimizer!r}; use adamw")
    parameters = [p for p in network.parameters() if p.requires_grad]
    groups = [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": recipe.weight_decay},
        {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=recipe.learning_rate, fused=True)


def _quiet_worker(_: int) -> None:
    torch.set_num_threads(1)
