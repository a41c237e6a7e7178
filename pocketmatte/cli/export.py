"""`pocketmatte export`: turn a checkpoint into files that runtimes and phones read."""

import itertools
import re
from pathlib import Path
from typing import Annotated

import typer

from pocketmatte.cli._many import commas, several
from pocketmatte.errors import PocketmatteError
from pocketmatte.export.formats import ASPECTS, FORMATS, PRECISIONS

PROOF_PICTURES = 32
_SIDES = re.compile(r"(\d+)[x×](\d+)")


def export(
    checkpoint: Annotated[
        str, typer.Argument(metavar="CHECKPOINT", help="A preset, or a .pt file of train.")
    ],
    out: Annotated[Path, typer.Option("-o", "--out", metavar="DIR", help="Folder to write into.")],
    to: Annotated[
        list[str], typer.Option(metavar="|".join(FORMATS), help="Formats, one or several.")
    ] = ("onnx",),
    precision: Annotated[
        list[str], typer.Option(metavar="|".join(PRECISIONS), help="Precisions, one or several.")
    ] = ("fp32",),
    size: Annotated[
        list[str],
        typer.Option(
            metavar="any|portrait|landscape|square|HxW",
            help="Sizes, one or several; any where the format can, else the architecture's own.",
        ),
    ] = ("",),
    flat: Annotated[bool, typer.Option("--flat", help="Output in one row (rank 1).")] = False,
    pack_mask: Annotated[
        bool, typer.Option("--pack-mask", help="Output a hard mask, its bits packed in floats.")
    ] = False,
    pack_bits: Annotated[
        int, typer.Option(metavar="16|8", help="Mask bits in a float; 8 for half precision.")
    ] = 16,
    calibrate: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="For int8: data folder, or any folder of pictures."),
    ] = None,
    keep_float: Annotated[
        str,
        typer.Option(metavar="PATTERN", help="For int8: layers whose names match stay float32."),
    ] = "",
    name: Annotated[str | None, typer.Option(help="Of the network; else the recipe's.")] = None,
    data: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Prove and score on this data folder, into the card."),
    ] = None,
    split: Annotated[str, typer.Option(help="List of pictures to score on.")] = "test",
) -> None:
    """Turn a checkpoint into files that runtimes read, each with its card and its proof."""
    from pocketmatte.export.calibration import calibration_pictures, evenly
    from pocketmatte.export.export import export as run
    from pocketmatte.export.export import named_size
    from pocketmatte.models.checkpoint import load_checkpoint
    from pocketmatte.weights import find_checkpoint

    if flat and pack_mask:
        raise PocketmatteError("--flat and --pack-mask exclude each other; choose one")
    loaded = load_checkpoint(find_checkpoint(checkpoint))
    base = loaded.card()
    pictures, samples = [], []
    if calibrate and "int8" in commas(precision):
        pictures = calibration_pictures(calibrate)
    if data:
        from pocketmatte.data.shards import open_data

        samples = open_data(data).split(split)
    proof = [sample.read_image() for sample in evenly(samples, PROOF_PICTURES)]
    network = loaded.network()
    wishes = itertools.product(commas(to), commas(size) or [""], commas(precision))
    for kind, wish, exact in wishes:
        card = run(
            loaded,
            out,
            kind,
            name=name,
            size=named_size(wish, base) if wish in ASPECTS else _size(wish, kind),
            precision=exact,
            output="flat" if flat else "packed" if pack_mask else "alpha",
            bits=pack_bits,
            calibrate=pictures,
            prove_on=proof,
            network=network,
            keep_float=keep_float,
        )
        _tell(card, out)
        if data and card.parity and not pack_mask:
            _score(card, out, data, split)


export.command_class = several(
    {
        "--to": FORMATS.__contains__,
        "--precision": PRECISIONS.__contains__,
        "--size": lambda word: word in ASPECTS or word == "any" or bool(_SIDES.fullmatch(word)),
    }
)


def _tell(card, out: Path) -> None:
    proof = "not run here"
    if "max" in card.parity:
        proof = f"alpha within {card.parity['max']:.1e}"
    elif card.parity:
        proof = f"mask IoU {card.parity['mask_iou']:.4f}"
    typer.echo(
        f"{out / card.file}: {card.size_bytes / 1e6:.2f} MB, {card.parameters:,} parameters, "
        f"{proof}"
    )


def _score(card, out: Path, data: Path, split: str) -> None:
    from pocketmatte.evaluation.evaluate import evaluate
    from pocketmatte.matting.pipeline import load_model
    from pocketmatte.weights.card import card_path

    report = evaluate(load_model(out / card.file), data, split)
    card.scores[split] = {
        **{key: round(value, 5) for key, value in report.means.items()},
        "pictures": report.counts["pictures"],
    }
    card.write(card_path(out / card.file))
    typer.echo(f"{split}: " + ", ".join(f"{k} {v}" for k, v in card.scores[split].items()))


def _size(text: str, to: str) -> tuple[int, int] | None:
    if text == "any" and to in FORMATS and not FORMATS[to].any_size:
        raise PocketmatteError(f"{to} files run one size each; give portrait, landscape or square")
    if text in ("", "any"):
        return None
    sides = _SIDES.fullmatch(text)
    if not sides:
        raise PocketmatteError(
            f"size {text!r}: give {', '.join(ASPECTS)}, any or HEIGHTxWIDTH, such as 192x160"
        )
    return int(sides[1]), int(sides[2])
