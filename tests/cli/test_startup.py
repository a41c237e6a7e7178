import subprocess
import sys

import pytest

import pocketmatte

HEAVY = ("numpy", "cv2", "onnxruntime", "torch", "rich", "typer", "av", "matplotlib")


def modules_after(code):
    done = subprocess.run(
        [sys.executable, "-c", f"import sys\n{code}\nprint(*sys.modules, file=sys.stderr)"],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stderr.split())


def seconds(*arguments):
    """Processor time, the best of three: other work on the machine does not count."""
    resource = pytest.importorskip("resource")

    def used():
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return usage.ru_utime + usage.ru_stime

    def once():
        start = used()
        subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
        return used() - start

    return min(once() for _ in range(3))


def test_importing_the_package_imports_nothing_heavy():
    assert not modules_after("import pocketmatte").intersection(HEAVY)


def test_help_imports_nothing_heavy():
    loaded = modules_after(
        "from pocketmatte.cli import main\nsys.argv = ['pocketmatte', '--help']\n"
        "try: main()\nexcept SystemExit: pass"
    )

    assert loaded.intersection(HEAVY) == {"typer"}


def test_import_takes_less_than_200_ms():
    assert seconds("-c", "import pocketmatte") < 0.2


@pytest.mark.parametrize("verb", [[], ["photo"]])
def test_help_takes_less_than_400_ms(verb):
    assert seconds("-m", "pocketmatte", *verb, "--help") < 0.4


def test_version(run):
    assert run("--version").out.decode() == f"pocketmatte {pocketmatte.__version__}\n"


def test_no_arguments_shows_the_help(run):
    result = run()

    assert b"Commands:" in result.out + result.err.encode()
    assert "Traceback" not in result.err
