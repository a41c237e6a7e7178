"""Let reading, matting and writing run at the same time, a few frames apart."""

import threading
from collections.abc import Callable, Iterable, Iterator
from queue import Full, Queue
from typing import TypeVar

Item = TypeVar("Item")
_END = object()
_PATIENCE = 0.1  # seconds between looks at whether the other side is still there


def ahead(items: Iterable[Item], depth: int = 3) -> Iterator[Item]:
    """The same items, made by a thread that is at most `depth` ahead.

    An exception of the source comes out here, after the items before it. Closing the generator
    stops the thread before it returns.
    """
    queue: Queue = Queue(depth)
    stop = threading.Event()
    problem: list[BaseException] = []

    def work():
        try:
            for item in items:
                if not _put(queue, item, stop):
                    return
        except BaseException as error:
            problem.append(error)
        _put(queue, _END, stop)

    thread = threading.Thread(target=work, name="ahead", daemon=True)
    thread.start()
    try:
        while (item := queue.get()) is not _END:
            yield item
            del item  # not to hold a frame while waiting for the next
        if problem:
            raise problem[0]
    finally:
        stop.set()
        thread.join()


class Behind:
    """Calls a function in a thread, in order, at most `depth` calls behind.

    >>> with Behind(sink.write) as write:
    ...     write(image, time)

    An exception of the function comes out at the next call or at the end of the block. The block
    ends when all calls are done, also after Ctrl-C; after any other exception they are dropped.
    """

    def __init__(self, function: Callable, depth: int = 2):
        self._function = function
        self._queue: Queue = Queue(depth)
        self._drop = threading.Event()
        self._problem: BaseException | None = None
        self._thread = threading.Thread(target=self._work, name="behind", daemon=True)

    def __enter__(self) -> "Behind":
        self._thread.start()
        return self

    def __call__(self, *arguments) -> None:
        """Ask for a call; waits while too many are waiting."""
        self._raise()
        _put(self._queue, arguments, self._drop)

    def __exit__(self, kind, error, trace) -> None:
        if kind is not None and not issubclass(kind, KeyboardInterrupt):
            self._drop.set()
        self._queue.put(_END)
        self._thread.join()
        if not self._drop.is_set():
            self._raise()

    def _work(self) -> None:
        while (arguments := self._queue.get()) is not _END:
            if self._problem is None and not self._drop.is_set():
                try:
                    self._function(*arguments)
                except BaseException as error:
                    self._problem = error
            del arguments

    def _raise(self) -> None:
        if self._problem is not None:
            problem, self._problem = self._problem, None
            self._drop.set()
            raise problem


def _put(queue: Queue, item, stop: threading.Event) -> bool:
    """Put, unless told to stop."""
    while not stop.is_set():
        try:
            queue.put(item, timeout=_PATIENCE)
            return True
        except Full:
            continue
    return False
