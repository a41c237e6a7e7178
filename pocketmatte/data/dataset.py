"""Pictures in memory and the stream of training batches drawn from them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import cv2
import numpy as np
import torch
from torch.utils.data import Dataset, Sampler

from pocketmatte.data.layout import DataFolder, Sample, read_rgb, read_rgba
from pocketmatte.data.synthesize import composite
from pocketmatte.data.transforms import (
    nobody,
    random_degradation,
    random_tone,
    random_view,
    warp,
)
from pocketmatte.errors import PocketmatteError
from pocketmatte.matting.preprocess import grid_size

# heights over widths of the views and how often; most as most photos are, because a view of
# another shape can only show a tight crop
_ASPECTS = {4 / 3: 0.5, 1.0: 0.2, 3 / 4: 0.14, 16 / 9: 0.08, 9 / 16: 0.08}


@dataclass
class Pool:
    """Everything that training pictures are made of, decoded and shrunk, held in memory."""

    people: list[np.ndarray]
    """RGBA uint8: real pictures with their alpha."""
    pasteable: list[np.ndarray]
    """RGBA uint8: the people that composites use."""
    backgrounds: list[np.ndarray]
    """RGB uint8."""


def load_pool(
    data: DataFolder,
    splits: list[str],
    *,
    side: int = 320,
    mask_sets: tuple[str, ...] = (),
    outline_sets: Mapping[str, float] | None = None,
    repeat: Mapping[str, int] | None = None,
    min_agreement: float = 0.9,
    limit: int | None = None,
) -> Pool:
    """Read the pictures of some splits, and all backgrounds and cut-outs.

    Args:
        side: pictures are shrunk to this length of their longer side.
        mask_sets: sets whose masks decide what is a person, the alpha only how soft the edge is.
        outline_sets: share that the masks of some sets have in the label: above a half, they say
            where the outline is, and the rest is the alpha's softness.
        repeat: how often a set's pictures are shown in an epoch; once by default.
        min_agreement: pictures whose mask and alpha agree less (IoU) are left out.
        limit: use only so many pictures, spread evenly.
    """
    samples = [s for split in splits for s in data.split(split)]
    agreement = data.agreement()
    samples = [s for s in samples if agreement.get(s.name, 1.0) >= min_agreement]
    if limit:
        samples = samples[:: max(1, len(samples) // limit)][:limit]
    if not samples:
        raise PocketmatteError(f"{data.root}: no pictures left to train on in {splits}")
    with ThreadPoolExecutor(2) as threads:  # decoding releases the interpreter lock
        read = partial(_labelled, mask_sets=mask_sets, outline_sets=outline_sets or {}, side=side)
        people = list(threads.map(read, samples))
        people = [
            picture
            for sample, picture in zip(samples, people, strict=True)
            for _ in range((repeat or {}).get(sample.set, 1))
        ]
        backgrounds = list(threads.map(lambda p: _shrink(read_rgb(p), side), data.backgrounds()))
        cutouts = list(threads.map(lambda p: _shrink(_rgba(p), side), data.cutouts()))
    return Pool(people, people + cutouts, backgrounds)


class MattingDataset(Dataset):
    """Views and composites of a pool, one per key (epoch, index, height, width)."""

    def __init__(
        self,
        pool: Pool,
        *,
        composites: float,
        zoom: tuple[float, float],
        seed: int,
        disturbed: float = 1.0,
        empty: float = 0.0,
    ):
        self.pool, self.composites, self.zoom, self.seed = pool, composites, zoom, seed
        self.disturbed, self.empty = disturbed, empty
        if composites and not pool.backgrounds:
            raise PocketmatteError(
                "composites need pictures in <data>/backgrounds; add some or set composites: 0"
            )

    def __getitem__(self, key: tuple[int, int, int, int]) -> tuple[torch.Tensor, torch.Tensor]:
        """Picture float32 [3, H, W] in [0, 1] and alpha float32 [1, H, W]."""
        epoch, index, *out = key
        rng = np.random.default_rng((self.seed, epoch, index))
        if self.empty and rng.random() < self.empty:
            image, alpha, disturbed = nobody(rng, tuple(out)), np.zeros(out, np.uint8), False
        elif rng.random() < self.composites:
            image, alpha = composite(rng, self.pool.pasteable, self.pool.backgrounds, tuple(out))
            disturbed = True
        else:
            rgba = self.pool.people[index]
            view = random_view(rng, rgba.shape[:2], out, self.zoom)
            rgba = warp(rgba, view, tuple(out), cv2.BORDER_REFLECT_101)
            image, alpha = rgba[..., :3].copy(), rgba[..., 3]
            if disturbed := rng.random() < self.disturbed:
                image = random_tone(rng, image)
        if disturbed:
            image = random_degradation(rng, image)
        tensor = torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1)))
        return tensor.float() / 255, torch.from_numpy(alpha.copy())[None].float() / 255


class EpochSampler(Sampler):
    """Batches of keys in random order, all pictures of a batch with one shape.

    The order depends on seed and epoch alone.
    """

    def __init__(self, count: int, batch: int, *, seed: int, stride: int):
        self.count, self.batch, self.seed, self.stride = count, batch, seed, stride
        self.epoch, self.side = 0, 128

    def __len__(self) -> int:
        return self.count // self.batch

    def __iter__(self) -> Iterator[list[tuple[int, int, int, int]]]:
        rng = np.random.default_rng((self.seed, self.epoch))
        order = rng.permutation(self.count)
        for start in range(0, len(self) * self.batch, self.batch):
            aspect = rng.choice(list(_ASPECTS), p=list(_ASPECTS.values()))
            aspect *= np.exp(rng.uniform(-0.1, 0.1))
            height, width = grid_size(1000 * aspect, 1000, self.side**2, self.stride)
            indices = order[start : start + self.batch]
            yield [(self.epoch, int(index), height, width) for index in indices]


def _labelled(
    sample: Sample, mask_sets: Collection[str], outline_sets: Mapping[str, float], side: int
) -> np.ndarray:
    alpha, mask = sample.read_alpha(), sample.read_mask()
    if alpha is None:
        if mask is None:
            raise PocketmatteError(f"{sample.image}: has neither mask nor alpha; label it first")
        alpha = mask.astype(np.float32)
    elif mask is not None and sample.set in mask_sets:
        alpha = np.where(_edge_band(mask), alpha, mask)
    if mask is not None and sample.set in outline_sets:
        share = outline_sets[sample.set]
        alpha = share * mask + (1 - share) * alpha
    rgba = np.dstack([sample.read_image(), np.round(alpha * 255).astype(np.uint8)])
    return _shrink(rgba, side)


def _edge_band(mask: np.ndarray) -> np.ndarray:
    size = max(3, round(0.03 * max(mask.shape))) | 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    return cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_GRADIENT, kernel) > 0


def _rgba(path) -> np.ndarray:
    rgb, alpha = read_rgba(path)
    return np.dstack([rgb, np.round(alpha * 255).astype(np.uint8)])


def _shrink(picture: np.ndarray, side: int) -> np.ndarray:
    factor = side / max(picture.shape[:2])
    if factor >= 1:
        return picture
    height, width = (max(1, round(n * factor)) for n in picture.shape[:2])
    return cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
