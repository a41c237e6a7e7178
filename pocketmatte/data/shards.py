"""Reading shards: the same samples as from a data folder, straight out of the tar files."""

from __future__ import annotations

import json
import tarfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

from pocketmatte.data.layout import DataFolder, Sample
from pocketmatte.data.pack import INDEX
from pocketmatte.errors import PocketmatteError


@dataclass(frozen=True)
class Member:
    """One file inside a shard; read like a `Path`: `read_bytes()`, `suffix`, `stem`, `name`."""

    shard: Path
    key: str
    offset: int
    size: int

    def read_bytes(self) -> bytes:
        """Raises PocketmatteError when the shard was cut off or is gone."""
        try:
            with self.shard.open("rb") as file:
                file.seek(self.offset)
                data = file.read(self.size)
        except OSError as error:
            raise PocketmatteError(f"{self.shard}: cannot be read ({error.strerror})") from error
        if len(data) != self.size:
            raise PocketmatteError(f"{self.shard}: is cut off; copy or pack it again")
        return data

    @property
    def name(self) -> str:
        return PurePosixPath(self.key).name

    @property
    def stem(self) -> str:
        return self.name.partition(".")[0]

    @property
    def suffix(self) -> str:
        return PurePosixPath(self.key).suffix

    def __str__(self) -> str:
        return f"{self.shard}:{self.key}"


class ShardFolder:
    """A folder of shards with the interface of `DataFolder`: split, backgrounds, cutouts, ...

    Pictures and labels of the samples are `Member`s. Any number of threads and processes may
    read at once. Without shards.json (shards of other makers) the tar headers are read instead.

    Raises PocketmatteError when the folder holds no shards or one is damaged.
    """

    def __init__(self, root: str | Path):
        self.root = Path(root)
        self._shards = sorted(self.root.glob("*.tar")) if self.root.is_dir() else []
        if not self._shards:
            raise PocketmatteError(f"{root}: holds no shards (*.tar); pack a data folder first")

    def split(self, name: str) -> list[Sample]:
        """The samples of one split, in the order in which they were packed."""
        samples = []
        for key, members in self._groups(name).items():
            image = _kind(members, "image", "jpg", "jpeg", "webp", "png")
            if image is None:
                raise PocketmatteError(f"{self.root}: sample {key} of {name} has no image")
            mask, alpha = _kind(members, "mask"), _kind(members, "alpha")
            samples.append(Sample(_full_name(key, members), image, mask, alpha))
        return samples

    def splits(self) -> list[str]:
        """Names of the lists that there are, in the order of the files."""
        stems = dict.fromkeys(s.stem.rpartition("-")[0] for s in self._shards)
        return [stem for stem in stems if stem not in ("backgrounds", "cutouts")]

    def sample(self, name: str) -> Sample:
        """The sample called `<set>/<name>`, from whichever split holds it."""
        if name not in self._by_name:
            raise PocketmatteError(f"{self.root}: no shard holds {name}; pack the folder again")
        return self._by_name[name]

    @cached_property
    def _by_name(self) -> dict[str, Sample]:
        return {sample.name: sample for split in self.splits() for sample in self.split(split)}

    def backgrounds(self) -> list[Member]:
        """Pictures without a main person."""
        return [m for group in self._groups("backgrounds", ()).values() for m in group.values()]

    def cutouts(self) -> list[Member]:
        """RGBA pictures of people with true alpha."""
        return [m for group in self._groups("cutouts", ()).values() for m in group.values()]

    def agreement(self) -> dict[str, float]:
        """IoU of soft alpha and mask per picture name, as far as `labels.csv` tells."""
        return DataFolder(self.root).agreement()

    def _groups(self, split: str, default=None) -> dict[str, dict[str, Member]]:
        """Members by key, then by kind ("image.webp")."""
        shards = [s for s in self._shards if s.stem.rpartition("-")[0] == split]
        if not shards:
            if default is not None:
                return {}
            known = sorted({s.stem.rpartition("-")[0] for s in self._shards})
            raise PocketmatteError(
                f"{self.root}: no shards of split {split}; it has: {', '.join(known)}"
            )
        groups: dict[str, dict[str, Member]] = {}
        for shard in shards:
            for name, offset, size in self._places(shard):
                folder, _, base = name.rpartition("/")
                key, _, kind = base.partition(".")
                key = f"{folder}/{key}" if folder else key
                groups.setdefault(key, {})[kind] = Member(shard, name, offset, size)
        return groups

    def _places(self, shard: Path) -> list[tuple[str, int, int]]:
        known = self._index.get(shard.name)
        if known and known["bytes"] == shard.stat().st_size:
            return known["members"]
        try:
            with tarfile.open(shard) as tar:
                return [(m.name, m.offset_data, m.size) for m in tar if m.isfile()]
        except (tarfile.TarError, OSError) as error:
            raise PocketmatteError(f"{shard}: is damaged ({error}); copy or pack it again") from (
                error
            )

    @cached_property
    def _index(self) -> dict:
        path = self.root / INDEX
        if not path.is_file():
            return {}
        try:
            return json.loads(path.read_text(encoding="utf-8"))["shards"]
        except (ValueError, KeyError, TypeError) as error:
            raise PocketmatteError(f"{path}: is damaged; remove it or pack again") from error


def open_data(path: str | Path) -> DataFolder | ShardFolder:
    """A data folder, or a folder of shards, whichever lies there; both have one interface."""
    if any(Path(path).glob("*.tar")):
        return ShardFolder(path)
    return DataFolder(path)


def _kind(members: dict[str, Member], *kinds: str) -> Member | None:
    for kind in kinds:
        for name, member in members.items():
            if name.split(".")[0].lower() == kind and name != "json":
                return member
    return None


def _full_name(key: str, members: dict[str, Member]) -> str:
    """As in the data folder; foreign shards have the key alone."""
    if "json" in members:
        try:
            return str(json.loads(members["json"].read_bytes())["name"])
        except (ValueError, KeyError, TypeError):
            pass
    return key if "/" in key else f"shards/{key}"
