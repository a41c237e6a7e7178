"""Architectures by name: a decorated function that returns a network is a model."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from torch import nn

from pocketmatte.errors import PocketmatteError

_BUILDERS: dict[str, Callable[..., Model]] = {}


class Model(nn.Module):
    """Base of all matting networks: `src` in, `pha` logits out.

    `forward(src)` takes float `[B, 3, H, W]`, normalised as the card says, H and W multiples
    of `stride`, and returns the logits of alpha `[B, 1, H, W]`.

    Attributes:
        stride: the input's height and width must be multiples of it.
        input_size: the (height, width) that the architecture was designed for.
    """

    stride = 32
    input_size = (224, 224)


def register_model(build: Callable[..., Model]) -> Callable[..., Model]:
    """Make `build(**options)` available under its function name."""
    _BUILDERS[build.__name__] = build
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
            f"unknown architecture {name!r}; known are: {', '.join(registered_models())}"
        )
    network = _BUILDERS[name](**options)
    if hidden is not None:
        from pocketmatte.models.prune import narrow

        narrow(network, hidden)
    return network


def registered_models() -> list[str]:
    """Names that `create_model` accepts."""
    return sorted(_BUILDERS)
