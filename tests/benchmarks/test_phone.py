import json

import pytest

from benchmarks.phone import main, parse_log, summarise, throttling
from pocketmatte.errors import PocketmatteError

# what the tool of 2019 printed, as the Portrait-Segmentation project published it
OLD = """Number of nodes executed: 94
============================== Summary by node type ==============================
\t             [Node type]\t  [count]\t  [avg ms]\t    [avg %]\t    [cdf %]\t  [mem KB]\t[times called]
\t          TRANSPOSE_CONV\t        6\t   130.565\t    79.275%\t    79.275%\t     0.000\t        6
\t                     ADD\t       21\t    13.997\t     8.499%\t    87.773%\t     0.000\t       21
\t                 CONV_2D\t       34\t     8.962\t     5.441%\t    93.215%\t     0.000\t       34
\t                 RESHAPE\t        1\t     0.004\t     0.002%\t   100.000%\t     0.000\t        1

Timings (microseconds): count=50 first=164708 curr=162772 min=162419 max=167496 avg=164746 std=1434
"""  # noqa: E501

# the form of later tools
NEW = """INFO: STARTING!
INFO: Log parameter values verbosely: [0]
INFO: Num threads: [4]
INFO: Graph: [/data/local/tmp/balanced.tflite]
INFO: Use gpu: [1]
INFO: Created TensorFlow Lite delegate for GPU.
ERROR: Following operations are not supported by GPU delegate:
GATHER: Operation is not supported.
81 operations will run on the GPU, and the remaining 2 operations will run on the CPU.
INFO: The input model file size (MB): 2.95
INFO: Initialized session in 65.3ms.
INFO: count=12 first=48321 curr=41210 min=40910 max=48321 avg=41840.2 std=2002
INFO: Running benchmark for at least 50 iterations
INFO: count=57 first=17010 curr=17512 min=16400 max=19020 avg=17234.5 std=410 p5=16500 median=17200 p95=18100
INFO: Inference timings in us: Init: 65300, First inference: 48321, Warmup (avg): 41840.2, Inference (avg): 17234.5
INFO: Memory footprint delta from the start of the tool (MB): init=12.3 overall=20.1
"""  # noqa: E501


def test_the_published_table_is_read():
    (run,) = parse_log(OLD)
    assert run["timings_us"] == {
        "count": 50,
        "first": 164708,
        "curr": 162772,
        "min": 162419,
        "max": 167496,
        "avg": 164746,
        "std": 1434,
    }
    assert run["nodes"] == 94
    assert run["delegate"] == "cpu"
    assert len(run["operators"]) == 4
    assert run["operators"][0] == {
        "op": "TRANSPOSE_CONV",
        "count": 6,
        "ms": 130.565,
        "percent": 79.275,
        "cumulative_percent": 79.275,
        "memory_kb": 0.0,
        "called": 6,
    }


def test_a_later_tools_run_is_read():
    (run,) = parse_log(NEW)
    assert run["timings_us"]["avg"] == 17234.5, "the counted runs, not the warm-up"
    assert run["timings_us"]["p95"] == 18100
    assert run["inference_us"]["Init"] == 65300
    assert run["inference_us"]["Inference (avg)"] == 17234.5
    assert run["memory_mb"] == {"init": 12.3, "overall": 20.1}
    assert run["delegate"] == "gpu"
    assert (run["on_gpu"], run["on_cpu"]) == (81, 2)
    assert run["options"]["num threads"] == "4"
    assert run["options"]["graph"] == "balanced.tflite", "no folders of the phone"
    assert run["file_mb"] == 2.95


def test_the_thermal_log_tells_the_slowdown():
    hot = NEW.replace("avg=17234.5", "avg=25851.75")
    runs = parse_log(NEW + NEW + hot)
    assert len(runs) == 3
    assert throttling(runs) == pytest.approx(
        {
            "runs": 3,
            "first_ms": 17.2345,
            "last_ms": 25.85175,
            "slowest_ms": 25.85175,
            "slowdown": 1.5,
        }
    )
    assert summarise(NEW + hot, "Phone", "balanced")["throttling"]["slowdown"] == pytest.approx(1.5)


def test_a_run_that_broke_off_does_not_count():
    assert len(parse_log(NEW + "INFO: STARTING!\nERROR: Failed to load model\n")) == 1


@pytest.mark.parametrize("text", ["", "adb: no devices found\n"])
def test_a_log_without_timings_is_refused(text):
    with pytest.raises(PocketmatteError, match="no timings"):
        parse_log(text)


def test_the_json_is_written(tmp_path, capsys):
    log = tmp_path / "run.log"
    log.write_text(NEW)
    main([str(log), "--device", "Pixel 7", "--network", "balanced", "--out", str(tmp_path)])
    values = json.loads((tmp_path / "phone_pixel_7.json").read_text())
    assert values["results"][0]["avg_ms"] == pytest.approx(17.2345)
    assert values["results"][0]["threads"] == 4
    assert "balanced on gpu: 17.2 ms" in capsys.readouterr().out


def test_a_missing_log_is_named(tmp_path):
    with pytest.raises(PocketmatteError, match=r"gone\.log"):
        main([str(tmp_path / "gone.log"), "--device", "x", "--network", "y"])
