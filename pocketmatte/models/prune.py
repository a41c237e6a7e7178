"""Structured pruning: whole hidden channels leave the inverted residuals, no zeros stay behind.

A hidden channel is made by one filter of the expansion, filtered alone, perhaps gated, and read by
one column of the projection: without it these layers shrink, and nothing outside the block
notices. Those go that contribute least, and the projection is refitted by least squares to what
the whole block gave (channel pruning, He 2017). Fine-tune the result.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn

from pocketmatte.errors import PocketmatteError
from pocketmatte.models.checkpoint import Checkpoint
from pocketmatte.models.encoders import Encoder
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
            f"{checkpoint.architecture} has no blocks whose hidden channels can go"
        )
    counts = [max(STEP, round(keep * block.hidden / STEP) * STEP) for block in blocks]
    counts = [min(count, block.hidden) for count, block in zip(counts, blocks, strict=True)]
    narrow(thin, counts)
    carry_over(whole, thin, pictures)
    return replace(
        checkpoint,
        options={**checkpoint.options, "hidden": counts},
        weights=thin.state_dict(),
        recipe={**checkpoint.recipe, "options": {**checkpoint.options, "hidden": counts}},
        scores={},
        training={},
    )


def prunable(network: nn.Module) -> list[nn.Module]:
    """The blocks whose hidden channels nobody else sees, in order: see `HiddenParts`.

    Not those whose expansion is a skip of the decoder.
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
        if hasattr(block, "hidden_parts") and block not in tapped and block.hidden_parts()
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


def _keep(block: nn.Module, channels: Tensor) -> None:
    _, makers, gate, projection = block.hidden_parts()
    if gate is not None:
        _keep_inputs(gate.reduce, channels)
        makers = [*makers, (gate.expand, None)]
    for conv, norm in makers:
        _keep_outputs(conv, channels)
        conv.out_channels = len(channels)
        if conv.groups > 1:
            conv.in_channels = conv.groups = len(channels)
        if norm is not None:
            _keep_outputs(norm, channels)
            norm.num_features = len(channels)
            for key in ("running_mean", "running_var"):
                setattr(norm, key, getattr(norm, key)[channels])
    _keep_inputs(_convolution(projection), channels)
    block.hidden = len(channels)


def _keep_outputs(module: nn.Module, channels: Tensor) -> None:
    for key in ("weight", "bias"):
        if getattr(module, key) is not None:
            setattr(module, key, nn.Parameter(getattr(module, key).detach()[channels]))


def _keep_inputs(conv: nn.Conv2d, channels: Tensor) -> None:
    conv.weight = nn.Parameter(conv.weight.detach()[:, channels])
    conv.in_channels = len(channels)


def _convolution(projection: nn.Module) -> nn.Conv2d:
    return projection if isinstance(projection, nn.Conv2d) else projection[0]


@torch.no_grad()
def _watch(whole: Model, blocks: list[nn.Module], pictures: Tensor) -> list[dict]:
    """What each block does with the pictures: contribution of its channels, and its result."""
    seen: list[dict] = [{} for _ in blocks]
    hooks = []
    for block, notes in zip(blocks, seen, strict=True):
        _, _, gate, projection = block.hidden_parts()

        def rate(module, inputs, notes=notes):
            weight = _convolution(module).weight.flatten(1)
            notes["score"] = inputs[0].transpose(0, 1).flatten(1).std(1) * weight.norm(dim=0)

        def result(module, inputs, output, notes=notes, block=block):
            notes["goal"] = output + notes["input"] if block.residual else output

        def means(module, inputs, notes=notes):
            notes["means"] = inputs[0].mean((0, 2, 3))

        hooks += [_note_input(block, notes), projection.register_forward_pre_hook(rate)]
        hooks += [projection.register_forward_hook(result)]
        if gate is not None:
            hooks += [gate.register_forward_pre_hook(means)]
    whole(pictures)
    for hook in hooks:
        hook.remove()
    return seen


@torch.no_grad()
def carry_over(whole: Model, thin: Model, pictures: Tensor) -> None:
    """Fill the blocks of a narrowed network, whose other layers are the whole one's already.

    The channels that stay are copied; then it runs once: each block is refitted when its turn
    comes. Cuts `whole`'s blocks down, too.
    """
    blocks, thin_blocks = prunable(whole), prunable(thin)
    wanted, hooks = _watch(whole, blocks, pictures), []
    for block, thin_block, notes in zip(blocks, thin_blocks, wanted, strict=True):
        chosen = notes["score"].topk(thin_block.hidden).indices.sort().values
        if "means" in notes:
            _without_the_others(block.hidden_parts().gate.reduce, chosen, notes["means"])
        _keep(block, chosen)
        thin_block.load_state_dict(block.state_dict())

        def refit(module, inputs, block=thin_block, notes=notes):
            goal = notes["goal"] - notes["input"] if block.residual else notes["goal"]
            fit_projection(module, inputs[0], goal)

        hooks += [_note_input(thin_block, notes)]
        hooks += [thin_block.hidden_parts().projection.register_forward_pre_hook(refit)]
    thin(pictures)
    for hook in hooks:
        hook.remove()


def _without_the_others(reduce: nn.Conv2d, chosen: Tensor, means: Tensor) -> None:
    """What a gate sees of the channels that go, on average, becomes part of its bias."""
    others = means.clone()
    others[chosen] = 0
    reduce.bias.add_(reduce.weight.flatten(1) @ others)


def _note_input(block: nn.Module, notes: dict):
    """Encoders call the two halves of a strided block, not the block: look at its first layer."""

    def note(module, inputs):
        notes["input"] = inputs[0]

    return block.hidden_parts().first.register_forward_pre_hook(note)
