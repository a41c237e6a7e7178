"""Freed memory that stays with the process."""

import subprocess
import sys

import pytest

_COUNT = """
import resource, numpy as np
from pocketmatte.training.memory import keep_freed_memory
def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(8):
        np.ones(8 << 20)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
faults()
print(faults(), keep_freed_memory(), faults() and faults())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the allocator of glibc")
def test_large_arrays_no_longer_come_from_the_kernel():
    ran = subprocess.run([sys.executable, "-c", _COUNT], capture_output=True, text=True, check=True)
    before, told, after = ran.stdout.split()
    if told == "False":
        pytest.skip("this C library has no mallopt")
    assert int(after) < 0.1 * int(before), f"{before} page faults before, {after} after"
