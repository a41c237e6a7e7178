"""Can a window be opened here? Asked before, because OpenCV ends the process when it cannot."""

import os
import subprocess
import sys

import cv2

from pocketmatte.errors import PocketmatteError

_PROBE = "import cv2; cv2.namedWindow('probe'); cv2.destroyAllWindows()"
_NO_WINDOWS = (
    "this OpenCV is built without windows; install the other build over it: "
    "pip install --force-reinstall --no-deps opencv-python=={version}"
)


def require_window() -> None:
    """Return when windows work.

    Raises PocketmatteError when OpenCV is the headless build or there is no display.
    """
    if not _has_windows(cv2.getBuildInformation()):
        raise PocketmatteError(_NO_WINDOWS.format(version=cv2.__version__ + ".*"))
    if sys.platform.startswith("linux") and not os.environ.get("DISPLAY"):
        raise PocketmatteError(
            "no display to open a window on; run it on a desktop, or use "
            "--virtual-camera --no-window"
        )
    # A display that is named but not there, or not ours, aborts whoever asks: let a child ask.
    probe = subprocess.run([sys.executable, "-c", _PROBE], capture_output=True, timeout=60)
    if probe.returncode:
        display = os.environ.get("DISPLAY", "")
        raise PocketmatteError(f"cannot open a window on display {display!r}; is it running?")


def _has_windows(build: str) -> bool:
    lines = [line.strip() for line in build.splitlines()]
    return not any(line.startswith("GUI:") and line.endswith("NONE") for line in lines)
