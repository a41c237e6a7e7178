"""A video as a folder of numbered PNG files, with a list of its frame times."""

import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

from pocketmatte.errors import PocketmatteError
from pocketmatte.media.atomic import holds, reason

TIMES = "timestamps.txt"
_FAST = [cv2.IMWRITE_PNG_COMPRESSION, 1]


class PngFolder:
    """Writes `000000.png`, `000001.png` ... and `timestamps.txt` (milliseconds, one a line).

    The list has the format that mkvmerge calls "timestamp format v2".
    """

    def __init__(self, folder: Path):
        self._folder = folder
        self._count = 0
        self._times = (folder / TIMES).open("w", encoding="ascii")
        self._times.write("# timestamp format v2\n")

    @staticmethod
    @contextmanager
    def whole(target: Path) -> Iterator[Path]:
        """Give a temporary folder beside `target`; rename it to `target` when all went well.

        Raises PocketmatteError when the target is a file, holds files, or cannot be made.
        """
        if holds(target.exists) and (not target.is_dir() or any(target.iterdir())):
            kind = "is not empty" if target.is_dir() else "is a file"
            raise PocketmatteError(f"cannot write {target}: the folder {kind}; give a new name")
        final = target.resolve()
        temporary = final.with_name(f".{secrets.token_hex(4)}.tmp")
        try:
            temporary.mkdir(parents=True)
        except OSError as error:
            raise PocketmatteError(f"cannot write {target}: {reason(error)}") from error
        try:
            yield temporary
            if final.is_dir():
                final.rmdir()
            temporary.replace(final)
        except OSError as error:
            shutil.rmtree(temporary, ignore_errors=True)
            raise PocketmatteError(f"cannot write {target}: {reason(error)}") from error
        except BaseException:
            shutil.rmtree(temporary, ignore_errors=True)
            raise

    def write(self, image: np.ndarray, time: Fraction, duration: Fraction | None = None) -> None:
        """Add a frame: RGB or RGBA uint8, HWC; time in seconds."""
        code = cv2.COLOR_RGBA2BGRA if image.shape[2] == 4 else cv2.COLOR_RGB2BGR
        path = self._folder / f"{self._count:06d}.png"
        try:
            path.write_bytes(cv2.imencode(".png", cv2.cvtColor(image, code), _FAST)[1].tobytes())
            self._times.write(f"{float(time) * 1000:.6f}\n")
        except OSError as error:
            raise PocketmatteError(f"cannot write {path.name}: {reason(error)}") from error
        self._count += 1

    def finish(self, stopped: bool) -> None:
        """Close the list of times."""
        self._times.close()

    def abort(self) -> None:
        """Close the list of times; the folder is deleted by its owner."""
        self._times.close()
