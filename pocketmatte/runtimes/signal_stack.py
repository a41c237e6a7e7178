"""The thread's stack for signal handlers, which a native library may leave dangling."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager


class SignalStack(ctypes.Structure):
    """Linux's `stack_t`: address, flags and bytes of the stack that signal handlers run on."""

    _fields_ = (("address", ctypes.c_void_p), ("flags", ctypes.c_int), ("size", ctypes.c_size_t))

    @classmethod
    def current(cls) -> SignalStack:
        """The calling thread's, on Linux."""
        stack = cls()
        ctypes.CDLL(None).sigaltstack(None, ctypes.byref(stack))
        return stack


@contextmanager
def kept_signal_stack() -> Iterator[None]:
    """Afterwards the thread's signal stack is what it was.

    OpenVINO sets one when it looks for devices, and its memory is gone while the thread still has
    it: on the next signal, such as a child's end where torch's loaders listen for that, the kernel
    ends the process. Nothing needs to be done but on Linux.
    """
    if sys.platform != "linux":
        yield
        return
    stack = SignalStack.current()
    try:
        yield
    finally:
        ctypes.CDLL(None).sigaltstack(ctypes.byref(stack), None)
