"""The recipe of a fine-tuning: a trained network, some pictures of your own, a few minutes."""

from __future__ import annotations

from pocketmatte.data.layout import DataFolder
from pocketmatte.data.shards import ShardFolder
from pocketmatte.models.checkpoint import load_checkpoint
from pocketmatte.training.recipe import Recipe

_KEPT = ("architecture", "options", "mean", "std", "picture_side", "losses", "boundary_weight")


def finetune_recipe(start: str, data: DataFolder | ShardFolder) -> Recipe:
    """A low rate, few epochs, frozen statistics of the batch norms, gentle views.

    The network, its preprocessing and its losses are the start's; so are the terms on its card,
    to which the new pictures are added. Pasted composites are used where `data` has backgrounds.

    Args:
        start: a released network's name or a checkpoint file.
        data: what it will be trained on; its split `labelled` is used too when it is there.

    Raises:
        PocketmatteError: no such checkpoint, or `data` has no split `train`.
    """
    checkpoint = load_checkpoint(start)
    known = checkpoint.recipe
    splits = ["train"] + (["labelled"] if "labelled" in data.splits() else [])
    count = sum(len(data.split(split)) for split in splits)
    return Recipe(
        **{name: known[name] for name in _KEPT},
        name=f"{known['name']}-tuned",
        pretrained=str(start),
        train_splits=splits,
        composites=0.2 if data.backgrounds() else 0.0,
        zoom=(0.92, 1.25),
        epochs=20,
        batch=max(1, min(16, count)),
        resolution=[(0.0, known["resolution"][-1][1])],
        learning_rate=2e-4,
        warmup=1.0,
        ema=0.98,
        keep=0.5,
        freeze_norms=True,
        workers=0,
        card=_card(known),
    )


def _card(known: dict) -> dict:
    card = known.get("card", {})
    own = {"name": "Own pictures of whoever fine-tuned it", "terms": "theirs"}
    return {
        **card,
        "description": f"{known['name']}, fine-tuned on own pictures.",
        "training_data": [*card.get("training_data", []), own],
    }
