"""Shards: a data folder as a few tar files that train fast and travel.

WebDataset's layout: the members of one sample follow each other and share a key, the name up to
its first dot. `<set>/<stem>.image.webp`, `.mask.png`, `.alpha.png`, `.json` (the name as in the
data folder); a cut-out or background is `<key>.cutout.png` or `<key>.background.jpg`.
"""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pocketmatte.data.convert import shrink_to
from pocketmatte.data.layout import DataFolder, Sample, read_grey, read_rgb
from pocketmatte.data.write import encode_label, encode_rgb, write_bytes
from pocketmatte.errors import PocketmatteError
from pocketmatte.media.atomic import whole_file

INDEX = "shards.json"

Progress = Callable[[int, int, str], None]
Entry = tuple[str, dict[str, bytes]]


@dataclass
class Packed:
    """shards: file names in order. samples: number in each split (or backgrounds, cutouts)."""

    shards: list[str] = field(default_factory=list)
    samples: dict[str, int] = field(default_factory=dict)
    bytes: int = 0


def pack(
    root: str | Path,
    out: str | Path,
    *,
    splits: list[str] | None = None,
    max_bytes: int = 256 * 2**20,
    side: int | None = None,
    progress: Progress | None = None,
) -> Packed:
    """Pack splits, backgrounds and cut-outs into shards; one picture in memory at a time.

    Args:
        root: data folder.
        out: folder for `<split>-000000.tar` ...; made when missing.
        splits: which; all when None.
        max_bytes: begin a new shard before one grows beyond this.
        side: shrink pictures and labels to this longer side; they are taken over byte by byte
            when None.
        progress: called after each sample with (done, total, its name).

    The same data gives the same bytes: no times, no owners, the order of the split files.
    Shards of an earlier packing with the same names are replaced, others of it removed.

    Raises PocketmatteError when the folder or a split is missing, or a picture cannot be read.
    """
    if max_bytes < 2**16:
        raise PocketmatteError(f"shards of {max_bytes} bytes are too small; give at least 65536")
    data, out = DataFolder(root), Path(out)
    chosen = splits or sorted(p.stem for p in (data.root / "splits").glob("*.txt"))
    samples = {split: data.split(split) for split in chosen}
    pictures = {"backgrounds": data.backgrounds(), "cutouts": data.cutouts()}
    total = sum(map(len, samples.values())) + sum(map(len, pictures.values()))
    if not total:
        raise PocketmatteError(f"{root}: nothing to pack; it has no splits and no pictures")
    done, index = Packed(), {}

    def counted(name: str, entries: Iterator[Entry]) -> Iterator[Entry]:
        for entry in entries:
            yield entry
            done.samples[name] = done.samples.get(name, 0) + 1
            if progress:
                progress(sum(done.samples.values()), total, entry[0])

    for split, members in samples.items():
        _write_shards(out, split, counted(split, _entries(members, side)), max_bytes, index)
    for name, paths in pictures.items():
        entries = _whole_files(data.root / name, paths, name[:-1])
        _write_shards(out, name, counted(name, entries), max_bytes, index)
    done.shards, done.bytes = list(index), sum(shard["bytes"] for shard in index.values())
    _remove_old(out, index)
    labels = data.root / "labels.csv"
    if labels.is_file():
        write_bytes(out / "labels.csv", labels.read_bytes())
    content = {"format": 1, "samples": done.samples, "shards": index}
    write_bytes(out / INDEX, (json.dumps(content) + "\n").encode())
    return done


def _entries(samples: Iterable[Sample], side: int | None) -> Iterator[Entry]:
    for sample in samples:
        files = {"image": sample.image, "mask": sample.mask, "alpha": sample.alpha}
        members = {}
        for kind, path in files.items():
            if path is None:
                continue
            if side is None:
                members[f"{kind}{path.suffix.lower()}"] = _bytes(path)
            elif kind == "image":
                members["image.webp"] = encode_rgb(shrink_to(read_rgb(path), side))
            else:
                label = shrink_to(read_grey(path), side)
                members[f"{kind}.png"] = encode_label(label > 0.5 if kind == "mask" else label)
        members["json"] = json.dumps({"name": sample.name}).encode()
        yield sample.name, members


def _whole_files(folder: Path, paths: list[Path], kind: str) -> Iterator[Entry]:
    for path in paths:
        name = path.relative_to(folder).with_suffix("").as_posix()
        yield f"{folder.name}/{name}", {f"{kind}{path.suffix.lower()}": _bytes(path)}


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise PocketmatteError(f"{path}: cannot be read ({error.strerror})") from error


def _write_shards(
    out: Path, name: str, entries: Iterator[Entry], max_bytes: int, index: dict
) -> None:
    """Fill shards one after the other, each whole or not at all; note where the members lie."""
    used: set[str] = set()
    waiting = next(entries, None)
    number = 0
    while waiting is not None:
        shard = f"{name}-{number:06d}.tar"
        with (
            whole_file(out / shard) as part,
            tarfile.open(part, "w", format=tarfile.USTAR_FORMAT) as tar,
        ):
            places: list[list] = []
            while waiting is not None:
                size = sum(len(data) + 1024 for data in waiting[1].values())
                if places and tar.offset + size > max_bytes:
                    break
                _add(tar, _key(waiting[0], used), waiting[1], places)
                waiting = next(entries, None)
        index[shard] = {"bytes": (out / shard).stat().st_size, "members": places}
        number += 1


def _key(name: str, used: set[str]) -> str:
    """The name without dots, which end a key; unique in the split."""
    key = plain = name.replace(".", "_")
    number = 1
    while key in used:
        number += 1
        key = f"{plain}-{number}"
    used.add(key)
    return key


def _add(tar: tarfile.TarFile, key: str, members: dict[str, bytes], places: list[list]) -> None:
    for kind, data in members.items():
        info = tarfile.TarInfo(f"{key}.{kind}")
        info.size, info.mode = len(data), 0o644
        try:
            tar.addfile(info, io.BytesIO(data))
        except ValueError as error:
            raise PocketmatteError(f"{key}: the name is too long for a tar file; shorten it") from (
                error
            )
        padded = -(-len(data) // 512) * 512
        places.append([info.name, tar.offset - padded, len(data)])


def _remove_old(out: Path, index: dict) -> None:
    """Shards that an earlier, larger packing of the same splits has left."""
    try:
        before = json.loads((out / INDEX).read_text(encoding="utf-8"))["shards"]
    except (OSError, ValueError, KeyError, TypeError):
        return
    for name in before:
        if name not in index and Path(name).name == name:
            (out / name).unlink(missing_ok=True)
