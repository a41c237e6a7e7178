"""Training of a harmoniser: pairs made on the fly, checkpoints, exact resume."""

from __future__ import annotations

import math
import time
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from pocketmatte.data.dataset import EpochSampler, Pool, load_pool
from pocketmatte.data.harmony import Pair, photo_pair, training_pair
from pocketmatte.data.shards import open_data
from pocketmatte.data.transforms import random_view, warp
from pocketmatte.errors import PocketmatteError
from pocketmatte.export.export import export
from pocketmatte.models import create_model
from pocketmatte.models.checkpoint import Checkpoint, load_checkpoint
from pocketmatte.training.ema import EMA
from pocketmatte.training.harmonize_loss import apply_proposals, foreground_loss
from pocketmatte.training.history import History
from pocketmatte.training.loop import BEST, LAST, open_device
from pocketmatte.training.recipe import Recipe
from pocketmatte.training.schedule import Schedule, side_at


class HarmonyDataset(Dataset):
    """Training pairs of a pool, one per key (epoch, index, height, width)."""

    def __init__(self, pool: Pool, *, composites: float, zoom: tuple[float, float], seed: int):
        self.pool, self.composites, self.zoom, self.seed = pool, composites, zoom, seed

    def __getitem__(self, key: tuple[int, int, int, int]) -> tuple[Tensor, Tensor]:
        """Layers float32 [8, H, W] and the answer float32 [3, H, W], in [0, 1]."""
        epoch, index, *out = key
        rng = np.random.default_rng((self.seed, epoch, index))
        rgba = self.pool.people[index]
        view = random_view(rng, rgba.shape[:2], out, self.zoom)
        rgba = warp(rgba, view, tuple(out), cv2.BORDER_REFLECT_101)
        return to_tensors(training_pair(rng, rgba, self.pool.backgrounds, self.composites))


class HarmonyTrainer:
    """Owns the network, its average, the optimizer and the data of one training run.

    Args: as for `pocketmatte.training.loop.Trainer`.
    """

    def __init__(self, recipe: Recipe, data, out, *, device: str = "cpu", progress=None):
        self.recipe, self.out, self.progress = recipe, Path(out), progress
        self.device = open_device(device)
        if recipe.threads:
            torch.set_num_threads(recipe.threads)
        cv2.setNumThreads(1)
        torch.manual_seed(recipe.seed)
        folder = open_data(data)
        pool = load_pool(folder, recipe.train_splits, side=recipe.picture_side, limit=recipe.limit)
        if not pool.backgrounds:
            raise PocketmatteError(f"{data}: no pictures in backgrounds/; add some")
        self.network = create_model(recipe.architecture, **recipe.options)
        self.network.to(self.device, memory_format=torch.channels_last)
        self.ema = EMA(self.network, recipe.ema)
        self.validation = _validation(folder, recipe)
        dataset = HarmonyDataset(
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
        self.loader = DataLoader(dataset, batch_sampler=self.sampler, num_workers=recipe.workers)
        self.schedule = Schedule(recipe, len(self.sampler))
        self.optimizer = torch.optim.AdamW(
            self.network.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay
        )
        self.history = History(self.out, recipe.tensorboard)
        self.epoch = 0

    def resume(self) -> None:
        """Continue from `out/last.pt` exactly where its epoch ended."""
        checkpoint = load_checkpoint(self.out / LAST)
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
            figures = self._train_epoch() | self._validate()
            self.schedule.epoch_ended(figures["val_loss"])
            self.epoch += 1
            self.history.add(epoch=self.epoch, **figures, seconds=time.monotonic() - started)
            self._save(figures)
        return self.history

    def _train_epoch(self) -> dict[str, float]:
        recipe, steps = self.recipe, len(self.sampler)
        torch.manual_seed(recipe.seed * 100_003 + self.epoch)
        self.sampler.epoch = self.epoch
        self.sampler.side = side_at(recipe.resolution, self.epoch / recipe.epochs)
        self.network.train()
        total, error, rate = 0.0, 0.0, 0.0
        for index, (layers, target) in enumerate(self.loader):
            step = self.epoch * steps + index
            rate = self.schedule.rate(step)
            for group in self.optimizer.param_groups:
                group["lr"] = rate
            loss, fmse = self._loss(self.network, layers, target)
            if not math.isfinite(float(loss.detach())):
                raise PocketmatteError(
                    f"the loss became {float(loss.detach())} in step {step}; lower "
                    "`learning_rate` in the recipe and --resume"
                )
            self.optimizer.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.network.parameters(), recipe.gradient_clip)
            self.optimizer.step()
            self.ema.update(self.network, step)
            total, error = total + float(loss.detach()), error + float(fmse.detach())
            if self.progress:
                done = index + 1
                self.progress(self.epoch, done, steps, {"loss": total / done, "fmse": error / done})
        means = {"loss": total / steps, "fmse": error / steps}
        return {**means, "learning_rate": rate, "side": self.sampler.side}

    def _loss(self, network, layers: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        layers = layers.to(self.device, memory_format=torch.channels_last)
        proposals = network(layers)
        # every second pixel each way tells as much of a smooth change as all
        layers, target = layers[..., ::2, ::2], target.to(self.device)[..., ::2, ::2]
        alpha = layers[:, 3:4]
        foreground = layers[:, :3] / alpha.clamp_min(1 / 255)
        changed = apply_proposals(proposals, foreground, alpha)
        return foreground_loss(changed, target, alpha)

    @torch.no_grad()
    def _validate(self) -> dict[str, float]:
        rows = [
            [float(value) for value in self._loss(self.ema.average, *batch)]
            for batch in self.validation
        ]
        loss, fmse = np.mean(rows, axis=0)
        return {"val_loss": float(loss), "val_fmse": float(fmse)}

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
        if figures["val_fmse"] <= min(row["val_fmse"] for row in self.history.rows):
            checkpoint.training = {}
            checkpoint.save(self.out / BEST)
        self.history.write()


def train_harmonizer(
    recipe: Recipe, data, out: str | Path, resume: bool = False, device: str = "cpu", progress=None
) -> History:
    """`training.loop.train` for a harmoniser; the best network has the least `val_fmse`."""
    trainer = HarmonyTrainer(recipe, data, out, device=device, progress=progress)
    if resume:
        trainer.resume()
    history = trainer.run()
    best = load_checkpoint(Path(out) / BEST)
    best.recipe = recipe.to_dict()
    export(best, out)
    return history


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
    batches = []
    for number, sample in enumerate(folder.split(recipe.val_split)[: recipe.limit]):
        image, alpha = sample.read_image(), sample.read_alpha()
        alpha = sample.read_mask().astype(np.float32) if alpha is None else alpha
        rgba = np.dstack([image, np.round(alpha * 255).astype(np.uint8)])
        rgba = cv2.resize(rgba, (side, side), interpolation=cv2.INTER_AREA)
        pair = photo_pair(np.random.default_rng((recipe.seed, number)), rgba)
        batches.append(tuple(tensor[None] for tensor in to_tensors(pair)))
    return batches
