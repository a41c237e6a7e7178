"""The rules of the house that a machine can check."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "pocketmatte"
MODULES = sorted(PACKAGE.rglob("*.py"))

# lower layers may not import higher ones
LAYERS = {
    "errors": 0,
    "weights": 1,
    "models": 2,
    "runtimes": 3,
    "matting": 4,
    "harmony": 4,
    "filters": 5,
    "media": 6,
    "data": 6,
    "evaluation": 7,
    "export": 7,
    "mobile": 7,
    "web": 7,
    "training": 8,
    "cli": 9,
}
# what the light install brings; everything else only in these rooms, or inside a function
LIGHT = {"numpy", "cv2", "onnxruntime", "typer", "rich", "pocketmatte"}
HEAVY_ROOMS = {"models", "training", "export", "mobile"}
HEAVY_FILES = {"data/dataset.py", "runtimes/torch.py", "runtimes/openvino.py", "runtimes/litert.py"}


def imports(path, top_level_only):
    """Imported module names; those inside functions only when asked."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    inner = {
        node
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
    }
    for node in ast.walk(tree):
        if top_level_only and node in inner:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def room(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
class TestModule:
    def test_imports_run_one_way(self, path):
        if room(path) not in LAYERS:
            return
        for name in imports(path, top_level_only=True):
            parts = name.split(".")
            if parts[0] == "pocketmatte" and len(parts) > 1:
                target = parts[1]
                assert LAYERS.get(target, 0) <= LAYERS[room(path)], f"{path} imports {name}"

    def test_the_light_install_is_enough(self, path):
        relative = path.relative_to(PACKAGE).as_posix()
        if room(path) in HEAVY_ROOMS or relative in HEAVY_FILES:
            return
        import sys

        names = {name.split(".")[0] for name in imports(path, top_level_only=True)}
        foreign = names - LIGHT - set(sys.stdlib_module_names)
        assert foreign <= {"av"} if room(path) == "media" else not foreign

    def test_one_idea_a_file(self, path):
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 400

    def test_no_machine_paths(self, path):
        assert not re.search(r"/(work|home|root)/", path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("page", sorted(ROOT.glob("*.md")) + sorted((ROOT / "docs").glob("*.md")))
def test_links_lead_somewhere(page):
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+)\)", text):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_ci_runs_the_readmes_test_command():
    readme, ci = (ROOT / "README.md").read_text(), (ROOT / ".ci" / "run").read_text()
    command = re.search(r"run the tests:\s+```sh\n(.+)\n```", readme)[1]
    assert command.replace("pip install", "pip install --quiet") in ci
