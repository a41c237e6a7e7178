"""A small network learns from a better one: what it answers, or how it understands a picture."""

from __future__ import annotations

from torch import Tensor, no_grad
from torch.nn import functional

from pocketmatte.errors import PocketmatteError
from pocketmatte.models import Model
from pocketmatte.models.checkpoint import load_checkpoint
from pocketmatte.training.inputs import layout, normalise
from pocketmatte.training.recipe import Recipe


class Imitation:
    """How far the network's landmarks are from its teacher's (hints: FitNets, Romero 2015).

    Args:
        network: its `landmarks` are watched while it runs.
        teacher: a checkpoint or preset whose landmarks have the same shapes.

    Raises PocketmatteError when the two have no landmarks in common.
    """

    def __init__(self, network: Model, teacher: str, device):
        wide = load_checkpoint(teacher).network()
        if not network.landmarks or type(wide) is not type(network):
            raise PocketmatteError(
                f"teacher {teacher!r} is a {type(wide).__name__}, the network a "
                f"{type(network).__name__}; only networks of a kind with landmarks can imitate"
            )
        self.teacher = wide.to(device).requires_grad_(False)
        self._seen, self._wanted = _watch(network), _watch(wide)

    def __call__(self, src: Tensor) -> Tensor:
        """The loss, after the network has run on `src`: a mean of relative squared errors."""
        with no_grad():
            self.teacher(src)
        errors = [
            functional.mse_loss(self._seen[name].float(), wanted) / wanted.var()
            for name, wanted in self._wanted.items()
        ]
        return sum(errors) / len(errors)


class Answers:
    """Labels of which a share is a teacher's alpha (distillation, Hinton 2015).

    The teacher sees the very view that the network sees, so its answer fits each crop, light and
    disturbance, and says how soft it thinks the edge is.

    Args:
        network: the one to train; views have multiples of its stride.
        teacher: a checkpoint or preset of any architecture.
        share: of the teacher in the label, in (0, 1]; the rest is the data's.

    Raises PocketmatteError when the teacher cannot take the network's views.
    """

    def __init__(self, network: Model, teacher: str, share: float, device):
        checkpoint = load_checkpoint(teacher)
        wise = checkpoint.network()
        if network.stride % wise.stride:
            raise PocketmatteError(
                f"teacher {teacher!r} takes multiples of {wise.stride} pixels, the network of "
                f"{network.stride}; take a teacher of stride {network.stride}"
            )
        self.teacher = wise.to(device, memory_format=layout(device)).requires_grad_(False)
        self.share = share
        self.recipe = Recipe.from_dict(checkpoint.recipe, teacher)

    def __call__(self, src: Tensor, pha: Tensor) -> Tensor:
        """The label of a picture in [0, 1], `[B, 3, H, W]`, whose alpha is `pha`."""
        with no_grad():
            answer = self.teacher(normalise(src, self.recipe)).float().sigmoid()
        return pha.lerp(answer, self.share)


def _watch(network: Model) -> dict[str, Tensor]:
    """The landmarks' latest results, by name."""
    seen: dict[str, Tensor] = {}
    for name in network.landmarks:

        def note(module, inputs, output, name=name):
            seen[name] = output

        network.get_submodule(name).register_forward_hook(note)
    return seen
