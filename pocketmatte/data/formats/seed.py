"""The packed arrays of the 128x128 portrait set: img_uint8.npy and msk_uint8.npy."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from pocketmatte.data.formats import Item
from pocketmatte.errors import PocketmatteError


def read_seed(root: Path) -> Iterator[Item]:
    """Rows of img_uint8.npy [N, H, W, 3] and msk_uint8.npy [N, H, W] or [N, H, W, 1].

    The arrays stay on disk; one row at a time is read. Masks hold 0 and 255 (or 0 and 1); where
    they are grey they were alphas, and are taken over as such.
    """
    images, masks = (_open(root / name) for name in ("img_uint8.npy", "msk_uint8.npy"))
    if images.ndim != 4 or images.shape[3] != 3 or images.dtype != np.uint8:
        raise PocketmatteError(
            f"{root / 'img_uint8.npy'}: is {images.dtype} {images.shape}; "
            "it must be uint8 pictures, N x height x width x 3"
        )
    if (
        masks.dtype != np.uint8
        or masks.shape[:3] != images.shape[:3]
        or masks.size != (images.size // 3)
    ):
        raise PocketmatteError(
            f"{root / 'msk_uint8.npy'}: is {masks.dtype} {masks.shape}, which does not fit "
            f"pictures {images.shape}; the two files must belong together"
        )
    digits = len(str(len(images)))
    for index in range(len(images)):
        level = np.array(masks[index]).reshape(images.shape[1:3])
        top = 1 if level.max() <= 1 else 255
        alpha = level.astype(np.float32) / top
        grey = ((alpha > 0.06) & (alpha < 0.94)).mean() > 0.002
        yield Item(
            f"{index:0{digits}d}",
            np.array(images[index]),
            mask=alpha > 0.5,
            alpha=alpha if grey else None,
        )


def _open(path: Path) -> np.ndarray:
    try:
        return np.load(path, mmap_mode="r", allow_pickle=False)
    except FileNotFoundError:
        raise PocketmatteError(f"{path}: missing; the folder must hold both arrays") from None
    except (ValueError, EOFError, OSError) as error:
        raise PocketmatteError(
            f"{path}: cannot be read as a NumPy array ({error}); download it again"
        ) from error
