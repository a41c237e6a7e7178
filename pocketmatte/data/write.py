"""Writing pieces of a data folder, each file whole or not at all."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np

from pocketmatte.media.atomic import whole_file


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file; its folder is made. Raises PocketmatteError when it cannot be written."""
    with whole_file(path) as part:
        part.write_bytes(data)


def write_lines(path: Path, lines: Iterable[str]) -> None:
    """Write a text file, a line each."""
    write_bytes(path, "".join(f"{line}\n" for line in lines).encode())


def encode_label(label: np.ndarray) -> bytes:
    """A bool mask or a float alpha in [0, 1], HW, as PNG: 0 and 255, or 8-bit grey."""
    if label.dtype == bool:
        levels, options = label.astype(np.uint8) * 255, [cv2.IMWRITE_PNG_BILEVEL, 1]
    else:
        levels, options = np.round(np.clip(label, 0, 1) * 255).astype(np.uint8), []
    return cv2.imencode(".png", levels, options)[1].tobytes()


def encode_rgb(image: np.ndarray, suffix: str = ".webp", quality: int = 95) -> bytes:
    """An RGB uint8 picture as .webp, .jpg (with this quality) or .png."""
    flag = {".webp": cv2.IMWRITE_WEBP_QUALITY, ".jpg": cv2.IMWRITE_JPEG_QUALITY}.get(suffix)
    options = [] if flag is None else [flag, quality]
    return cv2.imencode(suffix, cv2.cvtColor(image, cv2.COLOR_RGB2BGR), options)[1].tobytes()
