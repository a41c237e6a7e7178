"""`pocketmatte prune`: take the least useful channels out of a checkpoint."""

from pathlib import Path
from typing import Annotated

import typer


def prune(
    checkpoint: Annotated[
        str, typer.Argument(metavar="CHECKPOINT", help="A preset, or a .pt file of train.")
    ],
    pictures: Annotated[
        Path, typer.Option(metavar="DIR", help="Data folder, or any folder of some 30 pictures.")
    ],
    out: Annotated[Path, typer.Option("-o", "--out", metavar="FILE", help="Checkpoint to write.")],
    keep: Annotated[
        float, typer.Option(metavar="SHARE", help="Of the hidden channels that stays.")
    ] = 0.75,
) -> None:
    """Take the least useful channels out of a checkpoint; fine-tune it with train, then export."""
    import numpy as np
    import torch

    from pocketmatte.export.calibration import as_batches, calibration_pictures
    from pocketmatte.export.export import named_size
    from pocketmatte.media.atomic import whole_file
    from pocketmatte.models.checkpoint import load_checkpoint
    from pocketmatte.models.prune import prune as run
    from pocketmatte.weights import find_checkpoint

    whole = load_checkpoint(find_checkpoint(checkpoint))
    card = whole.card()
    shown = as_batches(calibration_pictures(pictures, 32), card, named_size("portrait", card))
    thin = run(whole, keep, torch.from_numpy(np.concatenate(shown)))
    with whole_file(out) as path:
        thin.save(path)
    less = thin.card()
    typer.echo(
        f"{out}: {card.parameters:,} -> {less.parameters:,} parameters, "
        f"{card.macs / 1e6:.0f} -> {less.macs / 1e6:.0f} MMAC"
    )
