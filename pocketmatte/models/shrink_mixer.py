"""The whole Selfie-Mixer of six classes into a smaller one for alpha, without training.

Inside each inverted residual the channels stay that contribute most; what they no longer say is
made up by refitting the projection to the whole block's answer (channel pruning, He 2017). Between
the projections and the 3x3 convolutions of the stages the width shrinks by a weighed SVD. The head
is a regression on the person's log-odds. Fine-tune the result.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from pocketmatte.models.least_squares import narrowing, ridge
from pocketmatte.models.selfie_mixer import MixerBlock, MixerStage, SelfieMixer

_SURE = 6.0
"""Log-odds beyond it say the same."""


@torch.no_grad()
def shrink(whole: SelfieMixer, thin: SelfieMixer, pictures: Tensor) -> None:
    """Fill `thin` in place.

    Args:
        whole: with the published weights of six classes.
        thin: of one class; nowhere wider than `whole`.
        pictures: `[B, 3, H, W]` as the networks take them, sides multiples of 16; 32 are plenty.
    """
    for name in ("stem", "levels", "trunk"):
        getattr(thin, name).load_state_dict(getattr(whole, name).state_dict())
    wanted = seen = whole.stem(pictures)
    pairs = [(whole.shallow, thin.shallow), *zip(whole.quarter, thin.quarter, strict=True)]
    for block, thin_block in pairs:
        wanted, seen = _block(block, thin_block, wanted, seen)
    for stage, thin_stage in ((whole.eighth, thin.eighth), (whole.sixteenth, thin.sixteenth)):
        wanted, seen = _stage(stage, thin_stage, wanted, seen)
    scores = whole(pictures)
    odds = scores[:, 1:].logsumexp(1, keepdim=True) - scores[:, :1]
    _head(thin, thin.features(pictures), odds.clamp(-_SURE, _SURE))


def _block(
    block: MixerBlock, thin: MixerBlock, wanted: Tensor, seen: Tensor, down: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """down: of the block's answer only so much is wanted."""
    hidden = block.filter(block.expand(wanted))
    score = hidden.transpose(0, 1).flatten(1).std(1) * block.project.weight.flatten(1).norm(dim=0)
    kept = score.topk(thin.project.in_channels).indices.sort().values
    for name in ("expand", "filter"):
        layer, thin_layer = getattr(block, name)[0], getattr(thin, name)[0]
        thin_layer.weight.copy_(layer.weight[kept])
        thin_layer.bias.copy_(layer.bias[kept])
    answer = block.project(hidden)
    if block.residual:
        answer = answer + wanted
    goal = answer if down is None else torch.einsum("rc,bchw->brhw", down.float(), answer)
    rest = goal - seen if thin.residual else goal
    _set(thin.project, *ridge(thin.filter(thin.expand(seen)), rest))
    return answer, thin(seen)


def _stage(
    stage: MixerStage, thin: MixerStage, wanted: Tensor, seen: Tensor
) -> tuple[Tensor, Tensor]:
    reader = stage.local[0]
    down, up = narrowing(stage.reduce(wanted), reader.weight, thin.local[0].in_channels)
    answer, seen = _block(stage.reduce, thin.reduce, wanted, seen, down)
    thin.local[0].weight.copy_(torch.einsum("kchw,cr->krhw", reader.weight.double(), up))
    thin.local[0].bias.copy_(reader.bias)
    for name in ("mix", "attend"):
        getattr(thin, name).load_state_dict(getattr(stage, name).state_dict())
    return stage.attend(stage.mix(stage.local(answer))), thin.attend(thin.mix(thin.local(seen)))


def _head(thin: SelfieMixer, features: Tensor, odds: Tensor) -> None:
    """Every feature pixel tells four of the answer's."""
    weight, offset = ridge(features, torch.nn.functional.pixel_unshuffle(odds, 2))
    thin.head.weight.copy_(weight.T.reshape(-1, 1, 2, 2))
    thin.head.bias.copy_(offset.mean()[None])


def _set(layer: nn.Conv2d, weight: Tensor, offset: Tensor) -> None:
    layer.weight.copy_(weight[:, :, None, None])
    layer.bias.copy_(offset)
