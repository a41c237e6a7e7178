from types import SimpleNamespace

import numpy as np
import pytest

import benchmarks.subjects
from benchmarks.subjects import Subject, choose, load_subject, weights_file
from pocketmatte.errors import PocketmatteError
from pocketmatte.matting.pipeline import Model
from pocketmatte.weights import Card


def test_all_none_or_some():
    known = ["fast", "balanced"]
    assert choose("all", known, "preset") == known
    assert choose("none", known, "preset") == []
    assert choose("balanced, fast", known, "preset") == ["balanced", "fast"]
    assert choose("fast@torch", known, "preset") == ["fast@torch"]


def test_an_unknown_name_is_told_with_what_there_is():
    with pytest.raises(PocketmatteError, match="slow: no such preset; there are: fast"):
        choose("slow", ["fast"], "preset")


def test_a_weights_file_is_let_through(tmp_path):
    file = tmp_path / "my.onnx"
    file.touch()
    assert choose(str(file), ["fast"], "preset") == [str(file)]


def subject(source):
    return Subject("x", "preset", "X", 1, 2, "MIT", "made", source)


def test_the_bare_network_of_a_preset_sees_what_the_pipeline_gives_it():
    # given
    batches = []

    def runtime(batch):
        batches.append(batch)
        return batch[:, :1] * 0 + 1

    card = Card("x", "none", mean=(0.5,) * 3, std=(0.25,) * 3, area=1024, stride=16, sha256="ab")
    model = Model(runtime, card)
    image = np.random.default_rng(0).integers(0, 256, (60, 80, 3)).astype(np.uint8)
    # when
    work, sides = subject(model).network(image)
    batches.clear()
    work()
    model.alpha(image)
    # then
    assert len(batches) == 2 and np.array_equal(*batches)
    assert sides == list(batches[0].shape[2:])
    assert subject(model).sha256 == "ab"


@pytest.mark.parametrize("shape", [(1, 24, 32, 3), (1, 3, 24, 32)])
def test_the_bare_network_of_a_peer_is_prepared_beforehand(shape):
    calls = []
    network = SimpleNamespace(
        prepare=lambda image: calls.append("prepare") or (np.zeros(shape, np.float32),),
        infer=lambda batch: calls.append("infer") or batch,
    )
    work, sides = subject(SimpleNamespace(network=network)).network(np.zeros((8, 8, 3), np.uint8))
    assert calls == ["prepare"]
    assert work().shape == shape
    assert calls == ["prepare", "infer"] and sides == [24, 32]


def test_a_peer_and_its_file_come_from_its_package(monkeypatch, tmp_path):
    peer = SimpleNamespace(
        title="T", parameters=5, size=6, licence="L", runtime="litert", sha256="cd"
    )
    monkeypatch.setattr(benchmarks.subjects, "load_peer", lambda *arguments: peer)
    monkeypatch.setattr(benchmarks.subjects, "fetch", lambda *arguments: tmp_path / "file")
    found = load_subject("mediapipe-general")
    assert (found.kind, found.parameters, found.sha256) == ("peer", 5, "cd")
    assert weights_file("mediapipe-general") == tmp_path / "file"


def test_unknown_names_are_told():
    with pytest.raises(PocketmatteError, match="nobody"):
        load_subject("nobody")
