"""The one exception that every public function raises for input it cannot use."""


class PocketmatteError(Exception):
    """Bad input, said in one line: what is wrong, with which file, and what to do about it.

    The command line prints the message and ends with exit code 2.
    """
