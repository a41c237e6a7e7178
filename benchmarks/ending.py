"""How a benchmark ends that is a command line of its own."""

import sys
from collections.abc import Callable
from typing import NoReturn

from pocketmatte.errors import PocketmatteError


def run_to_the_end(main: Callable[[], int | None]) -> NoReturn:
    """Exit with what `main` returns; bad input is one line and exit code 1."""
    try:
        sys.exit(main())
    except PocketmatteError as error:
        sys.exit(f"error: {error}")
