"""Write a file whole or not at all."""

import secrets
from collections.abc import Iterator
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
    if target.is_dir():
        raise PocketmatteError(f"cannot write {target}: it is a folder; give a file name")
    try:
        if make_folder:
            target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists() and not target.is_file():
            yield target
            return
        target = target.resolve()
        temporary = target.with_name(f".{secrets.token_hex(4)}.tmp{target.suffix}")
        try:
            yield temporary
            temporary.replace(target)
        except BaseException:
            with suppress(OSError):
                temporary.unlink()
            raise
    except OSError as error:
        if isinstance(error, BrokenPipeError):
            raise
        raise PocketmatteError(f"cannot write {target}: {reason(error)}") from error


def reason(error: OSError) -> str:
    """The cause of an operating-system error, without number and without file name."""
    return (error.strerror or str(error)).lower()
