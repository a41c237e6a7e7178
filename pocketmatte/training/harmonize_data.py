"""The pairs that a harmoniser is trained on, as tensors."""

from __future__ import annotations

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from pocketmatte.data.dataset import Pool
from pocketmatte.data.harmony import Pair, split_layers, training_pair
from pocketmatte.data.transforms import random_view, warp
from pocketmatte.errors import PocketmatteError
from pocketmatte.models.harmonizer import Harmonizer

_AT_ONCE = 64  # pairs that are looked at


class HarmonyDataset(Dataset):
    """Training pairs of a pool, one per key (epoch, index, height, width)."""

    def __init__(self, pool: Pool, *, composites: float, moods: float, zoom, seed: int):
        if composites and not pool.backgrounds:
            raise PocketmatteError(
                "composites need pictures in <data>/backgrounds; add some or set composites: 0"
            )
        self.composites, self.moods, self.zoom, self.seed = composites, moods, zoom, seed
        self.backgrounds, self.people = pool.backgrounds, [split_layers(p) for p in pool.people]

    def __len__(self) -> int:
        return len(self.people)

    def __getitem__(self, key: tuple[int, int, int, int]) -> tuple[Tensor]:
        """A pair as `to_tensor` gives it."""
        epoch, index, *out = key
        rng = np.random.default_rng((self.seed, epoch, index))
        layers = self.people[index]
        view = random_view(rng, layers[1].shape[:2], out, self.zoom)
        layers = tuple(warp(layer, view, tuple(out), cv2.BORDER_REFLECT_101) for layer in layers)
        sources = self.backgrounds, self.people
        pair = training_pair(rng, layers, *sources, self.composites, moods=self.moods)
        return (to_tensor(pair),)


class ObservedDataset(Dataset):
    """Pairs that were drawn once, with what a network that stays observes of them.

    pairs: where they are drawn from, `draws` of each picture; epochs use them in turn. Those of
    one draw are square, tall or wide, of about side x side pixels, of which every third is kept.
    """

    def __init__(self, pairs: HarmonyDataset, network: Harmonizer, draws: int, side: int):
        step, shapes = network.stride, []
        for draw in range(draws):
            taller = (0, step, -step)[draw % 3]
            shapes.append((side + taller, side - taller))
        network.eval()
        self.draws = [
            _observe_all(network, pairs, draw, shape) for draw, shape in enumerate(shapes)
        ]
        self.count = len(pairs)

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, key: tuple[int, int, int, int]) -> tuple[Tensor, Tensor, Tensor]:
        """Facts and cells as `Harmonizer.observe` gives them (cells float16), and the pair."""
        epoch, index = key[:2]
        return tuple(part[index] for part in self.draws[epoch % len(self.draws)])


def to_tensor(pair: Pair) -> Tensor:
    """A pair as uint8 [10, H, W]: the person, alpha, the background, the answer."""
    alpha = np.rint(pair.alpha * 255).astype(np.uint8)
    parts = np.dstack([pair.foreground, alpha, pair.background, pair.target])
    return torch.from_numpy(parts).permute(2, 0, 1)


def to_layers(pairs: Tensor) -> Tensor:
    """What the network sees, `[B, 8, H, W]`, of pairs uint8."""
    pairs = pairs.float() / 255
    alpha = pairs[:, 3:4]
    layers = [pairs[:, :3] * alpha, alpha, pairs[:, 4:7] * (1 - alpha), 1 - alpha]
    return torch.cat(layers, 1).contiguous(memory_format=torch.channels_last)


@torch.no_grad()
def _observe_all(network: Harmonizer, pairs: HarmonyDataset, draw: int, shape) -> list[Tensor]:
    """Facts, cells and pairs of one draw of each picture."""
    device = next(network.parameters()).device
    parts = []
    for start in range(0, len(pairs), _AT_ONCE):
        indices = range(start, min(start + _AT_ONCE, len(pairs)))
        drawn = torch.stack([pairs[(draw, index, *shape)][0] for index in indices])
        facts, cells = network.observe(to_layers(drawn.to(device)))
        parts.append((facts.cpu(), cells.cpu().half(), drawn[..., 1::3, 1::3].clone()))
    return [torch.cat(part) for part in zip(*parts, strict=True)]
