"""Where the memory of training comes from."""

from __future__ import annotations

import ctypes
import sys

_TRIM_THRESHOLD, _MMAP_MAX = -1, -4  # malloc.h


def keep_freed_memory() -> bool:
    """Let the process keep the memory that it frees, for its next tensors.

    The C library of Linux asks the kernel for every large tensor anew, and the kernel clears each
    page: a third to a half of the time of a training step on one core.

    Returns whether the C library could be told so (glibc only).
    """
    if sys.platform != "linux":
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return bool(mallopt and mallopt(_MMAP_MAX, 0) and mallopt(_TRIM_THRESHOLD, 2**31 - 1))
