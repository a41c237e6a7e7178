"""Memory of the page: slopes with honest bounds, processes by their kind."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks.processes import kind_of, started, used_seconds
from benchmarks.web_memory import growth_per_minute, row

TIMES = np.arange(100) / 10


def test_a_leak_is_told_from_noise():
    noise = np.random.default_rng(0).normal(0, 2, 100)
    low, growth, high = growth_per_minute(TIMES, 200 + 0.5 * TIMES + noise)
    assert 0 < low < 0.5 < high and growth == pytest.approx(0.5, abs=0.2)
    low, _, high = growth_per_minute(TIMES, 200 + noise)
    assert low < 0 < high


def test_samples_that_follow_each_other_count_for_less():
    rng = np.random.default_rng(3)
    walk = np.cumsum(rng.normal(0, 1, 100))
    low, _, high = growth_per_minute(TIMES, walk)
    even_low, _, even_high = growth_per_minute(TIMES, rng.permutation(walk))
    assert high - low > 1.5 * (even_high - even_low)


def test_garbage_that_comes_and_goes_is_no_growth():
    times = [n / 10 for n in range(100)]
    garbage = [20 * (n % 5 != 0) * n / 100 for n in range(100)]
    found = row("page", times, [250 + g for g in garbage], 1000)
    assert found["start_mb"] == found["end_mb"] == 250 and found["high"] == 0
    leak = row("page", times, [250 + g + t for g, t in zip(garbage, times, strict=True)], 1000)
    assert leak["growth_mb_per_minute"] == pytest.approx(1, abs=0.05) and leak["low"] > 0
    assert leak["growth_kb_per_frame"] == pytest.approx(9.9, abs=0.5)


def test_an_exact_line_has_no_doubt():
    assert growth_per_minute(TIMES, 3 * TIMES + 1) == pytest.approx((3, 3, 3))


@pytest.mark.parametrize(
    ("command", "kind"),
    [
        ("/usr/lib/chromium/chromium --type=renderer --lang=en", "page"),
        ("/usr/lib/chromium/chromium --type=gpu-process", "GPU"),
        (
            "/usr/lib/chromium/chromium --type=utility "
            "--utility-sub-type=video_capture.mojom.VideoCaptureService",
            "camera",
        ),
        ("/usr/lib/chromium/chromium --type=zygote", "browser"),
        ("/usr/lib/chromium/chromium --headless", "browser"),
        ("/usr/bin/node run-driver --type=renderer", ""),
        ("", ""),
    ],
)
def test_processes_have_a_kind(command, kind):
    assert kind_of(command.split(" ")) == kind
    assert kind_of([command]) == kind  # Chromium writes its own title, in one piece


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="there is no /proc here")
def test_children_of_children_are_found_and_their_time_counts():
    nested = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'input()'])"
    before = used_seconds()
    with subprocess.Popen([sys.executable, "-c", nested], stdin=subprocess.PIPE) as process:
        try:
            while len(started()) < 2:
                assert process.poll() is None
            assert process.pid in started() and os.getpid() not in started()
            assert used_seconds() >= before
        finally:
            process.communicate(b"\n")
