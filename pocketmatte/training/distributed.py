"""One training in several processes, as torchrun starts them: on one machine or on many.

The recipe's batch is shared out, so N processes take the steps that one would take, and each
step's gradients are those of the whole batch.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import Sampler

from pocketmatte.errors import PocketmatteError


@dataclass(frozen=True)
class World:
    """All processes of a training, and which of them this is. Alone by default."""

    rank: int = 0
    size: int = 1

    @property
    def is_main(self) -> bool:
        """Whether this process keeps the average, validates and writes."""
        return self.rank == 0

    def parallel(self, network: nn.Module, device: torch.device) -> nn.Module:
        """The network as training calls it: its gradients become the mean of all processes'."""
        if self.size == 1:
            return network
        ids = [device.index] if device.type == "cuda" else None
        return DistributedDataParallel(network, device_ids=ids)

    def mean(self, value: Tensor) -> Tensor:
        """The mean of a tensor over all processes, without gradient."""
        if self.size == 1:
            return value
        total = value.detach().clone()
        distributed.all_reduce(total)
        return total / self.size

    def share(self, value: object) -> object:
        """What the main process holds, for all (plain types)."""
        box = [value]
        if self.size > 1:
            distributed.broadcast_object_list(box)
        return box[0]


def open_world(device: str) -> tuple[World, str]:
    """Join the processes that torchrun started, and choose this one's device.

    Args:
        device: "cpu" (gloo) or "cuda" (NCCL): then each process takes the GPU of its local rank.

    Returns:
        The world, of size 1 without torchrun, and the device's full name.
    """
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1:
        return World(), device
    if device == "cuda":
        device = f"cuda:{os.environ.get('LOCAL_RANK', '0')}"
        if torch.cuda.is_available():
            torch.cuda.set_device(device)
    if not distributed.is_initialized():
        distributed.init_process_group("nccl" if device.startswith("cuda") else "gloo")
    return World(distributed.get_rank(), distributed.get_world_size()), device


def is_main_process() -> bool:
    """Whether this process is the one that speaks: told by torchrun, before joining."""
    return os.environ.get("RANK", "0") == "0"


def close_world() -> None:
    """Leave the other processes, if there are any."""
    if distributed.is_available() and distributed.is_initialized():
        distributed.destroy_process_group()


class SharedSampler(Sampler):
    """This process's share of each batch of `batches`; its epoch and side are set on that."""

    def __init__(self, batches: Sampler, batch: int, world: World):
        if batch % world.size:
            raise PocketmatteError(
                f"a batch of {batch} cannot be shared by {world.size} processes; change `batch`"
            )
        self.batches, self.world = batches, world

    def __len__(self) -> int:
        return len(self.batches)

    def __iter__(self) -> Iterator[list]:
        for keys in self.batches:
            yield keys[self.world.rank :: self.world.size]
