"""Several processes train as one does. Two CPU processes (gloo), started by torchrun."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import yaml

from pocketmatte.errors import PocketmatteError
from pocketmatte.models.checkpoint import load_checkpoint
from pocketmatte.training.distributed import SharedSampler, World, open_world
from pocketmatte.training.loop import train
from pocketmatte.training.recipe import Recipe

SCRIPT = Path(__file__).with_name("first_gradients.py")


def torchrun(*arguments, processes=2):
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    command += ["--nproc_per_node", str(processes), *map(str, arguments)]
    names = ("RANK", "LOCAL_RANK", "WORLD_SIZE")
    environment = {key: value for key, value in os.environ.items() if key not in names}
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=300,
        env={**environment, "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("first_gradients", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_two_processes_have_the_gradients_of_the_joint_batch(script, data_folder, tmp_path):
    # given the gradients of one process with the joint batch, and of one with half of it
    count, joint = script.first_gradients(data_folder, tmp_path, World())
    half_count, half = script.first_gradients(data_folder, tmp_path, _OneOfTwo())
    assert (count, half_count) == (8, 4)
    # when two processes share the batch
    torchrun(SCRIPT, data_folder, tmp_path / "grads.pt")
    seen, shared = torch.load(tmp_path / "grads.pt")
    # then each saw half of it, and together they have the gradients of the whole
    assert seen == 4
    scale = torch.stack([g.abs().max() for g in joint.values()]).max()
    apart = max(float((joint[name] - shared[name]).abs().max()) for name in joint)
    halves = max(float((joint[name] - half[name]).abs().max()) for name in joint)
    assert apart < 1e-5 * scale
    assert halves > 1e-2 * scale


class _OneOfTwo(World):
    """The first of two processes, with nobody to talk to."""

    def __init__(self):
        super().__init__(0, 2)

    def parallel(self, network, device):
        return network

    def mean(self, value):
        return value


def test_the_same_command_trains_in_two_processes(data_folder, tmp_path):
    # given a recipe without dropout, in full precision
    values = {
        "name": "tiny",
        "pretrained": None,
        "freeze_norms": True,
        "epochs": 2,
        "batch": 8,
        "resolution": [[0.0, 64]],
        "precision": "fp32",
        "workers": 0,
        "threads": 1,
    }
    recipe = tmp_path / "tiny.yaml"
    recipe.write_text(yaml.safe_dump(values))
    # when one process and two processes train by it
    alone = train(Recipe(**values), data_folder, tmp_path / "alone").rows
    road = ("train", "--recipe", recipe, "--data", data_folder, "--out", tmp_path / "two")
    done = torchrun("-m", "pocketmatte", *road)
    # then one of the two wrote, and the figures of both agree with those of the one
    assert done.stderr.count("best validation IoU") == 1
    together = json.loads((tmp_path / "two" / "history.json").read_text())
    assert [row["pictures"] for row in together] == [24, 24]
    for ours, theirs in zip(together, alone, strict=True):
        assert ours["loss"] == pytest.approx(theirs["loss"], rel=0.02)
        assert ours["iou"] == pytest.approx(theirs["iou"], abs=0.02)
    checkpoint = load_checkpoint(tmp_path / "two" / "last.pt")
    assert checkpoint.cost["processes"] == 2 and checkpoint.cost["pictures"] == 48
    assert (tmp_path / "two" / "tiny.onnx").is_file()


def test_each_process_takes_its_share_of_every_batch():
    batches = [[1, 2, 3, 4], [5, 6, 7, 8]]
    shares = [list(SharedSampler(batches, 4, World(rank, 2))) for rank in (0, 1)]
    assert shares == [[[1, 3], [5, 7]], [[2, 4], [6, 8]]]
    assert list(SharedSampler(batches, 4, World())) == batches


def test_a_batch_that_cannot_be_shared_is_refused():
    with pytest.raises(PocketmatteError, match="batch of 32 cannot be shared by 3 processes"):
        SharedSampler([], 32, World(0, 3))


def test_without_torchrun_a_process_is_alone(monkeypatch):
    for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK"):
        monkeypatch.delenv(name, raising=False)
    assert open_world("cpu") == (World(0, 1), "cpu")
