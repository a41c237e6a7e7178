"""Architectures by name: a decorated function that returns a network is a model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from torch import Tensor, nn

from pocketmatte.errors import PocketmatteError

_BUILDERS: dict[str, Callable[..., Model]] = {}
_TASKS: dict[str, str] = {}


class Model(nn.Module):
    """Base of all networks; those for matting take `src` and give `pha` logits.

    `forward(src)` takes float `[B, 3, H, W]`, normalised as the card says, H and W multiples
    of `stride`, and returns the logits of alpha `[B, 1, H, W]`.

    Attributes:
        stride: the input's height and width must be multiples of it.
        input_size: the (height, width) that the architecture was designed for.
        task: what it is for: "matting" or "harmonize".
        channels: of the input.
        output: what the exported file calls its output.
        sensitive: pattern of the names of layers that 8 bits hurt; int8 exports leave them in
            float32.
        landmarks: names of the parts whose results say what the network has understood; a
            narrower network of the same kind can learn them from a wider one.
    """

    task, channels, output, sensitive = "matting", 3, "pha", ""
    landmarks: tuple[str, ...] = ()
    stride = 32
    input_size = (224, 224)

    def finish(self, raw: Tensor) -> Tensor:
        """What the exported file returns of `forward`'s result: alpha in [0, 1]."""
        return raw.sigmoid()


def register_model(build: Callable[..., Model] | None = None, *, task: str = "matting"):
    """Make `build(**options)` available under its function name."""
    if build is None:
        return partial(register_model, task=task)
    _BUILDERS[build.__name__] = build
    _TASKS[build.__name__] = task
    return build


def create_model(name: str, hidden: Sequence[int] | None = None, **options) -> Model:
    """Build a registered architecture, its weights random.

    Args:
        hidden: channels left in each block that can be pruned, see `models.prune`.
        options: of the architecture.

    Raises PocketmatteError for an unknown name.
    """
    if name not in _BUILDERS:
        raise PocketmatteError(
            f"unknown architecture {name!r}; known are: {', '.join(sorted(_BUILDERS))}"
        )
    network = _BUILDERS[name](**options)
    if hidden is not None:
        from pocketmatte.models.prune import narrow

        narrow(network, hidden)
    return network


def registered_models(task: str = "matting") -> list[str]:
    """Names of the architectures for a task."""
    return sorted(name for name, kind in _TASKS.items() if kind == task)
