"""Find pictures that show the same thing, though re-sized, re-compressed or mirrored.

Two 64-bit fingerprints (a DCT hash and a gradient hash, Zauner 2010, "Implementation and
Benchmarking of Perceptual Image Hash Functions") find candidates; a small grey thumbnail decides.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

THUMB = 24
DISTANCE = 7
CORRELATION = 0.97

_ONES = np.array([bin(byte).count("1") for byte in range(256)], np.uint8)


@dataclass(frozen=True)
class Fingerprint:
    """What is remembered of a picture: about 1200 bytes.

    phash: uint8 [8], 64 signs of low DCT frequencies. dhash: uint8 [8], 64 signs of horizontal
    gradients. thumb: float16 [THUMB * THUMB], grey, zero mean and unit length.
    """

    phash: np.ndarray
    dhash: np.ndarray
    thumb: np.ndarray


def fingerprint(image: np.ndarray) -> Fingerprint:
    """The fingerprint of an RGB (or grey) uint8 picture of any size."""
    grey = image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    small = cv2.resize(grey, (32, 32), interpolation=cv2.INTER_AREA).astype(np.float32)
    low = cv2.dct(small)[:8, :8].ravel()
    gradients = cv2.resize(small, (9, 8), interpolation=cv2.INTER_AREA)
    thumb = cv2.resize(grey, (THUMB, THUMB), interpolation=cv2.INTER_AREA).astype(np.float32)
    thumb = thumb.ravel() - thumb.mean()
    length = float(np.linalg.norm(thumb))
    return Fingerprint(
        phash=np.packbits(low > np.median(low[1:])),
        dhash=np.packbits(np.diff(gradients) > 0),
        thumb=(thumb / max(length, 1e-6)).astype(np.float16),
    )


def hamming(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Number of bits in which packed hashes (uint8 [..., 8]) differ, int [...]."""
    return _ONES[first ^ second].sum(-1, dtype=int)


@dataclass(frozen=True)
class Pair:
    """Pictures number `first` < `second` are near-duplicates; correlation of their thumbnails."""

    first: int
    second: int
    correlation: float
    mirrored: bool


def near_duplicates(
    prints: list[Fingerprint],
    mirrored: list[Fingerprint] | None = None,
    distance: int = DISTANCE,
    correlation: float = CORRELATION,
) -> list[Pair]:
    """All pairs of near-duplicates, in order.

    Two hashes at most 7 bits apart share at least one of their 8 bytes, so only pictures that
    share a byte are compared: far fewer than all pairs. Either hash may bring a pair up.

    Args:
        prints: fingerprints of the pictures.
        mirrored: of the same pictures flipped left to right; finds mirrored copies too.
        distance: largest Hamming distance of either hash, 0 to 7.
        correlation: smallest correlation of the thumbnails, 0 to 1.
    """
    if len(prints) < 2:
        return []
    found: dict[tuple[int, int], Pair] = {}
    thumbs = _thumbs(prints)
    for others in (prints, mirrored) if mirrored else (prints,):
        other_thumbs = thumbs if others is prints else _thumbs(others)
        for kind in ("phash", "dhash"):
            mine = np.stack([getattr(p, kind) for p in prints])
            theirs = mine if others is prints else np.stack([getattr(p, kind) for p in others])
            for first, second in _candidates(mine, theirs):
                near = hamming(mine[first], theirs[second]) <= distance
                first, second = first[near], second[near]
                alike = np.einsum("ij,ij->i", thumbs[first], other_thumbs[second])
                for a, b, value in zip(first, second, alike, strict=True):
                    if value >= correlation:
                        pair = Pair(int(a), int(b), float(value), others is not prints)
                        found.setdefault((pair.first, pair.second), pair)
    return [found[key] for key in sorted(found)]


def groups(count: int, pairs: list[Pair]) -> list[list[int]]:
    """All `count` pictures in groups of near-duplicates, most of one; in order of first picture."""
    parent = list(range(count))

    def root(item: int) -> int:
        while parent[item] != item:
            parent[item] = parent[parent[item]]
            item = parent[item]
        return item

    for pair in pairs:
        a, b = root(pair.first), root(pair.second)
        parent[max(a, b)] = min(a, b)
    members: dict[int, list[int]] = {}
    for item in range(count):
        members.setdefault(root(item), []).append(item)
    return list(members.values())


def _thumbs(prints: list[Fingerprint]) -> np.ndarray:
    return np.stack([p.thumb for p in prints]).astype(np.float32)


def _candidates(hashes: np.ndarray, others: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Index pairs (a, b), a != b, of hashes and others that share a byte; in batches."""
    for byte in range(hashes.shape[1]):
        order = np.argsort(others[:, byte], kind="stable")
        starts = np.searchsorted(others[order, byte], np.arange(257))
        for value in np.unique(hashes[:, byte]):
            mine = np.flatnonzero(hashes[:, byte] == value)
            theirs = order[starts[value] : starts[int(value) + 1]]
            for start in range(0, len(mine), 512):
                first, second = np.meshgrid(mine[start : start + 512], theirs, indexing="ij")
                once = first.ravel() < second.ravel()
                if once.any():
                    yield first.ravel()[once], second.ravel()[once]
