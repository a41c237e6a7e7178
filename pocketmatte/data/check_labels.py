"""What can be wrong with one picture and its labels: pure functions of pixels."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from pocketmatte.data.layout import Sample, read_grey
from pocketmatte.errors import PocketmatteError

MIN_SIDE = 64
MIN_AGREEMENT = 0.90
EMPTY, FULL = 0.001, 0.995
GREY_SHARE = 0.01
SOFT_SHARE = 0.35

# kind -> (severity, what it means)
KINDS = {
    "unreadable": ("error", "a file cannot be decoded"),
    "size": ("error", "a label has another size than its picture"),
    "missing_label": ("error", "neither mask nor alpha, though a labelled split lists it"),
    "missing_picture": ("error", "a split lists a picture that is not there"),
    "mask_range": ("error", "the mask's brightest value is under 128: stored as 0 and 1?"),
    "inverted": ("error", "the label looks inverted: person black, background white"),
    "leak": ("error", "near-duplicates in a training and an evaluation split"),
    "same_name": ("error", "one picture is listed in several splits"),
    "empty": ("warning", "the label holds no person"),
    "full": ("warning", "the label holds nothing but person"),
    "mask_grey": ("warning", "the mask is not black and white"),
    "disagree": ("warning", "alpha and mask differ (IoU under 0.90)"),
    "soft": ("warning", "a large part of the alpha is neither 0 nor 1"),
    "trimap": ("warning", "the alpha has one grey level only: a trimap?"),
    "small": ("warning", "a side is under 64 pixels"),
    "blank": ("warning", "the picture has one colour only"),
    "orphan": ("warning", "a label without a picture"),
    "listed_twice": ("warning", "a split lists a picture twice"),
    "duplicate": ("warning", "near-duplicates in one split"),
    "leak_val": ("warning", "near-duplicates in a training split and the selection split"),
    "unlisted": ("note", "no split lists the picture"),
    "hard": ("note", "the alpha has no soft edge"),
}


@dataclass
class Finding:
    """Something to look at.

    kind: a key of KINDS. pictures: the names concerned. detail: figures, for people to read.
    score: how bad, larger is worse, comparable within a kind.
    """

    kind: str
    pictures: list[str]
    detail: str = ""
    score: float = 0.0

    @property
    def severity(self) -> str:
        return KINDS[self.kind][0]


@dataclass
class Facts:
    """What one look at a picture gives: its findings, and its size (height, width)."""

    findings: list[Finding] = field(default_factory=list)
    size: tuple[int, int] | None = None
    person_share: float | None = None
    agreement: float | None = None


def check_sample(sample: Sample) -> tuple[Facts, np.ndarray | None]:
    """Look at one picture: its facts, and the picture itself (None when it cannot be read)."""
    facts = Facts()

    def add(kind: str, detail: str = "", score: float = 0.0) -> None:
        facts.findings.append(Finding(kind, [sample.name], detail, score))

    image = _try(sample.read_image, sample.image, add)
    mask = _try(lambda: read_grey(sample.mask), sample.mask, add) if sample.mask else None
    alpha = _try(lambda: read_grey(sample.alpha), sample.alpha, add) if sample.alpha else None
    if image is None:
        return facts, None
    facts.size = image.shape[:2]
    if min(facts.size) < MIN_SIDE:
        add("small", f"{image.shape[1]}x{image.shape[0]}", 1 / min(facts.size))
    if image.min() == image.max():
        add("blank")
    for kind, label in (("mask", mask), ("alpha", alpha)):
        if label is not None and label.shape != facts.size:
            size = f"{label.shape[1]}x{label.shape[0]}"
            add("size", f"{kind} {size}, picture {image.shape[1]}x{image.shape[0]}")
    fits = [label for label in (mask, alpha) if label is not None and label.shape == facts.size]
    if mask is not None:
        _check_mask(mask, add)
    if alpha is not None:
        _check_alpha(alpha, add)
    inverted = False
    if len(fits) == 2:
        facts.agreement = iou(mask > 0.5, alpha > 0.5)
        inverted = iou(mask <= 0.5, alpha > 0.5) > max(0.5, facts.agreement)
        if inverted:
            add("inverted", "the alpha fits the inverted mask", 2.0)
        elif facts.agreement < MIN_AGREEMENT:
            add("disagree", f"IoU {facts.agreement:.3f}", 1 - facts.agreement)
    if fits:
        facts.person_share = float((fits[0] > 0.5).mean())
        _check_share(fits[0] > 0.5, inverted, add)
    return facts, image


def iou(first: np.ndarray, second: np.ndarray) -> float:
    """Intersection over union of bool masks; 1.0 when both are empty."""
    union = np.count_nonzero(first | second)
    return np.count_nonzero(first & second) / union if union else 1.0


def looks_inverted(mask: np.ndarray) -> float:
    """How much more the frame's top and upper corners are marked than its middle, -1 to 1.

    People stand in the middle and reach the bottom; the upper corners are background in nearly
    every portrait. Bool HW.
    """
    height, width = mask.shape
    top, side = max(1, height // 8), max(1, width // 8)
    corners = (mask[: height // 3, :side].mean() + mask[: height // 3, -side:].mean()) / 2
    edge = (mask[:top].mean() + corners) / 2
    third = width // 3
    middle = mask[height // 3 :, third : width - third].mean() if third else mask.mean()
    return float(edge - middle)


def _try(read, path: Path, add):
    try:
        return read()
    except (PocketmatteError, OSError, cv2.error):
        add("unreadable", str(path))
        return None


def _check_mask(mask: np.ndarray, add) -> None:
    top = float(mask.max())
    if 0 < top < 0.5:
        add("mask_range", f"brightest value {round(top * 255)}", top)
        return
    grey = float(((mask > 0.06) & (mask < 0.94)).mean())
    if grey > GREY_SHARE:
        add("mask_grey", f"{grey:.1%} of the pixels are grey", grey)


def _check_alpha(alpha: np.ndarray, add) -> None:
    soft = float(((alpha > 0.06) & (alpha < 0.94)).mean())
    levels = np.unique(np.round(alpha * 255).astype(np.uint8))
    if len(levels) == 3 and levels[0] < 8 and levels[2] > 247:
        add("trimap", f"values {', '.join(map(str, levels))}", soft)
    elif soft > SOFT_SHARE:
        add("soft", f"{soft:.0%} of the pixels", soft)
    elif len(levels) == 2:
        add("hard")


def _check_share(mask: np.ndarray, known: bool, add) -> None:
    share = float(mask.mean())
    if share < EMPTY:
        add("empty", f"{share:.2%} person", 1 - share)
    elif share > FULL:
        add("full", f"{share:.1%} person", share)
    else:
        score = looks_inverted(mask)
        if score > 0.5 and not known:
            add("inverted", f"the frame is marked more than the middle ({score:+.2f})", score)
