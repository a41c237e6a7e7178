"""Somebody else's harmonisation network, seen as a `Change` of colours.

Such a network takes a composite and its mask and paints a new composite at its own size. What it
does to the person's colours is fitted by a colour matrix and a smooth gain map, so it runs at any
size, keeps detail, and can be steadied over time. What it repaints pixel by pixel is not kept.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from pathlib import Path

import cv2
import numpy as np

from pocketmatte.errors import PocketmatteError
from pocketmatte.harmony.change import STEPS, Change, no_change
from pocketmatte.harmony.fit import fit_change
from pocketmatte.matting.preprocess import shrink


@dataclass
class Preprocessing:
    """How a foreign network wants its pictures; `<name>.json` beside the file may say otherwise.

    Pixels in [0, 1] become (pixel - mean) / std, the mask likewise; what comes out is undone by
    the same numbers.
    """

    size: tuple[int, int] = (256, 256)
    """(height, width), where the file does not fix it."""
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Of R, G, B, whatever the order."""
    std: tuple[float, float, float] = (1.0, 1.0, 1.0)
    mask_mean: float = 0.0
    mask_std: float = 1.0
    order: str = "rgb"
    """Of the channels, in and out: "rgb" or "bgr"."""


# Tsai et al. 2017, "Deep Image Harmonization", as the 2019 project fed it: BGR of 0 to 255 less
# the mean of ImageNet, the mask of 0 to 255 less 128
TSAI_2017 = Preprocessing(
    size=(512, 512),
    mean=(122.67892 / 255, 116.66877 / 255, 104.00699 / 255),
    std=(1 / 255, 1 / 255, 1 / 255),
    mask_mean=128 / 255,
    mask_std=1 / 255,
    order="bgr",
)


class ForeignHarmonizer:
    """Runs an ONNX or Caffe network and fits a change to what it painted.

    path: an `.onnx` file with one input of 4 channels (composite, then mask) or two inputs of 3
    and 1 channels, run by onnxruntime; or a `.caffemodel` with its `.prototxt` beside it and
    inputs `data` and `mask`, run by OpenCV 4's dnn module. Its first output (Caffe: its last
    layer) is the picture.

    Raises PocketmatteError when the file is missing, unreadable or of another form.
    """

    def __init__(self, path: Path):
        if not path.is_file():
            raise PocketmatteError(f"{path}: no such file; check the name")
        self.path = path
        caffe = path.suffix == ".caffemodel"
        self.preprocessing = _read_preprocessing(path, TSAI_2017 if caffe else Preprocessing())
        self._paint = _open_caffe(path) if caffe else self._open_onnx(path)

    def __call__(self, foreground: np.ndarray, alpha: np.ndarray, background: np.ndarray) -> Change:
        wanted = self.preprocessing
        size = tuple(wanted.size)
        fore, cover, back = (shrink(layer, size) for layer in (foreground, alpha, background))
        if not cover.any():
            return no_change()
        composite = cv2.blendLinear(fore, back, cover, 1 - cover)
        mean, std = (np.array(v, np.float32) for v in (wanted.mean, wanted.std))
        turn = slice(None, None, -1 if wanted.order == "bgr" else 1)
        picture = ((composite / 255 - mean) / std)[..., turn]
        mask = (cover - wanted.mask_mean) / wanted.mask_std
        batch = np.ascontiguousarray(picture.transpose(2, 0, 1)[None], np.float32)
        painted = self._paint(batch, np.ascontiguousarray(mask[None, None], np.float32))
        if painted.ndim != 4 or painted.shape[1] != 3:
            raise PocketmatteError(
                f"{self.path}: paints {painted.shape} instead of a picture [1, 3, height, width]"
            )
        painted = painted[0].transpose(1, 2, 0)[..., turn] * std + mean
        painted = cv2.resize(painted, size[::-1], interpolation=cv2.INTER_LINEAR)
        matrix, gain = fit_change(composite / np.float32(255), painted.clip(0, 1), cover)
        return Change(matrix, np.zeros(STEPS, np.float32), gain)

    def _open_onnx(self, path: Path):
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        try:
            session = onnxruntime.InferenceSession(
                str(path), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # onnxruntime raises a class of its own per cause
            reason = str(error).split("\n")[0]
            raise PocketmatteError(f"{path}: onnxruntime cannot open it ({reason})") from None
        inputs = {entry.shape[1]: entry for entry in session.get_inputs() if len(entry.shape) == 4}
        if set(inputs) not in ({4}, {3, 1}):
            raise PocketmatteError(
                f"{path}: no harmonisation network; it needs one input [1, 4, height, width] "
                "(composite, mask), or two of 3 and 1 channels"
            )
        height, width = next(iter(inputs.values())).shape[2:]
        if isinstance(height, int) and isinstance(width, int):
            self.preprocessing.size = (height, width)

        def paint(picture: np.ndarray, mask: np.ndarray) -> np.ndarray:
            if 4 in inputs:
                feed = {inputs[4].name: np.concatenate([picture, mask], 1)}
            else:
                feed = {inputs[3].name: picture, inputs[1].name: mask}
            return session.run(None, feed)[0]

        return paint


def _open_caffe(path: Path):
    layout = path.with_suffix(".prototxt")
    if not layout.is_file():
        raise PocketmatteError(f"{path}: needs its layout {layout.name} beside it")
    if not hasattr(cv2.dnn, "readNetFromCaffe"):
        raise PocketmatteError(
            f"{path}: OpenCV {cv2.__version__} reads no Caffe files any more; "
            'pip install "opencv-python-headless<5"'
        )
    try:
        network = cv2.dnn.readNetFromCaffe(str(layout), str(path))
    except cv2.error as error:
        reason = " ".join(str(error.err).split())
        raise PocketmatteError(f"{path}: OpenCV cannot read it ({reason})") from None

    def paint(picture: np.ndarray, mask: np.ndarray) -> np.ndarray:
        network.setInput(picture, "data")
        network.setInput(mask, "mask")
        return network.forward()

    return paint


def _read_preprocessing(path: Path, default: Preprocessing) -> Preprocessing:
    beside = path.with_suffix(".json")
    if not beside.is_file():
        return Preprocessing(**vars(default))
    try:
        values = json.loads(beside.read_text(encoding="utf-8"))
        unknown = sorted(set(values) - {entry.name for entry in fields(Preprocessing)})
    except (ValueError, TypeError) as error:
        raise PocketmatteError(f"{beside}: not a description of a network ({error})") from None
    if unknown:
        raise PocketmatteError(
            f"{beside}: unknown field {unknown[0]!r}; known are: "
            + ", ".join(entry.name for entry in fields(Preprocessing))
        )
    return Preprocessing(**{**vars(default), **values})
