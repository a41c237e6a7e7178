"""`python -m pocketmatte`."""

from pocketmatte.cli import main

main()
