"""Structured pruning: whole hidden channels leave the inverted residuals, no zeros stay behind.

A hidden channel is made by one filter of the expansion, filtered alone, and read by one column of
the projection: without it three convolutions shrink, and nothing outside the block notices. Those
go that contribute least, and the projection is refitted by least squares to what the whole block
gave (channel pruning, He 2017). Fine-tune the result.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn

from pocketmatte.errors import PocketmatteError
from pocketmatte.models.checkpoint import Checkpoint
from pocketmatte.models.encoders import Encoder
from pocketmatte.models.layers import InvertedResidual
from pocketmatte.models.pretrained import fit_projection
from pocketmatte.models.registry import Model

STEP = 8
"""Channels are left in multiples of it: processors take them in packs."""


def prune(checkpoint: Checkpoint, keep: float, pictures: Tensor) -> Checkpoint:
    """A checkpoint of the same network with fewer hidden channels, ready to be fine-tuned.

    Args:
        keep: share of the hidden channels of each block that stays, inside (0, 1).
        pictures: normalised, `[B, 3, H, W]`; some thirty show which channels matter.

    Raises:
        PocketmatteError: a share that leaves nothing or everything, or an architecture without
            blocks that can be pruned.
    """
    if not 0 < keep < 1:
        raise PocketmatteError(f"keep {keep} is outside (0, 1); take 0.75 for three quarters")
    whole, thin = checkpoint.network(), checkpoint.network()
    blocks = prunable(whole)
    if not blocks:
        raise PocketmatteError(
            f"{checkpoint.architecture} has no inverted residuals whose hidden channels can go"
        )
    counts = [max(STEP, round(keep * block.hidden / STEP) * STEP) for block in blocks]
    counts = [min(count, block.hidden) for count, block in zip(counts, blocks, strict=True)]
    wanted = _watch(whole, blocks, pictures)
    narrow(thin, counts)
    _carry_over(blocks, prunable(thin), wanted, thin, pictures)
    return replace(
        checkpoint,
        options={**checkpoint.options, "hidden": counts},
        weights=thin.state_dict(),
        recipe={**checkpoint.recipe, "options": {**checkpoint.options, "hidden": counts}},
        scores={},
        training={},
    )


def prunable(network: nn.Module) -> list[InvertedResidual]:
    """The blocks whose hidden channels nobody else sees, in order.

    Not those with a squeeze inside, and not those whose expansion is a skip of the decoder.
    """
    tapped = {
        block
        for encoder in network.modules()
        if isinstance(encoder, Encoder) and encoder.tap_expanded
        for block in encoder.blocks
        if block.stride == 2
    }
    return [
        block
        for block in network.modules()
        if isinstance(block, InvertedResidual)
        and block not in tapped
        and not block.squeeze
        and not isinstance(block.expand, nn.Identity)
    ]


def narrow(network: nn.Module, hidden: Sequence[int]) -> None:
    """Give the prunable blocks so many hidden channels: the first ones, in place.

    Raises PocketmatteError when the numbers do not fit the network.
    """
    blocks = prunable(network)
    if len(blocks) != len(hidden):
        raise PocketmatteError(f"{len(hidden)} numbers of channels for {len(blocks)} blocks")
    for block, count in zip(blocks, hidden, strict=True):
        if not 0 < count <= block.hidden:
            raise PocketmatteError(f"{count} hidden channels wanted of {block.hidden}")
        _keep(block, torch.arange(count))


def _keep(block: InvertedResidual, channels: Tensor) -> None:
    expand, (depthwise, _, project) = block.expand, block.reduce
    for conv, bn in (expand[:2], depthwise[:2]):
        conv.weight = nn.Parameter(conv.weight.detach()[channels])
        conv.out_channels = bn.num_features = len(channels)
        for key in ("weight", "bias"):
            setattr(bn, key, nn.Parameter(getattr(bn, key).detach()[channels]))
        for key in ("running_mean", "running_var"):
            setattr(bn, key, getattr(bn, key)[channels])
    depthwise[0].in_channels = depthwise[0].groups = len(channels)
    project[0].weight = nn.Parameter(project[0].weight.detach()[:, channels])
    project[0].in_channels = block.hidden = len(channels)


@torch.no_grad()
def _watch(whole: Model, blocks: list[InvertedResidual], pictures: Tensor) -> list[dict]:
    """What each block does with the pictures: contribution of its channels, and its result."""
    seen: list[dict] = [{} for _ in blocks]
    hooks = []
    for block, notes in zip(blocks, seen, strict=True):

        def rate(module, inputs, hidden, notes=notes, block=block):
            weight = block.reduce[2][0].weight.flatten(1)
            notes["score"] = hidden.transpose(0, 1).flatten(1).std(1) * weight.norm(dim=0)

        def result(module, inputs, output, notes=notes, block=block):
            notes["goal"] = output + notes["input"] if block.residual else output

        hooks += [_note_input(block, notes), block.reduce[1].register_forward_hook(rate)]
        hooks += [block.reduce.register_forward_hook(result)]
    whole(pictures)
    for hook in hooks:
        hook.remove()
    return seen


@torch.no_grad()
def _carry_over(
    blocks: list[InvertedResidual],
    thin_blocks: list[InvertedResidual],
    wanted: list[dict],
    thin: Model,
    pictures: Tensor,
) -> None:
    """Copy the channels that stay, then run once: each block is refitted when its turn comes."""
    hooks = []
    for block, thin_block, notes in zip(blocks, thin_blocks, wanted, strict=True):
        _keep(block, notes["score"].topk(thin_block.hidden).indices.sort().values)
        thin_block.load_state_dict(block.state_dict())

        def refit(module, inputs, hidden, block=thin_block, notes=notes):
            goal = notes["goal"] - notes["input"] if block.residual else notes["goal"]
            fit_projection(block.reduce[2], hidden, goal)

        hooks += [_note_input(thin_block, notes), thin_block.reduce[1].register_forward_hook(refit)]
    thin(pictures)
    for hook in hooks:
        hook.remove()


def _note_input(block: InvertedResidual, notes: dict):
    """Encoders call the two halves of a strided block, not the block: look at the first half."""

    def note(module, inputs):
        notes["input"] = inputs[0]

    return block.expand.register_forward_pre_hook(note)
