"""Which files a batch reads and which it writes, settled before any work begins."""

import glob
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pocketmatte.errors import PocketmatteError
from pocketmatte.media.atomic import holds
from pocketmatte.media.photo import FORMATS, SUFFIXES, format_of

STREAM = "-"
# HEIC is listed to be reported, not to be skipped in silence.
PICTURE_SUFFIXES = frozenset(
    {".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".gif", ".webp"}
    | {".bmp", ".dib", ".tif", ".tiff", ".avif", ".heic", ".heif"}
)
OUR_MARKS = (".cutout", ".composite", ".alpha")


@dataclass(frozen=True)
class Job:
    """One photo to do.

    source: file, or None for standard input. target: file, or None for standard output.
    matte: where the alpha matte goes as well, or None. format: "png", "webp" or "jpg".
    """

    source: Path | None
    target: Path | None
    format: str = "png"
    matte: Path | None = None

    @property
    def name(self) -> str:
        """How messages call the input."""
        return "standard input" if self.source is None else str(self.source)


def plan_photos(
    inputs: Sequence[str | Path],
    output: str | Path | None = None,
    format: str | None = None,
    alpha: bool = False,
    mark: str = "cutout",
    keep: Iterable[str | Path] = (),
) -> list[Job]:
    """Expand inputs to files and name every output.

    inputs: files, folders (searched recursively), patterns like "*.jpg", or "-" for standard
    input. Hidden files and earlier results (`me.cutout.png`) in folders are passed over.
    output: None writes `<stem>.<mark>.<format>` beside each input, and standard input to
    standard output; "-" is standard output; a name that ends in .png, .webp or .jpg is the file
    for a single input; anything else is a folder, where an input folder's tree is mirrored as
    `<tree>/<stem>.<format>`.
    format: "png" (default), "webp" or "jpg".
    alpha: also write the matte as `<stem>.alpha.png` beside the output.
    keep: files that no output may replace, such as the background.
    Raises PocketmatteError when nothing is found, when two inputs would share an output, or when
    an output would replace an input.
    """
    if format is not None and format not in FORMATS:
        raise PocketmatteError(f"unknown format {format!r}; use png, webp or jpg")
    place = None if output is None else str(output)
    file = _single_file(place, format)
    folder = Path(place) if place not in (None, STREAM) and file is None else None
    sources = list(_sources(inputs, folder))
    jobs: dict[Path | None, Job] = {}
    for source, tree in sources:
        if source in jobs:
            continue
        if file:
            target: Path | None = file
        elif place == STREAM or (source is None and folder is None):
            target = None
        elif source is None:
            target = folder / f"stdin.{format or 'png'}"
        elif folder:
            target = folder / tree / f"{source.stem}.{format or 'png'}"
        else:
            target = source.with_name(f"{source.stem}.{mark}.{format or 'png'}")
        jobs[source] = _job(source, target, format, alpha)
    if (place == STREAM or file) and len(jobs) > 1:
        where = "standard output" if place == STREAM else str(file)
        raise PocketmatteError(f"{len(jobs)} photos do not fit in {where}; give -o a folder")
    _refuse_clashes(list(jobs.values()), keep)
    return list(jobs.values())


def _single_file(place: str | None, format: str | None) -> Path | None:
    """The output as a file name, or None when it is a folder, a stream or not given."""
    if place in (None, STREAM) or place.endswith(("/", os.sep)) or holds(Path(place).is_dir):
        return None
    path = Path(place)
    suffix = path.suffix.lower()
    if suffix in SUFFIXES or suffix in PICTURE_SUFFIXES:
        wanted = format_of(path)
        if format and format != wanted:
            raise PocketmatteError(f"{place} is not a {format} name; drop --format or rename it")
        return path
    if holds(path.exists):
        raise PocketmatteError(
            f"cannot write {place}: it is a file without .png, .webp or .jpg, not a folder"
        )
    return None


def _job(source: Path | None, target: Path | None, format: str | None, alpha: bool) -> Job:
    if alpha and target is None:
        raise PocketmatteError("the matte needs a file name beside standard output; give -o FILE")
    matte = None
    if alpha:
        stem = target.stem
        for mark in OUR_MARKS:
            stem = stem.removesuffix(mark)
        matte = target.with_name(f"{stem}.alpha.png")
    return Job(source, target, format_of(target) if target else format or "png", matte)


def _sources(
    inputs: Sequence[str | Path], output: Path | None
) -> Iterator[tuple[Path | None, Path]]:
    """Each input file, and the part of the tree to mirror."""
    if not inputs:
        raise PocketmatteError("no input; give photos, folders, patterns or - for standard input")
    for text in map(str, inputs):
        path = Path(text)
        if text == STREAM:
            yield None, Path()
        elif holds(path.is_dir):
            yield from _walk(path, output)
        elif glob.has_magic(text) and not holds(path.exists):
            found = map(Path, sorted(glob.glob(text, recursive=True)))  # noqa: PTH207
            matches = [match for match in found if holds(match.is_file) and not _is_ours(match)]
            if not matches:
                raise PocketmatteError(f"no file matches {text!r}; check the pattern")
            yield from ((match, Path()) for match in matches)
        else:
            yield path, Path()


def _walk(folder: Path, output: Path | None) -> Iterator[tuple[Path, Path]]:
    locked: list[Path] = []
    inside = output.resolve() if output else None
    count = 0
    for where, folders, files in os.walk(
        folder, onerror=lambda error: locked.append(Path(error.filename))
    ):
        here = Path(where)
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith(".") and not (inside and (here / name).resolve() == inside)
        )
        for name in sorted(files):
            path = here / name
            is_picture = path.suffix.lower() in PICTURE_SUFFIXES
            if is_picture and not _is_ours(path) and not name.startswith("."):
                count += 1
                yield path, here.relative_to(folder)
    # A folder that cannot be read becomes a job that fails, so that the others go on.
    yield from ((path, Path()) for path in locked)
    if not count and not locked:
        raise PocketmatteError(f"folder {folder} holds no pictures; check the name")


def _is_ours(path: Path) -> bool:
    """Tell whether an earlier run wrote this file."""
    return path.stem.endswith(OUR_MARKS)


def _refuse_clashes(jobs: list[Job], keep: Iterable[str | Path]) -> None:
    inputs = {job.source.resolve() for job in jobs if job.source}
    inputs |= {Path(path).resolve() for path in keep}
    owners: dict[Path, Job] = {}
    for job in jobs:
        for target in filter(None, (job.target, job.matte)):
            path = target.resolve()
            if path in inputs:
                raise PocketmatteError(
                    f"{job.name} would be written over the input {target}; give another -o"
                )
            other = owners.setdefault(path, job)
            if other is not job:
                raise PocketmatteError(
                    f"{other.name} and {job.name} would both be written to {target}; "
                    "rename one, or do them apart"
                )
