"""Write a file whole or not at all."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pocketmatte.errors import PocketmatteError


@contextmanager
def whole_file(target: str | Path, make_folder: bool = True) -> Iterator[Path]:
    """Give a temporary name beside `target`; rename it to `target` when the block ends well.

    When the block fails, the temporary file is deleted and an older `target` stays as it was.
    The temporary name keeps the suffix, for writers that go by it. Devices and pipes cannot be
    renamed over: they are given as they are.

    >>> with whole_file("out/me.png") as path:
    ...     path.write_bytes(data)

    Raises PocketmatteError when the target is a folder or its folder cannot be made, and when
    the block raises OSError (disk full, no permission).
    """
    target = Path(target)
    try:
        if target.is_dir():
            raise PocketmatteError(f"cannot write {target}: it is a folder; give a file name")
        if make_folder:
            target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists() and not target.is_file():
            yield target
            return
        final = target.resolve()
        temporary = final.with_name(f".{secrets.token_hex(4)}.tmp{final.suffix}")
        try:
            yield temporary
            temporary.replace(final)
        except BaseException:
            with suppress(OSError):
                temporary.unlink()
            raise
    except OSError as error:
        if isinstance(error, BrokenPipeError):
            raise
        raise PocketmatteError(f"cannot write {target}: {reason(error)}") from error


def holds(test: Callable[[], bool]) -> bool:
    """Ask a path a question, such as `path.is_dir`; False when the system refuses to answer.

    pathlib raises for a folder that may not be entered and for a name that is too long.
    """
    try:
        return test()
    except OSError:
        return False


def reason(error: OSError) -> str:
    """The cause of an operating-system error, without number and without file name."""
    return (error.strerror or str(error)).lower()
