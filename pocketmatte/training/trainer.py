"""The training loop, whatever is trained: epochs, validation, checkpoints, exact resume."""

from __future__ import annotations

import math
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path

import cv2
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from pocketmatte.data.dataset import EpochSampler, Pool, load_pool
from pocketmatte.data.layout import DataFolder
from pocketmatte.data.shards import ShardFolder, open_data
from pocketmatte.errors import PocketmatteError
from pocketmatte.models import Model, create_model
from pocketmatte.models.checkpoint import Checkpoint, load_checkpoint
from pocketmatte.training.cost import training_cost
from pocketmatte.training.distributed import SharedSampler, World
from pocketmatte.training.ema import EMA
from pocketmatte.training.history import History
from pocketmatte.training.inputs import layout
from pocketmatte.training.memory import keep_freed_memory
from pocketmatte.training.norms import freeze_norms
from pocketmatte.training.precision import Precision
from pocketmatte.training.recipe import Recipe
from pocketmatte.training.schedule import Schedule, side_at
from pocketmatte.training.start import initialise, starting_points

LAST, BEST = "last.pt", "best.pt"

Progress = Callable[[int, int, int, dict], None]
"""Called after every step with (epoch, step, steps per epoch, running figures)."""


class Trainer(ABC):
    """Owns the network, its average, the optimizer and the data of one training run.

    A subclass tells what is drawn from the pool, what a batch's loss is, and how the result is
    validated.

    Args:
        recipe: see `Recipe`.
        data: data folder (layout in `pocketmatte.data.layout`) or folder of shards.
        out: folder for checkpoints, history and graphs; made when missing.
        device: "cpu", "cuda", ...; fails when it is not there.
        progress: called after every step.
        world: the processes that share the work; alone by default.
    """

    best_figure: str
    """Of the validation: the network that has the most of it is kept as the best."""
    best_is_least = False

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
        if recipe.keep and recipe.pretrained in (None, "imagenet"):
            raise PocketmatteError(
                "`keep` mixes the start into the result, but this recipe starts from no trained "
                "network; set `pretrained`, or leave `keep` out"
            )
        self.world, self.device = world or World(), open_device(device)
        keep_freed_memory()
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
            outline_sets=recipe.outline_sets,
            repeat=recipe.repeat,
            limit=recipe.limit,
        )
        initialise(self.network, recipe, pool.people)
        self.network.to(self.device, memory_format=layout(self.device))
        self.starts = starting_points(recipe)
        self.parallel = self.world.parallel(self.network, self.device)
        self.ema = EMA(self.network, recipe.ema, recipe.keep)
        self.result = self.ema.average
        dataset = self.prepare(folder, pool)
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
            pin_memory=self.device.type == "cuda",
        )
        self.schedule = Schedule(recipe, len(self.sampler))
        self.optimizer = make_optimizer(recipe, self.network)
        self.history = History(self.out, recipe.tensorboard)
        self.epoch = 0

    @abstractmethod
    def prepare(self, folder: DataFolder | ShardFolder, pool: Pool) -> Dataset:
        """Read what validation needs; returns the training data, by key of `EpochSampler`."""

    @abstractmethod
    def measure(self, *batch: Tensor) -> tuple[Tensor, dict[str, float]]:
        """Run `parallel` on a batch of the training data: its loss, and figures to log."""

    @abstractmethod
    def validate(self) -> dict[str, float]:
        """Figures of `result` on the validation split, `val_loss` and `best_figure` too."""

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
        self.ema.average.load_state_dict(state.get("average", checkpoint.weights))
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
            self.result = self.ema.result()
            figures |= self.validate()
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
        for index, batch in enumerate(self.loader):
            step = self.epoch * steps + index
            rate = self.schedule.rate(step)
            for group in self.optimizer.param_groups:
                group["lr"] = rate
            for name, value in self._train_step(batch, step).items():
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

    def _train_step(self, batch: list[Tensor], step: int) -> dict[str, float]:
        loss, figures = self.measure(*batch)
        value = float(loss.detach())
        if not math.isfinite(value):
            raise PocketmatteError(
                f"the loss became {value} in step {step}; lower `learning_rate` in the recipe "
                "and --resume"
            )
        self.precision.step(loss, self.optimizer, self.recipe.gradient_clip)
        if self.world.is_main:
            self.ema.update(self.network, step)
        return {"loss": value, **figures}

    def _kept(self) -> dict:
        """What a checkpoint keeps of the network that was validated."""
        weights = self.result.state_dict()
        if self.recipe.halves:
            floats = {key for key, value in weights.items() if value.is_floating_point()}
            weights = {k: v.half() if k in floats else v for k, v in weights.items()}
        return {"weights": weights}

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
                "average": self.ema.average.state_dict(),
                "optimizer": self.optimizer.state_dict(),
                "schedule": self.schedule.state(),
                "precision": self.precision.state(),
                "history": self.history.rows,
            },
        )
        checkpoint.save(self.out / LAST)
        past = [row[self.best_figure] for row in self.history.rows]
        if figures[self.best_figure] == (min(past) if self.best_is_least else max(past)):
            checkpoint.training = {}
            checkpoint.save(self.out / BEST)
        self.history.write()


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
