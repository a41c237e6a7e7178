"""Harmonise: change the person's colours so that they belong to the new background."""

import cv2
import numpy as np

from pocketmatte.filters.checks import check_layers, check_range
from pocketmatte.harmony.change import Change
from pocketmatte.harmony.network import DEFAULT, open_harmonizer

# a proposal that would move colours by less than this many levels is noise: the layers match
_NOISE, _CLEAR = 12.0, 16.0
_SIDE = 48  # a proposal's size is judged on so many rows or columns of the picture
_PACE = 0.12  # of the way to the newest proposal, per frame of a video


def harmonize(
    foreground: np.ndarray,
    alpha: np.ndarray,
    background: np.ndarray,
    *,
    strength: float = 1.0,
    network: str = DEFAULT,
) -> np.ndarray:
    """Give the foreground the light and colours that a camera would have seen before this scene.

    A small network sees both layers and proposes a colour matrix, a tone curve and a coarse gain
    map (`Change`), which are applied at full size. It has learned from photos whose person was
    changed, as in Cong et al. 2020, "DoveNet: Deep Image Harmonization via Domain Verification".

    foreground, background: RGB uint8, HWC. alpha: float32 [0, 1], HW.
    strength: 0 keeps the foreground, 1 takes the proposal, up to 2 exaggerates it.
    network: a released harmoniser or a file: see `open_harmonizer`.
    Returns the new foreground, RGB uint8, HWC; the very same pixels where the layers match.
    Raises PocketmatteError for wrong layers or options, or a network that cannot be opened.
    """
    check_layers(foreground, alpha, background)
    check_range("strength", strength, 0, 2)
    if strength == 0:
        return foreground
    proposal = open_harmonizer(network)(foreground, alpha, background)
    return _carry_out(proposal, strength, foreground, alpha)


class Steady:
    """`harmonize` for frames that follow each other: the proposals are averaged over time."""

    def __init__(self):
        self._change: Change | None = None

    def __call__(
        self,
        foreground: np.ndarray,
        alpha: np.ndarray,
        background: np.ndarray,
        *,
        strength: float = 1.0,
        network: str = DEFAULT,
    ) -> np.ndarray:
        """As `harmonize`."""
        check_layers(foreground, alpha, background)
        check_range("strength", strength, 0, 2)
        proposal = open_harmonizer(network)(foreground, alpha, background)
        known = self._change
        if known is None or known.gain.shape != proposal.gain.shape:
            self._change = proposal
        else:
            self._change = known.toward(proposal, _PACE)
        return _carry_out(self._change, strength, foreground, alpha)


def _carry_out(
    proposal: Change, strength: float, foreground: np.ndarray, alpha: np.ndarray
) -> np.ndarray:
    """Apply a proposal as far as it stands out from the noise of proposals."""
    size = judge(proposal, foreground, alpha)
    doubt = np.clip((size - _NOISE) / (_CLEAR - _NOISE), 0, 1)
    factor = strength * float(doubt)
    return (proposal * factor).apply(foreground, alpha) if factor else foreground


def judge(proposal: Change, foreground: np.ndarray, alpha: np.ndarray) -> float:
    """How far the proposal would move the person's colours: mean, in levels of 255."""
    step = max(1, min(alpha.shape) // _SIDE)
    small, share = (np.ascontiguousarray(layer[::step, ::step]) for layer in (foreground, alpha))
    weight = float(share.sum())
    if not weight:
        return 0.0
    moved = cv2.absdiff(proposal.apply(small, share), small)
    return float((moved.mean(2) * share).sum()) / weight
