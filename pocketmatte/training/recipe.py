"""A recipe: everything that decides how a network is trained, as one YAML file."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

from pocketmatte.errors import PocketmatteError


@dataclass
class Recipe:
    """The fields of `recipes/*.yaml`; every one has a sound default."""

    name: str = "custom"
    """Of the network that training exports."""
    architecture: str = "pocket_balanced"
    options: dict = field(default_factory=dict)
    """Keyword arguments of the architecture."""
    pretrained: str | dict[str, float] | None = "imagenet"
    """`imagenet`, `selfie` or `multiclass` (MediaPipe's), a checkpoint or preset, or null.

    A mapping of such starts to shares takes the weighted mean of their weights: a fine-tuned
    network averaged with the one that it came from keeps what that one knew (WiSE-FT, Wortsman
    2022).
    """
    teacher: str | None = None
    """A better network, checkpoint or preset, to learn from: see `training.imitate`."""
    imitation: float = 1.0
    """Weight of the loss that compares what both understand; a teacher of another kind needs 0."""
    answers: float = 0.0
    """Share that the teacher's alpha of each view has in its label."""
    int8: bool = False
    """Train `pretrained`, one checkpoint, to be rounded to 8 bits: see `training.quantize`."""
    keep: float = 0.0
    """Share that the weights of `pretrained` have in the result (WiSE-FT, as above)."""
    freeze_norms: bool = False
    """Keep the batch norms' statistics as they are: for few pictures and small batches."""

    train_splits: list[str] = field(default_factory=lambda: ["train", "unlabelled"])
    val_split: str = "val"
    mask_sets: list[str] = field(default_factory=list)
    """Sets whose masks overrule the soft alpha away from the edge."""
    outline_sets: dict[str, float] = field(default_factory=dict)
    """Share that a set's masks have in its labels; above a half they say where the outline is."""
    repeat: dict[str, int] = field(default_factory=dict)
    """How often the pictures of a set are shown in an epoch, where not once."""
    picture_side: int = 320
    """Pictures are held in memory at this length of their longer side."""
    composites: float = 0.4
    """Share of training pictures that are people pasted on other backgrounds."""
    zoom: tuple[float, float] = (0.85, 1.7)
    moods: float = 0.5
    """Of a harmoniser: how much of its training asks to look at the scene, see `training_pair`."""
    draws: int = 0
    """Of a harmoniser: keep all that `pretrained` knows and train only its belief that a person
    does not match, on so many pairs of each picture, drawn once. 0 trains the whole network."""
    disturbed: float = 1.0
    """Share of the other pictures whose light, sharpness and compression are changed."""
    empty: float = 0.0
    """Share of views that show nobody: a dark or flat picture, as of a covered camera."""
    limit: int | None = None
    """Use only so many pictures (for trials)."""

    epochs: int = 40
    batch: int = 32
    resolution: list[tuple[float, int]] = field(default_factory=lambda: [(0.0, 176)])
    """(share of the training, side): from then on, views hold about side x side pixels."""
    mean: tuple[float, float, float] = (0.485, 0.456, 0.406)
    std: tuple[float, float, float] = (0.229, 0.224, 0.225)

    optimizer: str = "adamw"
    learning_rate: float = 2e-3
    weight_decay: float = 0.02
    schedule: str = "cosine"
    """`cosine` or `plateau`."""
    warmup: float = 1.0
    """Epochs of linear warm-up."""
    gradient_clip: float = 1.0
    ema: float = 0.998
    precision: str = "bf16"
    """`bf16` or `fp16` (autocast; fp16 with scaled loss), or `fp32`."""
    losses: dict[str, float] = field(
        default_factory=lambda: {"bce": 1.0, "l1": 1.0, "laplacian": 1.0, "dice": 0.5}
    )
    boundary_weight: float = 3.0
    """Extra weight of the pixels around the edge in `bce` and `l1`."""

    halves: bool = False
    """Round the averaged weights to half precision: files of half the size."""

    card: dict = field(default_factory=dict)
    """What only a person knows of the network: description, licence, training_data."""

    seed: int = 0
    threads: int | None = None
    workers: int = 1
    tensorboard: bool = False

    def to_dict(self) -> dict:
        """Plain types only, for checkpoints."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict, source: str = "recipe") -> Recipe:
        """Raises PocketmatteError for a field that does not exist."""
        known = {f.name for f in fields(cls)}
        if unknown := sorted(set(values) - known):
            raise PocketmatteError(
                f"{source}: unknown field {unknown[0]!r}; known are: {', '.join(sorted(known))}"
            )
        return cls(**values)


def load_recipe(path: str | Path) -> Recipe:
    """Read a YAML recipe.

    Raises PocketmatteError for a missing file, bad YAML or an unknown field.
    """
    import yaml

    path = Path(path)
    if not path.is_file():
        raise PocketmatteError(f"{path}: no such recipe; see the recipes/ folder")
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise PocketmatteError(f"{path}: not valid YAML ({' '.join(str(error).split())})") from None
    if not isinstance(values, dict):
        raise PocketmatteError(f"{path}: a recipe is a list of `field: value` lines")
    return Recipe.from_dict(values, str(path))
