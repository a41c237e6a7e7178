from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import settings

# a busy machine must not turn a slow example into a failure
settings.register_profile("no-deadline", deadline=None)
settings.load_profile("no-deadline")


class RedModel:
    """Takes red for person: exact on the made-up pictures, and `loss` blinds it on some."""

    name = "red"

    def __init__(self, blind: tuple[int, ...] = ()):
        self.blind = blind
        self.calls = 0

    def alpha(self, image):
        self.calls += 1
        alpha = ((image[..., 0] > 128) & (image[..., 1] < 128)).astype(np.float32)
        # the blue channel of the background carries the picture's number
        number = int(image[0, 0, 2]) // 10
        return alpha * (0.25 if number in self.blind else 1)


def write(path: Path, array: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), array[..., ::-1] if array.ndim == 3 else array)


@pytest.fixture
def red_model():
    return RedModel


@pytest.fixture
def data_folder(tmp_path):
    """Four pictures: 0, 1 with mask and alpha, 2 with a mask, 3 with neither; sizes differ."""
    root = tmp_path / "people"
    for number in range(4):
        height, width = 40 + 8 * number, 48
        image = np.zeros((height, width, 3), np.uint8)
        image[..., 2] = number * 10
        image[height // 4 :, 12:36] = (220, 30, number * 10)
        person = (image[..., 0] > 128).astype(np.uint8) * 255
        write(root / "made" / "image" / f"{number}.png", image)
        if number < 3:
            write(root / "made" / "mask" / f"{number}.png", person)
        if number < 2:
            write(root / "made" / "alpha" / f"{number}.png", person // 2)
    (root / "splits").mkdir()
    (root / "splits" / "test.txt").write_text("".join(f"made/{n}\n" for n in range(4)))
    (root / "splits" / "plain.txt").write_text("made/3\n")
    return root
