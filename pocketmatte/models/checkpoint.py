"""Self-describing checkpoints: architecture, options, preprocessing, recipe, scores, state."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

import torch

from pocketmatte.errors import PocketmatteError
from pocketmatte.models.cost import count_macs, count_parameters
from pocketmatte.models.registry import Model, create_model
from pocketmatte.weights import find_checkpoint, find_trained_for_int8
from pocketmatte.weights.card import Card

_FORMAT = "pocketmatte-checkpoint-1"


@dataclass
class Checkpoint:
    """A network and all that is known about it."""

    architecture: str
    options: dict
    recipe: dict
    epoch: int
    weights: dict
    """State dict of the averaged (EMA) network: the one to use."""
    scores: dict = field(default_factory=dict)
    cost: dict = field(default_factory=dict)
    """Pictures seen, hours and machine of the training."""
    ranges: dict = field(default_factory=dict)
    """Of a network trained for int8: (lowest, highest) of its nodes, see `models.quantize`."""
    start: str = ""
    """Of a network trained for int8: fingerprint of the weights that it began with."""
    training: dict = field(default_factory=dict)
    """Raw weights, optimizer, schedule and history: what resuming needs."""

    def network(self) -> Model:
        """The averaged network, ready for inference."""
        network = create_model(self.architecture, **self.options)
        network.load_state_dict(self.weights)
        return network.eval()

    def fingerprint(self) -> str:
        """sha256 of the weights."""
        digest = hashlib.sha256()
        for name, value in sorted(self.weights.items()):
            digest.update(name.encode() + value.numpy(force=True).tobytes())
        return digest.hexdigest()

    def card(self) -> Card:
        """The card of this network, as far as training knows it."""
        network, recipe = self.network(), dict(self.recipe)
        return Card(
            **recipe.pop("card"),
            name=recipe["name"],
            architecture=self.architecture,
            mean=tuple(recipe["mean"]),
            std=tuple(recipe["std"]),
            area=int(recipe["resolution"][-1][1]) ** 2,
            stride=network.stride,
            task=network.task,
            parameters=count_parameters(network),
            macs=count_macs(network, network.input_size),
            macs_size=network.input_size,
            recipe=recipe,
            scores={"training": {**self.scores, "epochs": self.epoch}},
            cost=self.cost,
        )

    def save(self, path: str | Path) -> None:
        """Write to a temporary name, then rename."""
        path = Path(path)
        temporary = path.with_suffix(".partial")
        torch.save({"format": _FORMAT, **vars(self)}, temporary)
        temporary.replace(path)


def load_checkpoint(name_or_path: str | Path) -> Checkpoint:
    """Read a checkpoint: a released network's by name, or a file.

    Raises PocketmatteError when the file is missing, damaged or of another kind.
    """
    path = find_checkpoint(name_or_path)
    try:
        values = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        reason = str(error).split("\n")[0]
        raise PocketmatteError(f"{path}: cannot be read as a checkpoint ({reason})") from None
    if not isinstance(values, dict) or values.pop("format", None) != _FORMAT:
        raise PocketmatteError(f"{path}: not a pocketmatte checkpoint; use one that train wrote")
    return Checkpoint(**values)


def trained_for_int8(checkpoint: Checkpoint) -> Checkpoint:
    """The same network trained to be rounded, where there is one; else the checkpoint itself.

    Released networks have it beside them, and it counts only for the weights it was trained from.
    """
    if checkpoint.ranges:
        return checkpoint
    path = find_trained_for_int8(checkpoint.recipe.get("name", ""))
    twin = load_checkpoint(path) if path else checkpoint
    return twin if twin.start == checkpoint.fingerprint() else checkpoint
