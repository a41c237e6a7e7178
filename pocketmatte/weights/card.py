"""The card of a network: what it eats, what it costs, where it comes from, how good it is."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

from pocketmatte.errors import PocketmatteError


@dataclass
class Card:
    """Everything a runtime, a page or a phone needs to know about a weights file."""

    name: str
    architecture: str
    mean: tuple[float, float, float]
    """Subtracted from RGB in [0, 1]."""
    std: tuple[float, float, float]
    """Divides the result."""
    area: int
    """Pixels of the grid that the network runs on; its shape follows the picture."""
    stride: int
    """Both sides of the grid are multiples of it."""
    task: str = "matting"
    """What the network is for: "matting" or "harmonize"."""
    sizes: list[tuple[int, int]] = field(default_factory=list)
    """The only grids (height, width) that the file runs; empty when it runs any."""
    precision: str = "fp32"
    """Of the weights: fp32, fp16 or int8."""
    output: str = "alpha"
    """`alpha` [B, 1, H, W]; `flat`, the same in one row; `packed`, mask bits packed in floats."""
    file: str = ""
    sha256: str = ""
    size_bytes: int = 0
    checkpoint: str = ""
    """The trainable network beside `file`: what fine-tuning and further exports start from."""
    checkpoint_sha256: str = ""
    parameters: int = 0
    macs: int = 0
    """Multiply-adds for one picture of `macs_size`."""
    macs_size: tuple[int, int] = (0, 0)
    description: str = ""
    licence: str = ""
    """Terms of the weights."""
    training_data: list[dict] = field(default_factory=list)
    """Name and terms of every set that the network has seen."""
    recipe: dict = field(default_factory=dict)
    scores: dict = field(default_factory=dict)
    """Measured figures by split."""
    parity: dict = field(default_factory=dict)
    """How far the file's alpha is from the trained network's, as the export measured it."""
    cost: dict = field(default_factory=dict)
    """Pictures seen, hours and machine of the training."""

    def verify(self, path: Path) -> None:
        """Raise PocketmatteError when the file is not the one that the card describes."""
        wanted = self.checkpoint_sha256 if path.name == self.checkpoint else self.sha256
        if wanted and fingerprint(path) != wanted:
            raise PocketmatteError(
                f"{path}: damaged or changed (sha256 differs from its card); get it again"
            )

    def write(self, path: str | Path) -> None:
        """Write as JSON, to a temporary name first."""
        path = Path(path)
        temporary = path.with_suffix(".partial")
        temporary.write_text(json.dumps(asdict(self), indent=2) + "\n", encoding="utf-8")
        temporary.replace(path)


def fingerprint(path: Path) -> str:
    """sha256 of a weights file, with all its parts: OpenVINO's `.bin`, a folder's files."""
    parts = sorted(path.rglob("*")) if path.is_dir() else [path]
    if path.suffix == ".xml":
        parts.append(path.with_suffix(".bin"))
    digest = hashlib.sha256()
    for part in parts:
        if part.is_file():
            digest.update(part.read_bytes())
    return digest.hexdigest()


def card_path(weights: Path) -> Path:
    """Where the card of a weights file lies: `net.json` for `net.onnx`.

    Other formats, which may lie beside an ONNX file of the same name, have the whole file name in
    it, such as `net.xml.json`; the short name is taken where only that is there.
    """
    short, long = weights.with_suffix(".json"), weights.with_name(f"{weights.name}.json")
    if weights.suffix == ".onnx" or (short.is_file() and not long.is_file()):
        return short
    return long


def read_card(path: str | Path) -> Card:
    """Read a card.

    Raises PocketmatteError when it is missing or not a card.
    """
    path = Path(path)
    if not path.is_file():
        raise PocketmatteError(
            f"{path}: no card beside the weights; `pocketmatte export` writes both"
        )
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        known = {f.name for f in fields(Card)}
        return Card(**{key: value for key, value in values.items() if key in known})
    except (ValueError, TypeError, AttributeError) as error:
        raise PocketmatteError(f"{path}: not a network's card ({error})") from None
