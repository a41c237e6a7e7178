"""Run by torchrun: the gradients of the first batch, as the first process has them."""

import sys

import torch

from pocketmatte.training.distributed import close_world, open_world
from pocketmatte.training.inputs import normalise
from pocketmatte.training.matting import MattingTrainer
from pocketmatte.training.recipe import Recipe

RECIPE = {
    "pretrained": None,
    "freeze_norms": True,
    "batch": 8,
    "resolution": [(0.0, 64)],
    "precision": "fp32",
    "workers": 0,
    "threads": 1,
}


def first_gradients(data, out, world, device="cpu"):
    trainer = MattingTrainer(Recipe(**RECIPE), data, out, device=device, world=world)
    trainer.network.eval()
    src, pha = next(iter(trainer.loader))
    loss, _ = trainer.shared_loss(trainer.parallel(normalise(src, trainer.recipe)), pha)
    loss.backward()
    return len(src), {name: p.grad for name, p in trainer.network.named_parameters()}


if __name__ == "__main__":
    world, device = open_world("cpu")
    found = first_gradients(sys.argv[1], sys.argv[2], world, device)
    if world.is_main:
        torch.save(found, sys.argv[2])
    close_world()
