"""Frames of a video: when they are shown, and how their pixels become upright pictures."""

import struct
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import cv2
import numpy as np

from pocketmatte.matting.planes import Planes

# AVColorSpace -> the matrix's name, and the name -> what PyAV calls it when converting
_MATRICES = {0: "rgb", 1: "bt709", 4: "fcc", 5: "bt601", 6: "bt601", 7: "smpte240m"}
_MATRICES |= {9: "bt2020", 10: "bt2020"}
_CONVERTERS = {"bt709": 1, "fcc": 4, "bt601": 5, "smpte240m": 7, "bt2020": 9}
_LIMITED, _FULL = 1, 2
_HD_SIDE = 576  # taller pictures without a tag are taken for bt709, as players do
_HDR_TRANSFERS = (16, 18)  # PQ, HLG


@dataclass(frozen=True)
class Colour:
    """How a video's numbers mean colours.

    matrix: "bt601", "bt709", "bt2020", "smpte240m", "fcc", or "rgb" when there is none.
    full_range: black is 0 and white is all ones, not 16 and 235.
    primaries, transfer: codes of ITU-T H.273; 2 when the file does not say.
    """

    matrix: str
    full_range: bool
    primaries: int = 2
    transfer: int = 2

    @property
    def hdr(self) -> bool:
        """High dynamic range (PQ or HLG)."""
        return self.transfer in _HDR_TRANSFERS

    @classmethod
    def of(cls, picture) -> "Colour":
        """Read the tags of a decoded `av.VideoFrame`, and guess as players do where none are."""
        name = picture.format.name
        if picture.format.is_rgb or name.startswith(("gbr", "pal8")):
            return cls("rgb", True, picture.color_primaries, picture.color_trc)
        hd = picture.width >= 1280 or picture.height > _HD_SIDE
        matrix = _MATRICES.get(picture.colorspace, "bt709" if hd else "bt601")
        if matrix == "rgb":
            matrix = "bt709" if hd else "bt601"
        full = picture.color_range == _FULL or name.startswith("yuvj")
        return cls(matrix, full, picture.color_primaries, picture.color_trc)


@dataclass(frozen=True)
class Turn:
    """How decoded pictures are turned to stand upright.

    transposed: rows become columns first. mirror_x, mirror_y: then flipped left to right, and
    top to bottom.
    """

    transposed: bool = False
    mirror_x: bool = False
    mirror_y: bool = False

    @classmethod
    def of(cls, picture) -> "Turn":
        """Read the display matrix of a decoded `av.VideoFrame`; no turn when it has none."""
        try:
            data = bytes(picture.side_data["DISPLAYMATRIX"])
        except KeyError:
            return cls()
        a, b, _, c, d = struct.unpack_from("=5i", data)
        return cls(abs(b) > abs(a), a + c < 0, b + d < 0)

    @property
    def clockwise(self) -> int:
        """The rotation in degrees: 0, 90, 180 or 270; a mirrored picture counts as unmirrored."""
        if self.transposed:
            return 90 if self.mirror_x else 270
        return 180 if self.mirror_y else 0

    def __call__(self, image: np.ndarray) -> np.ndarray:
        """Turn a picture, HWC."""
        if self.transposed:
            image = cv2.transpose(image)
        if self.mirror_x or self.mirror_y:
            both = self.mirror_x and self.mirror_y
            image = cv2.flip(image, -1 if both else int(self.mirror_x))
        return image


class Converter:
    """Turns decoded pictures upright, in RGB or in planes; keeps its tables between frames.

    width, height: of every result before turning, also when the stream changes its size.
    """

    def __init__(self, colour: Colour, turn: Turn, width: int, height: int):
        from av.video.reformatter import VideoReformatter

        self._reformat = VideoReformatter().reformat
        self._colour, self._turn, self._size = colour, turn, (width, height)

    def rgb(self, picture) -> np.ndarray:
        """`av.VideoFrame` to RGB uint8, HWC."""
        options = {"dst_color_range": _FULL} if self._colour.matrix != "rgb" else {}
        picture = self._scaled(picture, "rgb24", **options)
        return np.ascontiguousarray(self._turn(picture.to_ndarray()))

    def planes(self, picture) -> Planes:
        """`av.VideoFrame` to planes of full size; shares its memory where nothing changes."""
        stored = (picture.format.name, self._colour.matrix, self._colour.full_range)
        if stored != ("yuv420p", "bt709", False) or (picture.width, picture.height) != self._size:
            to_video = {"dst_colorspace": _CONVERTERS["bt709"], "dst_color_range": _LIMITED}
            picture = self._scaled(picture, "yuv420p", **to_video)
        return Planes(*(self._turn(_view(plane)) for plane in picture.planes))

    def _scaled(self, picture, pixels: str, **options):
        if self._colour.matrix != "rgb":
            options["src_colorspace"] = _CONVERTERS[self._colour.matrix]
            options["src_color_range"] = _FULL if self._colour.full_range else _LIMITED
        width, height = self._size
        return self._reformat(
            picture, width=width, height=height, format=pixels, threads=1, **options
        )


def _view(plane) -> np.ndarray:
    """The pixels of an `av.VideoPlane` of bytes, HW."""
    rows = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)
    return rows[: plane.height, : plane.width]


@dataclass(eq=False)
class Frame:
    """One frame of a video.

    time: seconds, exact, counted from where reading started.
    duration: seconds until the next frame as the file says, or None.
    pts: the file's own time stamp. index: 0 for the first frame read.
    """

    time: Fraction
    duration: Fraction | None
    pts: int
    index: int
    _picture: object
    _convert: Converter

    @cached_property
    def image(self) -> np.ndarray:
        """RGB uint8, HWC, upright; converted on first use."""
        return self._convert.rgb(self._picture)

    @cached_property
    def planes(self) -> Planes:
        """The picture as video stores it, upright; nothing is computed if the file has it so.

        Do not write into it: it may be the decoder's own memory.
        """
        return self._convert.planes(self._picture)
