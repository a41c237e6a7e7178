"""Cut the person out of one photo or of thousands."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from time import perf_counter
from typing import BinaryIO

import numpy as np

from pocketmatte.errors import PocketmatteError
from pocketmatte.media.atomic import holds
from pocketmatte.media.background import parse_background
from pocketmatte.media.compose import PLAIN, compose, filter_alpha, filter_steps
from pocketmatte.media.photo import MAX_PIXELS, Photo, read_photo, to_levels, write_photo
from pocketmatte.media.plan import Job


@dataclass(frozen=True)
class Result:
    """What became of one job.

    error: why it failed, one line that names the file; None when it went well.
    skipped: its output was already there.
    seconds: reading, matting and writing together.
    notices: what the user should know about the result.
    """

    job: Job
    error: str | None = None
    skipped: bool = False
    seconds: float = 0.0
    notices: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Cutout:
    """A photo cut out.

    image: RGB, uint8 (uint16 for a deep photo without background), HWC: the clean foreground, or
    the finished composite. alpha: the matte after its filters, float32 [0, 1], HW.
    opaque: `image` is a composite.
    """

    image: np.ndarray
    alpha: np.ndarray
    opaque: bool


def cut_out(photo: Photo, model: Callable, background="none", filter=PLAIN) -> Cutout:
    """Cut the person out of a photo, and set a background when there is one.

    The photo's own transparency, where it has any, multiplies the matte.

    model: image (RGB uint8, HWC) -> Matte. background, filter: as for `compose`.
    """
    matte = model(photo.image)
    alpha = np.asarray(matte.alpha, np.float32)
    if photo.alpha is not None:
        alpha = alpha * photo.alpha
    scene = parse_background(background)
    steps = filter_steps(filter, scene is not None)
    filtered = filter_alpha(steps, alpha)
    if scene is not None:
        layer = _Layer(photo.image, matte.foreground, alpha)
        return Cutout(compose(layer, scene, steps), filtered, opaque=True)
    foreground = matte.foreground
    if photo.deep is not None:
        foreground = _deepen(photo, foreground)
    return Cutout(foreground, filtered, opaque=False)


def matte_photos(
    jobs: Iterable[Job],
    model: Callable,
    background="none",
    filter: str = PLAIN,
    skip_existing: bool = False,
    quality: int | None = None,
    max_pixels: int = MAX_PIXELS,
    workers: int = 1,
    stdin: BinaryIO | None = None,
    stdout: BinaryIO | None = None,
) -> Iterator[Result]:
    """Do jobs from `plan_photos`, yielding one result for each, in order.

    A job that fails is reported in its result and the others go on. Closing the iterator (or
    Ctrl-C) leaves no half-written file. At most 2 x workers photos are in memory.

    model: image (RGB uint8, HWC) -> Matte; called from several threads when workers > 1.
    background, filter: as for `compose`. quality: as for `write_photo`.
    stdin, stdout: where "-" reads and writes; needed only when a job uses it.
    """
    scene = parse_background(background)
    steps = filter_steps(filter, scene is not None)

    def work(job: Job) -> Result:
        start = perf_counter()
        if skip_existing and _is_done(job):
            return Result(job, skipped=True)
        notices: list[str] = []
        try:
            photo = read_photo(stdin if job.source is None else job.source, max_pixels, job.name)
            notices += photo.notices
            cutout = cut_out(photo, model, scene, steps)
            target = stdout if job.target is None else job.target
            transparency = None if cutout.opaque else cutout.alpha
            if job.format == "jpg" and not cutout.opaque:
                notices.append(f"{job.name}: JPG has no transparency, so it was put on white")
            write_photo(target, cutout.image, transparency, photo.icc, job.format, quality)
            if job.matte:
                write_photo(job.matte, to_levels(cutout.alpha), format="png")
        except PocketmatteError as error:
            return Result(job, str(error), seconds=perf_counter() - start, notices=notices)
        except BrokenPipeError:
            raise
        except MemoryError:
            error = f"{job.name}: not enough memory; make it smaller or use fewer --jobs"
            return Result(job, error, seconds=perf_counter() - start, notices=notices)
        except Exception as error:
            # One picture that trips a library must not end a batch of thousands.
            text = f"{job.name}: {type(error).__name__}: {' '.join(str(error).split())}"
            return Result(job, text, seconds=perf_counter() - start, notices=notices)
        return Result(job, seconds=perf_counter() - start, notices=notices)

    if workers <= 1:
        return (work(job) for job in jobs)
    return _in_order(work, jobs, workers)


def _in_order(work: Callable, jobs: Iterable[Job], workers: int) -> Iterator[Result]:
    pool = ThreadPoolExecutor(workers, thread_name_prefix="photo")
    waiting: deque[Future] = deque()
    try:
        for job in jobs:
            waiting.append(pool.submit(work, job))
            if len(waiting) >= 2 * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


@dataclass(frozen=True)
class _Layer:
    image: np.ndarray
    foreground: np.ndarray
    alpha: np.ndarray


def _is_done(job: Job) -> bool:
    outputs = [path for path in (job.target, job.matte) if path]
    return bool(outputs) and all(holds(path.exists) for path in outputs)


def _deepen(photo: Photo, foreground: np.ndarray) -> np.ndarray:
    """The 16-bit foreground: the photo's own bits, moved by what 8 bits say must change."""
    change = (foreground.astype(np.int32) - photo.image) * 257
    return np.clip(photo.deep + change, 0, 65535).astype(np.uint16)
