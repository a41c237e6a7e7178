"""What a training starts from: ImageNet features or an earlier checkpoint."""

from __future__ import annotations

from copy import deepcopy

import cv2
import numpy as np
import torch

from pocketmatte.errors import PocketmatteError
from pocketmatte.models import Model
from pocketmatte.models.checkpoint import Checkpoint, load_checkpoint
from pocketmatte.models.pretrained import load_imagenet
from pocketmatte.models.published import load_selfie
from pocketmatte.training.fetch import fetch
from pocketmatte.training.recipe import Recipe

# package, file in it, sha256: 0.1 M parameters, Apache-2.0
_SELFIE = (
    "npm:@mediapipe/selfie_segmentation@0.1.1675465747",
    "package/selfie_segmentation.tflite",
    "8d13b7fae74af625c641226813616a2117bd6bca19eb3b75574621fc08557f27",
)


def initialise(network: Model, recipe: Recipe, people: list[np.ndarray]) -> None:
    """Fill a fresh network as `recipe.pretrained` says.

    Args:
        people: training pictures (RGBA uint8); some of them tune a thinned ImageNet encoder.
    """
    start = recipe.pretrained
    if start is None:
        return
    if start == "imagenet":
        _start_from_imagenet(network, recipe, people)
        return
    if isinstance(start, list):
        for member, source in zip(network.members, start, strict=True):
            member.network.load_state_dict(_weights(source, member.network, recipe))
        return
    shares = start if isinstance(start, dict) else {start: 1.0}
    states = [_weights(source, network, recipe) for source in shares]
    total = sum(shares.values())
    mixed = {
        name: sum(
            share / total * state[name]
            for share, state in zip(shares.values(), states, strict=True)
        )
        for name in states[0]
    }
    network.load_state_dict(mixed)


def starting_points(recipe: Recipe) -> list[Checkpoint]:
    """The checkpoints that a training goes on from: none, one, or those of a mean or of members."""
    start = recipe.pretrained
    names = start if isinstance(start, dict | list) else [start]
    return [load_checkpoint(name) for name in names if name not in (None, "imagenet", "selfie")]


def _weights(source: str, network: Model, recipe: Recipe) -> dict[str, torch.Tensor]:
    """All weights of the network, as one source has them."""
    if source == "selfie":
        network = deepcopy(network)
        load_selfie(network, fetch(*_SELFIE))
        return network.state_dict()
    checkpoint, wanted = load_checkpoint(source), network.state_dict()
    shapes = [
        {name: value.shape for name, value in s.items()} for s in (checkpoint.weights, wanted)
    ]
    if shapes[0] != shapes[1]:
        raise PocketmatteError(
            f"{source}: holds {checkpoint.architecture}, which does not fit "
            f"{recipe.architecture} with options {recipe.options}"
        )
    return checkpoint.weights


def _start_from_imagenet(network: Model, recipe: Recipe, people: list[np.ndarray]) -> None:
    if not recipe.architecture.startswith(("pocket", "munet_mnv2")):
        raise PocketmatteError(
            f"{recipe.architecture}: has no ImageNet start (only MobileNetV2 encoders have); "
            "set `pretrained: null` in the recipe"
        )
    chosen = people[:: max(1, len(people) // 32)][:32]
    pictures = np.stack([cv2.resize(rgba[..., :3], (160, 192)) for rgba in chosen])
    pictures = (pictures / 255.0 - recipe.mean) / recipe.std
    load_imagenet(network.encoder, pictures=torch.from_numpy(pictures).float().movedim(-1, 1))
