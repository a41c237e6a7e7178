"""Numbers that anyone can make again: `python -m benchmarks.run`, `python -m benchmarks.peers`."""
