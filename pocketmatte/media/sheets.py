"""Contact sheets: rows of pictures with captions, for people to look at."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from pocketmatte.errors import PocketmatteError

GREEN = (0, 177, 64)
MAGENTA = (255, 0, 255)

_PAPER = (24, 24, 24)
_INK = (235, 235, 235)
_GAP = 6
_LINE = 22
_WIDEST = 2.0


def contact_sheet(
    rows: Sequence[Sequence[np.ndarray]],
    labels: Sequence[str],
    captions: Sequence[str] | None = None,
    height: int = 240,
) -> np.ndarray:
    """Pictures in a table, a row of them under each other row.

    Args:
        rows: each as many pictures as there are labels: RGB (uint8, or float in [0, 1]) or HW
            (bool mask, float alpha); any size, shown whole.
        labels: heading of each column.
        captions: a line of text over each row.
        height: of a picture on the sheet, in pixels.

    Returns RGB uint8 HWC. Raises PocketmatteError when a row does not fit the labels.
    """
    if not rows or not labels or any(len(row) != len(labels) for row in rows):
        raise PocketmatteError(f"each row of a sheet needs {len(labels)} pictures, one a label")
    widths = [_column_width([row[i] for row in rows], height) for i in range(len(labels))]
    total = sum(widths) + _GAP * (len(widths) + 1)
    parts = [_text_row(labels, widths, total)]
    for index, row in enumerate(rows):
        if captions is not None:
            parts.append(_text_row([captions[index]], [total], total))
        parts.append(_picture_row(row, widths, height, total))
    return np.concatenate(parts)


def over_colour(image: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """The person over green, or over magenta where the person is greenish. RGB uint8 HWC."""
    weight = alpha[..., None].astype(np.float32)
    person = (image * weight).sum((0, 1)) / max(float(weight.sum()), 1.0)
    greenish = person[1] > max(person[0], person[2])
    colour = np.float32(MAGENTA if greenish else GREEN)
    return np.rint(image * weight + colour * (1 - weight)).astype(np.uint8)


def difference(image: np.ndarray, alpha: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """The dimmed picture, red where alpha is too high, blue where too low. RGB uint8 HWC."""
    grey = cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    error = alpha.astype(np.float32) - truth.astype(np.float32)
    strength = np.abs(error)[..., None]
    colour = np.where(error[..., None] > 0, np.float32((255, 40, 40)), np.float32((60, 110, 255)))
    return np.rint(grey * 0.4 * (1 - strength) + colour * strength).astype(np.uint8)


def save_sheet(path: str | Path, sheet: np.ndarray) -> None:
    """Write RGB uint8 as .png or .jpg, whole or not at all; makes the folder when missing.

    Raises PocketmatteError when it cannot be written.
    """
    path = Path(path)
    if path.suffix.lower() not in (".png", ".jpg", ".jpeg"):
        raise PocketmatteError(f"{path}: a sheet is written as .png or .jpg; change the suffix")
    quality = [cv2.IMWRITE_JPEG_QUALITY, 90] if path.suffix.lower() != ".png" else []
    data = cv2.imencode(path.suffix, cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR), quality)[1]
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.write_bytes(data.tobytes())
        beside.replace(path)
    except OSError as error:
        reason = error.strerror or error
        raise PocketmatteError(
            f"{path}: cannot be written ({reason}); choose another folder"
        ) from error


def _column_width(pictures: Sequence[np.ndarray], height: int) -> int:
    aspect = max(picture.shape[1] / picture.shape[0] for picture in pictures)
    return max(round(height * min(aspect, _WIDEST)), 40)


def _text_row(texts: Sequence[str], widths: Sequence[int], total: int) -> np.ndarray:
    row = np.full((_LINE, total, 3), _PAPER, np.uint8)
    x = _GAP
    for text, width in zip(texts, widths, strict=True):
        ascii_text = text.encode("ascii", "replace").decode()
        cell = np.ascontiguousarray(row[:, x : x + width])
        (wide, _), _ = cv2.getTextSize(ascii_text, cv2.FONT_HERSHEY_SIMPLEX, 0.45, 1)
        scale = 0.45 * min(1.0, (width - 2) / max(wide, 1))
        cv2.putText(cell, ascii_text, (0, 15), 0, scale, _INK, 1, cv2.LINE_AA)
        row[:, x : x + width] = cell
        x += width + _GAP
    return row


def _picture_row(
    pictures: Sequence[np.ndarray], widths: Sequence[int], height: int, total: int
) -> np.ndarray:
    row = np.full((height + _GAP, total, 3), _PAPER, np.uint8)
    x = _GAP
    for picture, width in zip(pictures, widths, strict=True):
        tile = _fit(_rgb(picture), height, width)
        top, left = (height - tile.shape[0]) // 2, x + (width - tile.shape[1]) // 2
        row[top : top + tile.shape[0], left : left + tile.shape[1]] = tile
        x += width + _GAP
    return row


def _fit(picture: np.ndarray, height: int, width: int) -> np.ndarray:
    scale = min(height / picture.shape[0], width / picture.shape[1])
    size = (max(round(picture.shape[1] * scale), 1), max(round(picture.shape[0] * scale), 1))
    mode = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return cv2.resize(picture, size, interpolation=mode)


def _rgb(picture: np.ndarray) -> np.ndarray:
    if picture.dtype != np.uint8:
        picture = np.rint(np.clip(picture.astype(np.float32), 0, 1) * 255).astype(np.uint8)
    return picture if picture.ndim == 3 else np.repeat(picture[..., None], 3, axis=2)
