"""From a recipe to a trained, exported network."""

from __future__ import annotations

from pathlib import Path

from pocketmatte.errors import PocketmatteError
from pocketmatte.export.export import export
from pocketmatte.models import registered_models
from pocketmatte.models.checkpoint import load_checkpoint
from pocketmatte.training.distributed import close_world, open_world
from pocketmatte.training.harmonize import HarmonyTrainer
from pocketmatte.training.history import History
from pocketmatte.training.matting import MattingTrainer
from pocketmatte.training.recipe import Recipe
from pocketmatte.training.trainer import BEST, LAST, Progress, Trainer


def train(
    recipe: Recipe,
    data: str | Path,
    out: str | Path,
    *,
    resume: bool = False,
    device: str = "cpu",
    progress: Progress | None = None,
) -> History:
    """Train a network: the function behind `pocketmatte train`.

    Writes `last.pt` (to resume), `best.pt` (by validation), the best network as
    `<name>.onnx` with its card, `history.csv`, `history.json` and graphs into `out`.

    Started by torchrun, the processes share each batch; the first one validates and writes.
    """
    if not resume and (Path(out) / LAST).exists():
        raise PocketmatteError(
            f"{out}: already holds a training; add --resume to go on or choose another folder"
        )
    world, device = open_world(device)
    try:
        kind = _trainer(recipe, resume)
        trainer = kind(recipe, data, out, device=device, progress=progress, world=world)
        if resume:
            trainer.resume()
        history = trainer.run()
    finally:
        close_world()
    if world.is_main:
        best = load_checkpoint(Path(out) / BEST)
        best.recipe = recipe.to_dict()
        export(best, out, precision="int8" if recipe.int8 else "fp32")
    return history


def _trainer(recipe: Recipe, resume: bool) -> type[Trainer]:
    if recipe.architecture in registered_models("harmonize"):
        return HarmonyTrainer
    if not recipe.int8:
        return MattingTrainer
    if resume:
        raise PocketmatteError("a training for int8 is short; start it again in another folder")
    from pocketmatte.training.quantize import QuantizedTrainer

    return QuantizedTrainer
