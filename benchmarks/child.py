"""One network in a fresh process: how soon the first matte comes, and how much memory it takes.

`python -m benchmarks.child preset|peer NAME FILE PICTURE.npy` prints a line of JSON. Used by
`benchmarks.memory`; what is imported here is what a user of the network imports.
"""

import json
import sys
from pathlib import Path
from time import perf_counter, time


def peak_bytes() -> int:
    """The most memory that this process has held (resident set), in bytes."""
    status = Path("/proc/self/status")
    if status.is_file():
        # getrusage would also count the parent, whose memory a fork shares for a moment
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def main(kind: str, name: str, file: str, picture: str) -> dict:
    import cv2
    import numpy as np

    cv2.setNumThreads(1)
    image = np.load(picture)
    before = peak_bytes()
    start = perf_counter()
    model = _load(kind, name, file)
    loaded = perf_counter()
    model.alpha(image)
    first, moment = perf_counter(), time()
    for _ in range(3):
        model.alpha(image)
    return {
        "load_ms": 1000 * (loaded - start),
        "first_ms": 1000 * (first - loaded),
        "moment": moment,
        "before_bytes": before,
        "peak_bytes": peak_bytes(),
    }


def _load(kind: str, name: str, file: str):
    if kind == "peer":
        from benchmarks.peers.table import PEERS, Peer

        # the file was checked by whoever started this process
        return Peer(PEERS[name], Path(file))
    from pocketmatte import load_model

    base, _, runtime = name.partition("@")
    return load_model(base, runtime=runtime or None, threads=1)


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))  # noqa: T201
