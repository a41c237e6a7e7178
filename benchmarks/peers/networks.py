"""What each peer documents to be done before and after its network.

`prepare` makes the network's inputs of an image, `infer` runs the network, `finish` makes a
native-size alpha of its answer; `alpha` is all three. So speed can be measured with or without
resizing. Shrinking averages over areas: kinder to the peers than plain bilinear sampling.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from benchmarks.peers.runtimes import OnnxFile, TfliteFile


class Network:
    """Base of the peers' networks; `image` is RGB uint8 HWC, `alpha` float32 HW in [0, 1]."""

    file_type = OnnxFile

    def __init__(self, path: Path, threads: int = 1):
        self.file = self.file_type(path, threads)

    def alpha(self, image: np.ndarray) -> np.ndarray:
        """The peer's alpha of one picture, at the picture's size."""
        return self.finish(self.infer(*self.prepare(image)), image)

    def prepare(self, image: np.ndarray) -> tuple[np.ndarray, ...]:
        """The network's inputs."""
        raise NotImplementedError

    def infer(self, *inputs: np.ndarray) -> np.ndarray:
        """The network's answer as float32 HW, at its own size."""
        return self.file(*inputs)[0][0, 0]

    def finish(self, answer: np.ndarray, image: np.ndarray) -> np.ndarray:
        """The answer at the picture's size."""
        return np.clip(_resize(answer, *image.shape[:2]), 0, 1)


class Selfie(Network):
    """MediaPipe selfie segmentation: RGB in [0, 1], person probability out."""

    file_type = TfliteFile

    def prepare(self, image):
        return (_resize(image, *self.file.size)[None].astype(np.float32) / 255,)

    def infer(self, *inputs):
        return self.file(*inputs)[0][0, ..., 0]


class SelfieMulticlass(Selfie):
    """MediaPipe selfie multiclass: RGB in [-1, 1], as the metadata inside its file says.

    Scores of background, hair, body, face, clothes, other come out: softmax, and everything that
    is not background is person.
    """

    def prepare(self, image):
        return (super().prepare(image)[0] * 2 - 1,)

    def infer(self, *inputs):
        scores = self.file(*inputs)[0][0]
        odds = np.exp(scores - scores.max(axis=-1, keepdims=True))
        return 1 - odds[..., 0] / odds.sum(axis=-1)


class Modnet(Network):
    """MODNet: shorter side 512, both sides multiples of 32, RGB in [-1, 1], alpha out."""

    def prepare(self, image):
        height, width = image.shape[:2]
        scale = 512 / min(height, width)
        size = [max(round(side * scale) // 32 * 32, 32) for side in (height, width)]
        small = _resize(image, *size).astype(np.float32) / 127.5 - 1
        return (_planes(small),)


class Rvm(Network):
    """Robust Video Matting: native size, RGB in [0, 1], alpha out; every picture a new video.

    The network shrinks by itself; the longer side becomes 512 at most, as its own inference does.
    """

    def prepare(self, image):
        memory = [np.zeros((1, 1, 1, 1), np.float32)] * 4
        ratio = np.array([min(512 / max(image.shape[:2]), 1)], np.float32)
        return _planes(image.astype(np.float32) / 255), *memory, ratio

    def infer(self, *inputs):
        return self.file(*inputs)[1][0, 0]


class U2net(Network):
    """U2-Net as rembg runs it: 320x320, divided by the brightest value, ImageNet statistics.

    The answer is stretched to [0, 1] picture by picture, as rembg does; on a picture without any
    salient thing this invents one.
    """

    _MEAN = np.float32([0.485, 0.456, 0.406])
    _STD = np.float32([0.229, 0.224, 0.225])

    def prepare(self, image):
        small = _resize(image, 320, 320).astype(np.float32)
        return (_planes((small / max(small.max(), 1) - self._MEAN) / self._STD),)

    def infer(self, *inputs):
        answer = super().infer(*inputs)
        low, high = answer.min(), answer.max()
        return (answer - low) / max(high - low, 1e-6)


def _planes(image: np.ndarray) -> np.ndarray:
    """HWC -> 1CHW, contiguous."""
    return np.ascontiguousarray(image.transpose(2, 0, 1)[None], np.float32)


def _resize(array: np.ndarray, height: int, width: int) -> np.ndarray:
    shrinks = height * width < array.shape[0] * array.shape[1]
    mode = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return cv2.resize(array, (width, height), interpolation=mode)
