"""A Selfie-Mixer into a narrower one for alpha, without training.

Before each stage's 3x3 convolution the width shrinks by a weighed SVD, hidden channels go as in
`prune`, and a head of six classes becomes a regression on the person's log-odds. Fine-tune the
result.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from pocketmatte.models.least_squares import narrowing, ridge
from pocketmatte.models.prune import carry_over, prunable
from pocketmatte.models.selfie_mixer import MixerStage, SelfieMixer

_SURE = 6.0
"""Log-odds beyond it say the same."""


@torch.no_grad()
def shrink(whole: SelfieMixer, thin: SelfieMixer, pictures: Tensor) -> None:
    """Fill `thin` in place.

    Args:
        whole: of one class, or with the published weights of six.
        thin: of one class, its `local` and hidden channels at most as many.
        pictures: `[B, 3, H, W]` as the networks take them, sides multiples of 16; 32 are plenty.
    """
    hidden = [[block.hidden for block in prunable(network)] for network in (whole, thin)]
    if hidden[0] != hidden[1]:
        stages = thin.eighth, thin.sixteenth
        middle = SelfieMixer([stage.local[0].in_channels for stage in stages]).eval()
        shrink(whole, middle, pictures)
        _thin(middle, thin, pictures)
        return
    for name in ("stem", "shallow", "quarter", "levels", "trunk"):
        getattr(thin, name).load_state_dict(getattr(whole, name).state_dict())
    x = whole.quarter(whole.shallow(whole.stem(pictures)))
    for stage, thin_stage in ((whole.eighth, thin.eighth), (whole.sixteenth, thin.sixteenth)):
        _narrow(stage, thin_stage, x)
        x = stage(x)
    scores = whole(pictures)
    if scores.shape[1] == 1:
        thin.head.load_state_dict(whole.head.state_dict())
        return
    odds = scores[:, 1:].logsumexp(1, keepdim=True) - scores[:, :1]
    _fit_head(thin, thin.features(pictures), odds.clamp(-_SURE, _SURE))


def _thin(whole: SelfieMixer, thin: SelfieMixer, pictures: Tensor) -> None:
    wanted = thin.state_dict()
    fits = {k: v for k, v in whole.state_dict().items() if v.shape == wanted[k].shape}
    thin.load_state_dict(wanted | fits)
    carry_over(whole, thin, pictures)


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
