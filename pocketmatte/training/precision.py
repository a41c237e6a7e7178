"""Mixed precision: which numbers a step computes in, and how small gradients survive it."""

from __future__ import annotations

import torch
from torch import Tensor

from pocketmatte.errors import PocketmatteError

_TYPES = {"fp32": None, "bf16": torch.bfloat16, "fp16": torch.float16}


class Precision:
    """Autocast and optimizer step of one kind: `fp32`, `bf16` or `fp16`.

    float16 has too few exponents for small gradients: there the loss is scaled up, and a step
    whose gradients overflow is left out (Micikevicius 2018).
    """

    def __init__(self, name: str, device: torch.device):
        if name not in _TYPES:
            raise PocketmatteError(f"unknown precision {name!r}; use {', '.join(_TYPES)}")
        self._device, self._type = device.type, _TYPES[name]
        self._scaler = torch.amp.GradScaler(device.type, enabled=name == "fp16")

    def autocast(self) -> torch.autocast:
        """The context to run the network in."""
        return torch.autocast(self._device, self._type, enabled=self._type is not None)

    def step(self, loss: Tensor, optimizer: torch.optim.Optimizer, clip: float) -> None:
        """Backward pass, clipping of the gradients' norm to `clip`, optimizer step."""
        optimizer.zero_grad(set_to_none=True)
        self._scaler.scale(loss).backward()
        self._scaler.unscale_(optimizer)
        parameters = [p for group in optimizer.param_groups for p in group["params"]]
        torch.nn.utils.clip_grad_norm_(parameters, clip)
        self._scaler.step(optimizer)
        self._scaler.update()

    def state(self) -> dict:
        """What a resumed training needs."""
        return self._scaler.state_dict()

    def restore(self, state: dict) -> None:
        """Continue from `state()`."""
        if state:
            self._scaler.load_state_dict(state)
