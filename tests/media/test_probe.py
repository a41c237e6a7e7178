import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from pocketmatte.errors import PocketmatteError
from pocketmatte.media.probe import probe

FORMATS = ["PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF", "AVIF"]


def png_chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


@pytest.mark.parametrize("format", FORMATS)
def test_format_and_size_are_read_without_decoding(format, picture, encode):
    header = probe(encode(picture, format))

    assert (header.format, header.width, header.height) == (format.lower(), 32, 24)
    assert (header.depth, header.frames, header.orientation) == (8, 1, 1)


@pytest.mark.parametrize("options", [{"lossless": True}, {"quality": 80}, {"exact": True}])
def test_each_kind_of_webp_declares_its_size(options, picture, rgba, encode):
    for image in (picture, rgba):
        header = probe(encode(image, "WEBP", **options))

        assert (header.width, header.height) == (32, 24)


@pytest.mark.parametrize("options", [{"progressive": True}, {"subsampling": 0}, {"quality": 5}])
def test_each_kind_of_jpeg_declares_its_size(options, picture, encode):
    header = probe(encode(picture, "JPEG", **options))

    assert (header.width, header.height) == (32, 24)


@pytest.mark.parametrize("format", ["PNG", "GIF", "WEBP", "TIFF", "AVIF"])
def test_more_than_one_frame_is_seen(format, picture, encode):
    other = Image.fromarray(255 - np.asarray(picture))

    assert probe(encode(picture, format, save_all=True, append_images=[other])).frames == 2


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP", "TIFF", "AVIF"])
def test_colour_profile_is_found(format, picture, encode, srgb):
    assert probe(encode(picture, format, icc_profile=srgb)).icc == srgb


def test_long_jpeg_profile_in_several_parts_is_joined(picture, encode, srgb):
    profile = srgb + bytes(range(256)) * 600

    assert probe(encode(picture, "JPEG", icc_profile=profile)).icc == profile


def test_profile_that_unpacks_to_a_bomb_is_dropped(picture, encode):
    data = encode(picture, "PNG")
    bomb = png_chunk(b"iCCP", b"x\0\0" + zlib.compress(bytes(50_000_000)))

    assert probe(data[:33] + bomb + data[33:]).icc is None


@pytest.mark.parametrize("big", [False, True])
def test_tiff_of_either_byte_order_and_size(big, picture, encode):
    for order in "<>":
        tifffile = pytest.importorskip("tifffile")
        import io

        buffer = io.BytesIO()
        tifffile.imwrite(buffer, np.asarray(picture), byteorder=order, bigtiff=big)

        assert probe(buffer.getvalue()).width == 32


@pytest.mark.parametrize(
    ("head", "meaning"),
    [
        (b"", "empty"),
        (b"hello, I am a text file\n" * 9, "text"),
        (b"%PDF-1.7 ...", "PDF"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
        (b"\0\0\0\x18ftypheic" + bytes(40), "HEIC"),
        (b"\0\0\0\x18ftypisom" + bytes(40), "video"),
        (b"\xff\x0a" + bytes(40), "JPEG XL"),
        (bytes(100), "not a picture"),
        (b"\x89PNG", "not a picture"),
    ],
)
def test_what_is_no_readable_picture_is_called_by_its_name(head, meaning):
    with pytest.raises(PocketmatteError, match=meaning) as caught:
        probe(head, "me.jpg")

    assert str(caught.value).startswith("me.jpg is ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("format", FORMATS)
def test_a_picture_cut_anywhere_is_refused(format, encode):
    noise = np.random.default_rng(1).integers(0, 256, (60, 80, 3), dtype=np.uint8)
    data = encode(Image.fromarray(noise), format)

    for share in (0.05, 0.3, 0.6, 0.9, 0.98):
        with pytest.raises(PocketmatteError, match=r"cut off|damaged|not a picture"):
            probe(data[: int(len(data) * share)])


def test_jpeg_without_its_end_marker_is_cut_off(picture, encode):
    with pytest.raises(PocketmatteError, match="cut off"):
        probe(encode(picture, "JPEG")[:-2])


def test_jpeg_with_bytes_after_its_end_is_fine(picture, encode):
    assert probe(encode(picture, "JPEG") + b"\xff trailing data of a phone").width == 32


def test_png_with_a_flipped_bit_is_damaged(picture, encode):
    data = bytearray(encode(picture, "PNG"))
    data[len(data) // 2] ^= 1

    with pytest.raises(PocketmatteError, match="checksum of its IDAT"):
        probe(bytes(data))


def test_garbage_behind_each_signature_never_escapes_as_another_error():
    rng = np.random.default_rng(3)
    heads = [b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF89a", b"BM", b"II*\0", b"MM\0*"]
    heads += [b"II+\0", b"RIFF\x40\0\0\0WEBP", b"\0\0\0\x18ftypavif"]
    for head in heads:
        for length in (0, 5, 40, 300):
            for _ in range(20):
                try:
                    probe(head + rng.integers(0, 256, length, dtype=np.uint8).tobytes())
                except PocketmatteError as error:
                    assert "\n" not in str(error)
