"""torch: runs checkpoints before they are exported."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from pocketmatte.errors import PocketmatteError
from pocketmatte.models.checkpoint import load_checkpoint


class TorchRuntime:
    """Runs a `.pt` checkpoint's averaged weights in float32."""

    name = "torch"

    def __init__(self, path: Path, *, device: str = "cpu", threads: int | None = None):
        try:
            self._device = torch.zeros(1, device=device).device
        except (RuntimeError, AssertionError) as error:
            reason = str(error).split("\n")[0]
            raise PocketmatteError(
                f"device {device!r} is not usable by torch here ({reason}); use --device cpu"
            ) from None
        if threads:
            torch.set_num_threads(threads)
        self._network = load_checkpoint(path).network().to(self._device)
        self.device = f"{self._device} (torch {torch.__version__})"

    @torch.inference_mode()
    def __call__(self, batch: np.ndarray) -> np.ndarray:
        src = torch.from_numpy(batch).to(self._device)
        return self._network.finish(self._network(src)).cpu().numpy()
