"""The tags of a TIFF file, and of the EXIF block in other files, which is a TIFF file too."""

import struct

_WIDTH, _HEIGHT, _BITS, _PHOTOMETRIC = 256, 257, 258, 262
_STRIPS, _ORIENTATION, _SAMPLES, _STRIP_BYTES, _PLANAR = 273, 274, 277, 279, 284
_TILES, _TILE_BYTES, _EXTRA_SAMPLES, _ICC = 324, 325, 338, 34675
_TYPES = {1: "B", 3: "H", 4: "I", 6: "b", 7: "B", 8: "h", 9: "i", 13: "I", 16: "Q"}
_CMYK = 5
_PREMULTIPLIED, _STRAIGHT = 1, 2
_MAX_TAGS = 4096


def probe_tiff(data: bytes) -> dict:
    """Header fields of a TIFF file's first page.

    Raises IndexError or struct.error when the file ends too early.
    """
    tags, more = _first_directory(data)
    bits = tags.get(_BITS, (1,))
    ends = zip(
        tags.get(_STRIPS, ()) + tags.get(_TILES, ()),
        tags.get(_STRIP_BYTES, ()) + tags.get(_TILE_BYTES, ()),
        strict=False,
    )
    if max((start + length for start, length in ends), default=0) > len(data):
        raise IndexError("strips end beyond the file")
    extra = tags.get(_EXTRA_SAMPLES, (0,))[0]
    profile = tags.get(_ICC, ())
    return {
        "format": "tiff",
        "width": tags.get(_WIDTH, (0,))[0],
        "height": tags.get(_HEIGHT, (0,))[0],
        "depth": bits[0],
        "frames": 2 if more else 1,
        "cmyk": tags.get(_PHOTOMETRIC, (2,))[0] == _CMYK,
        "alpha": _alpha(extra, tags.get(_SAMPLES, (1,))[0], bits[0]),
        "icc": bytes(profile) if profile and max(profile) < 256 else None,
        "planar": tags.get(_PLANAR, (1,))[0] == 2 and len(bits) > 1,
    }


def _alpha(extra: int, samples: int, bits: int) -> str:
    if extra not in (_PREMULTIPLIED, _STRAIGHT):
        return "ignore"
    if samples == 2:
        return "lost"
    # OpenCV reads 8-bit pages through libtiff's RGBA interface, which premultiplies.
    return "straight" if extra == _STRAIGHT and bits > 8 else "premultiplied"


def exif_orientation(data: bytes) -> int:
    """The EXIF orientation, 1 to 8; 1 (upright) when absent or unreadable."""
    try:
        tags, _ = _first_directory(data)
    except (IndexError, struct.error):
        return 1
    return tags.get(_ORIENTATION, (1,))[0]


def _first_directory(data: bytes) -> tuple[dict[int, tuple], bool]:
    end = "<" if data[:2] == b"II" else ">"
    (version,) = struct.unpack_from(end + "H", data, 2)
    big = version == 43
    offset = struct.unpack_from(end + ("Q" if big else "I"), data, 8 if big else 4)[0]
    if offset > len(data):
        raise IndexError("the tags lie beyond the file")
    count = struct.unpack_from(end + ("Q" if big else "H"), data, offset)[0]
    if count > _MAX_TAGS:
        raise IndexError("too many tags")
    at = offset + (8 if big else 2)
    step, inline = (20, 8) if big else (12, 4)
    tags = {}
    for _ in range(count):
        tag, kind, number = struct.unpack_from(end + ("HHQ" if big else "HHI"), data, at)
        place = at + step - inline
        if kind in _TYPES and number:
            form = f"{end}{number}{_TYPES[kind]}"
            if number > len(data):
                raise IndexError("a tag is longer than the file")
            if struct.calcsize(form) > inline:
                (place,) = struct.unpack_from(end + ("Q" if big else "I"), data, place)
            if place > len(data):
                raise IndexError("a tag lies beyond the file")
            tags[tag] = struct.unpack_from(form, data, place)
        at += step
    (following,) = struct.unpack_from(end + ("Q" if big else "I"), data, at)
    return tags, following != 0
