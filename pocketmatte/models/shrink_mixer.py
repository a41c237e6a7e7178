"""The published Selfie-Mixer of six classes into a narrower one for alpha, without training.

Before each stage's 3x3 convolution the width shrinks by a weighed SVD, and the head becomes a
regression on the person's log-odds. Fine-tune the result; `prune` can thin it further.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from pocketmatte.models.least_squares import narrowing, ridge
from pocketmatte.models.selfie_mixer import MixerStage, SelfieMixer

_SURE = 6.0
"""Log-odds beyond it say the same."""


@torch.no_grad()
def shrink(whole: SelfieMixer, thin: SelfieMixer, pictures: Tensor) -> None:
    """Fill `thin` in place.

    Args:
        whole: with the published weights of six classes.
        thin: of one class, its `local` at most as wide.
        pictures: `[B, 3, H, W]` as the networks take them, sides multiples of 16; 32 are plenty.
    """
    for name in ("stem", "shallow", "quarter", "levels", "trunk"):
        getattr(thin, name).load_state_dict(getattr(whole, name).state_dict())
    x = whole.quarter(whole.shallow(whole.stem(pictures)))
    for stage, thin_stage in ((whole.eighth, thin.eighth), (whole.sixteenth, thin.sixteenth)):
        _narrow(stage, thin_stage, x)
        x = stage(x)
    scores = whole(pictures)
    odds = scores[:, 1:].logsumexp(1, keepdim=True) - scores[:, :1]
    _fit_head(thin, thin.features(pictures), odds.clamp(-_SURE, _SURE))


def _narrow(stage: MixerStage, thin: MixerStage, x: Tensor) -> None:
    project, reader = stage.reduce.project, stage.local[0]
    down, up = narrowing(stage.reduce(x), reader.weight, thin.local[0].in_channels)
    narrow = {
        "reduce.project.weight": torch.einsum("rc,cihw->rihw", down, project.weight.double()),
        "reduce.project.bias": down @ project.bias.double(),
        "local.0.weight": torch.einsum("kchw,cr->krhw", reader.weight.double(), up),
    }
    thin.load_state_dict({**stage.state_dict(), **narrow})


def _fit_head(thin: SelfieMixer, features: Tensor, odds: Tensor) -> None:
    """Every feature pixel tells four of the answer's."""
    weight, offset = ridge(features, functional.pixel_unshuffle(odds, 2))
    thin.head.weight.copy_(weight.T.reshape(-1, 1, 2, 2))
    thin.head.bias.copy_(offset.mean()[None])
