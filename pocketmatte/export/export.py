"""From checkpoint to file and card, in any of the formats, each with its proof."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from pocketmatte.errors import PocketmatteError
from pocketmatte.evaluation.speed.picture import draw_portrait
from pocketmatte.export.calibration import as_batches
from pocketmatte.export.formats import (
    ASPECTS,
    FORMATS,
    OUTPUTS,
    PRECISIONS,
    Files,
    Request,
    converter,
)
from pocketmatte.export.notes import notes
from pocketmatte.export.proof import prove, prove_changes
from pocketmatte.matting.preprocess import grid_size
from pocketmatte.models.checkpoint import Checkpoint, trained_for_int8
from pocketmatte.models.registry import Model
from pocketmatte.runtimes import READABLE
from pocketmatte.weights.card import Card, card_path, fingerprint


def export(
    checkpoint: Checkpoint,
    out: str | Path,
    to: str = "onnx",
    *,
    name: str | None = None,
    size: tuple[int, int] | None = None,
    precision: str = "fp32",
    output: str = "alpha",
    bits: int = 16,
    calibrate: Sequence[np.ndarray] = (),
    prove_on: Sequence[np.ndarray] = (),
    network: Model | None = None,
    keep_float: str = "",
) -> Card:
    """Write the network and its card into the folder `out`, once its alpha is proven.

    ONNX in fp32 for any size, as networks are released, brings the checkpoint `<name>.pt` along,
    without what only resuming needs: fine-tuning and further exports can start from the name.
    So does int8 of a network that was trained for it.

    Args:
        to: a key of `FORMATS`.
        name: of the network; None takes the recipe's.
        size: the only (height, width) that the file shall run; None for any where the format can,
            else the architecture's own.
        precision: `fp32`, `fp16` or `int8`.
        output: `alpha`; `flat`, the same numbers in one row; `packed`, a hard mask as bits.
        bits: mask bits in a float of a packed output, 16 or 8.
        calibrate: pictures, RGB uint8 HWC, that int8 takes its ranges from; it needs some, unless
            the network was trained for int8.
        prove_on: pictures on which the file is compared with the network; drawn ones when empty.
        network: `checkpoint.network()`, when you have it: several precisions of the same object
            in a row are traced and converted once.
        keep_float: pattern (regular expression) of names of layers that stay in float32 in an
            int8 file; names follow the modules, such as `stem` or `steps.2`. Empty takes those
            that the architecture calls `sensitive`.

    Returns:
        The card: `file` names what was written, `parity` is the proof (see `prove`).

    Raises:
        PocketmatteError: an unknown wish, a size that the network cannot run, a missing package, a
            file of fp32 that differs from the network, or a folder that cannot be written.
    """
    convert = converter(to)
    for wish, known in ((precision, PRECISIONS), (output, OUTPUTS)):
        if wish not in known:
            raise PocketmatteError(f"unknown wish {wish!r}; known are: {', '.join(known)}")
    network, card = network or checkpoint.network(), checkpoint.card()
    source, ranges = network, {}
    if precision == "int8":
        twin = trained_for_int8(checkpoint)
        if not (calibrate or twin.ranges or to == "coreml"):
            raise PocketmatteError("int8 needs pictures for its ranges; add --calibrate DIR")
        source, ranges = network if twin is checkpoint else twin.network(), twin.ranges
    card.name, card.precision, card.output = name or card.name, precision, output
    if precision == "int8":
        keep_float = keep_float or network.sensitive
    size = _size(network, to, size)
    card.sizes = [] if size is None else [size]
    request = Request(
        example=network.input_size,
        size=size,
        aspects=tuple(named_size(aspect, card) for aspect in ASPECTS) if size is None else (),
        precision=precision,
        output=output,
        bits=bits,
        pictures=as_batches(list(calibrate), card, size) if precision == "int8" else [],
        ranges=ranges,
        keep_float=keep_float,
        notes=notes(card, output, bits, channels_last=to == "litert"),
    )
    card.file = _stem(card, request) + FORMATS[to].suffix
    files = convert(source, request)
    trainable = f"{card.name}-int8.onnx" if checkpoint.ranges else f"{card.name}.onnx"
    if card.file == trainable:
        files[".pt"] = _slim(checkpoint, card.name)
        card.checkpoint = card.file.replace(".onnx", ".pt")
    _write(files, card, Path(out), network, prove_on or _drawn(), bits)
    return card


def named_size(name: str, card: Card) -> tuple[int, int]:
    """The (height, width) that a picture of the named aspect runs at: `portrait` and so on."""
    return grid_size(*ASPECTS[name], card.area, card.stride)


def _size(network: Model, to: str, size: tuple[int, int] | None) -> tuple[int, int] | None:
    if size is None:
        return None if FORMATS[to].any_size else network.input_size
    if any(side % network.stride or side <= 0 for side in size):
        raise PocketmatteError(
            f"size {size[0]}x{size[1]}: both sides must be multiples of {network.stride}"
        )
    return tuple(size)


def _slim(checkpoint: Checkpoint, name: str) -> bytes:
    recipe = {**checkpoint.recipe, "name": name}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "network.pt"
        replace(checkpoint, recipe=recipe, training={}).save(path)
        return path.read_bytes()


def _stem(card: Card, request: Request) -> str:
    parts = [card.name, *(f"{height}x{width}" for height, width in card.sizes)]
    parts += [word for word in (request.precision, request.output) if word not in ("fp32", "alpha")]
    return "-".join(parts + ["mixed"] * bool(request.keep_float))


def _write(
    files: Files, card: Card, out: Path, network: Model, pictures: Sequence[np.ndarray], bits: int
) -> None:
    """Into a folder of their own first; moved to `out` once they are proven."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=out, prefix=".export") as folder:
            stem = card.file.rpartition(".")[0]
            for ending, data in files.items():
                part = Path(folder) / f"{stem}{ending}"
                part.parent.mkdir(parents=True, exist_ok=True)
                part.write_bytes(data)
            path = Path(folder) / card.file
            if card.checkpoint:
                checkpoint = files.pop(".pt")
                card.checkpoint_sha256 = hashlib.sha256(checkpoint).hexdigest()
            card.size_bytes, card.sha256 = sum(map(len, files.values())), fingerprint(path)
            if path.suffix in READABLE and card.task == "harmonize":
                card.parity = prove_changes(path, card, network)
            elif path.suffix in READABLE:
                card.parity = prove(path, card, network, pictures, bits)
            card.write(card_path(path))
            for made in Path(folder).iterdir():
                _move(made, out / made.name)
    except OSError as error:
        raise PocketmatteError(f"{out}: cannot write the export ({error.strerror})") from None


def _move(made: Path, target: Path) -> None:
    if target.is_dir():
        shutil.rmtree(target)
    made.replace(target)


def _drawn() -> list[np.ndarray]:
    return [draw_portrait(*size)[0] for size in ((320, 240), (240, 320), (256, 256))]
