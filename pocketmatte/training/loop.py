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
from pocketmatte.models import Model, create_model, registered_models
from pocketmatte.models.checkpoint import Checkpoint, load_checkpoint
from pocketmatte.training.cost import training_cost
from pocketmatte.training.distributed import SharedSampler, World, close_world, open_world
from pocketmatte.training.ema import EMA
from pocketmatte.training.history import History
from pocketmatte.training.losses import MattingLoss, soft_iou
from pocketmatte.training.norms import freeze_norms
from pocketmatte.training.precision import Precision
from pocketmatte.training.recipe import Recipe
from pocketmatte.training.schedule import Schedule, side_at
from pocketmatte.training.start import initialise, starting_points
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
        world: the processes that share the work; alone by default.
    """

    def __init__(
        self,
        recipe: Recipe,
        data: str | Path,
        out: str | Path,
        *,
        device: str = "cpu",
        progress: Progress | None = None,
        world: World | None = None,
    ):
        self.recipe, self.out, self.progress = recipe, Path(out), progress
        self.world, self.device = world or World(), open_device(device)
        self.precision = Precision(recipe.precision, self.device)
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
        self.starts = starting_points(recipe)
        self.parallel = self.world.parallel(self.network, self.device)
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
            batch_sampler=SharedSampler(self.sampler, recipe.batch, self.world),
            num_workers=recipe.workers,
            worker_init_fn=_quiet_worker,
            prefetch_factor=4 if recipe.workers else None,
        )
        self.loss = MattingLoss(recipe.losses, recipe.boundary_weight)
        self.shared_loss = MattingLoss(recipe.losses, recipe.boundary_weight, self.world.mean)
        self.schedule = Schedule(recipe, len(self.sampler))
        self.optimizer = make_optimizer(recipe, self.network)
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
        self.precision.restore(state.get("precision", {}))
        self.history.rows = state["history"]
        self.epoch = checkpoint.epoch

    def run(self) -> History:
        """Train until the recipe's last epoch, a checkpoint after each.

        A start from a checkpoint counts as epoch 0: the best network is never worse than it.
        """
        self.out.mkdir(parents=True, exist_ok=True)
        if self.starts and not self.epoch:
            self._end_epoch({}, time.monotonic())
        while self.epoch < self.recipe.epochs:
            started = time.monotonic()
            figures = self._train_epoch()
            self.epoch += 1
            self._end_epoch(figures, started)
        return self.history

    def _end_epoch(self, figures: dict, started: float) -> None:
        if self.world.is_main:
            figures |= validate(self.ema.average, self.validation, self.loss, self.device)
        figures = self.world.share(figures)
        if self.epoch:
            self.schedule.epoch_ended(figures["val_loss"])
        self.history.add(epoch=self.epoch, **figures, seconds=time.monotonic() - started)
        if self.world.is_main:
            self._save(figures)

    def _train_epoch(self) -> dict[str, float]:
        recipe = self.recipe
        torch.manual_seed(recipe.seed * 100_003 + self.epoch + 7919 * self.world.rank)
        self.sampler.epoch = self.epoch
        self.sampler.side = side_at(recipe.resolution, self.epoch / recipe.epochs)
        self.network.train()
        if recipe.freeze_norms:
            freeze_norms(self.network)
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
        means = self.world.mean(torch.tensor(list(totals.values()), device=self.device) / seen)
        return {
            **dict(zip(totals, means.tolist(), strict=True)),
            "learning_rate": rate,
            "side": self.sampler.side,
            "pictures": steps * recipe.batch,
        }

    def _train_step(self, src: Tensor, pha: Tensor, step: int) -> dict[str, float]:
        recipe = self.recipe
        src = normalise(src.to(self.device), recipe).to(memory_format=torch.channels_last)
        pha = pha.to(self.device)
        with self.precision.autocast():
            logits = self.parallel(src)
        loss, parts = self._loss(src, logits, pha)
        value = float(loss.detach())
        if not math.isfinite(value):
            raise PocketmatteError(
                f"the loss became {value} in step {step}; lower `learning_rate` in the recipe "
                "and --resume"
            )
        self.precision.step(loss, self.optimizer, recipe.gradient_clip)
        if self.world.is_main:
            self.ema.update(self.network, step)
        predicted = logits.detach().float().sigmoid()
        return {
            "loss": value,
            **{f"loss_{name}": float(part.detach()) for name, part in parts.items()},
            "iou": soft_iou(predicted, pha),
            "accuracy": float(((predicted > 0.5) == (pha > 0.5)).float().mean()),
        }

    def _loss(self, src: Tensor, logits: Tensor, pha: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        return self.shared_loss(logits, pha)

    def _kept(self) -> dict:
        """What a checkpoint keeps of the averaged network."""
        return {"weights": self.ema.average.state_dict()}

    def _save(self, figures: dict) -> None:
        recipe = self.recipe
        checkpoint = Checkpoint(
            architecture=recipe.architecture,
            options=recipe.options,
            recipe=recipe.to_dict(),
            epoch=self.epoch,
            **self._kept(),
            scores={name: value for name, value in figures.items() if name.startswith("val_")},
            cost=training_cost(
                self.history.rows,
                str(self.device),
                self.world.size,
                [start.cost for start in self.starts if start.cost],
            ),
            training={
                "network": self.network.state_dict(),
                "optimizer": self.optimizer.state_dict(),
                "schedule": self.schedule.state(),
                "precision": self.precision.state(),
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

    Started by torchrun, the processes share each batch; the first one validates and writes.
    """
    if not resume and (Path(out) / LAST).exists():
        raise PocketmatteError(
            f"{out}: already holds a training; add --resume to go on or choose another folder"
        )
    if recipe.architecture in registered_models("harmonize"):
        from pocketmatte.training.harmonize import train_harmonizer

        return train_harmonizer(recipe, data, out, resume, device, progress)
    world, device = open_world(device)
    try:
        kind = _trainer(recipe, resume)
        trainer = kind(recipe, data, out, device=device, progress=progress, world=world)
        if resume:
            trainer.resume()
        history = trainer.run()
    finally:
        close_world()
    if world.is_main:
        best = load_checkpoint(Path(out) / BEST)
        best.recipe = recipe.to_dict()
        export(best, out, precision="int8" if recipe.int8 else "fp32")
    return history


def _trainer(recipe: Recipe, resume: bool) -> type[Trainer]:
    if not recipe.int8:
        return Trainer
    if resume:
        raise PocketmatteError("a training for int8 is short; start it again in another folder")
    from pocketmatte.training.quantize import QuantizedTrainer

    return QuantizedTrainer


def normalise(src: Tensor, recipe: Recipe) -> Tensor:
    """Shift and scale pictures in [0, 1] by the recipe's mean and deviation."""
    mean = torch.tensor(recipe.mean, device=src.device).view(1, 3, 1, 1)
    std = torch.tensor(recipe.std, device=src.device).view(1, 3, 1, 1)
    return (src - mean) / std


def open_device(name: str) -> torch.device:
    try:
        torch.zeros(1, device=name)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).split("\n")[0]
        raise PocketmatteError(f"device {name!r} is not usable here ({reason}); use cpu") from None
    return torch.device(name)


def make_optimizer(recipe: Recipe, network: Model) -> torch.optim.Optimizer:
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
