"""A narrow network learns to understand pictures as a wider one of the same kind does."""

from __future__ import annotations

from torch import Tensor, no_grad
from torch.nn import functional

from pocketmatte.errors import PocketmatteError
from pocketmatte.models import Model
from pocketmatte.models.checkpoint import load_checkpoint


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


def _watch(network: Model) -> dict[str, Tensor]:
    """The landmarks' latest results, by name."""
    seen: dict[str, Tensor] = {}
    for name in network.landmarks:

        def note(module, inputs, output, name=name):
            seen[name] = output

        network.get_submodule(name).register_forward_hook(note)
    return seen
