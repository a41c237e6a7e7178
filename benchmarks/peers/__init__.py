"""The published networks that we measure ourselves against, from their own public packages.

`python -m benchmarks.peers --data DIR` scores them. Nothing of theirs is kept in this project.
"""

from benchmarks.peers.table import PEERS, Spec, load_peer

__all__ = ["PEERS", "Spec", "load_peer"]
