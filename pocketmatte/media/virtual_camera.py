"""Send pictures to a virtual camera, which calls and meetings can choose."""

import numpy as np

from pocketmatte.errors import PocketmatteError

_REMEDY = {
    "linux": "load the module: sudo modprobe v4l2loopback exclusive_caps=1",
    "win32": "install OBS Studio 26 or newer",
    "darwin": "install OBS Studio 30 or newer, start its virtual camera once",
}


class VirtualCamera:
    """A virtual camera of one size. width, height: pixels. fps: frames a second, promised.

    Raises PocketmatteError when pyvirtualcam or the system's virtual camera is missing.
    """

    def __init__(self, width: int, height: int, fps: float = 30):
        import sys

        try:
            import pyvirtualcam
        except ImportError:
            raise PocketmatteError(
                "the virtual camera needs pyvirtualcam; install it: pip install pyvirtualcam"
            ) from None
        try:
            self._camera = pyvirtualcam.Camera(width, height, fps)
        except RuntimeError as error:
            remedy = _REMEDY.get(sys.platform, "see pyvirtualcam's page")
            why = " ".join(str(error).split())
            raise PocketmatteError(f"no virtual camera ({why}); {remedy}") from None
        self._shape = (height, width, 3)

    @property
    def device(self) -> str:
        """Its name in the system."""
        return self._camera.device

    def send(self, image: np.ndarray) -> None:
        """Show an image: RGB uint8, HWC; of another size it becomes black, not the bare room."""
        if image.shape != self._shape:
            image = np.zeros(self._shape, np.uint8)
        self._camera.send(np.ascontiguousarray(image))

    def close(self) -> None:
        """Give the device back."""
        self._camera.close()
