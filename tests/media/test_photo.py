import errno
import io
import re
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image, ImageOps

from pocketmatte.errors import PocketmatteError
from pocketmatte.media.photo import read_photo, write_photo


def png_chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def raw_png(colour_type, depth, rows, extra=b""):
    height, bits = len(rows), depth * {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour_type]
    width = len(rows[0]) * 8 // bits
    head = struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, 0)
    body = zlib.compress(b"".join(b"\0" + row for row in rows))
    chunks = png_chunk(b"IHDR", head) + extra + png_chunk(b"IDAT", body) + png_chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


def tiff(array, **options):
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, array, **options)
    return buffer.getvalue()


def distance(a, b):
    return int(np.abs(np.asarray(a).astype(int) - np.asarray(b).astype(int)).max())


@pytest.fixture(scope="module")
def deep():
    return np.random.default_rng(5).integers(0, 65536, (24, 32, 4), dtype=np.uint16)


class TestOrientation:
    @pytest.mark.parametrize("orientation", range(1, 9))
    @pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
    def test_every_exif_orientation_comes_out_upright(self, format, orientation, picture, encode):
        exif = Image.Exif()
        exif[274] = orientation
        options = {"WEBP": {"lossless": True}}.get(format, {})
        data = encode(picture, format, exif=exif, **options)

        photo = read_photo(data)

        upright = ImageOps.exif_transpose(Image.open(io.BytesIO(data)).convert("RGB"))
        assert photo.image.shape == (upright.height, upright.width, 3)
        assert distance(photo.image, upright) <= (3 if format in ("JPEG", "AVIF") else 0)
        assert photo.image.flags["C_CONTIGUOUS"]

    @pytest.mark.parametrize("orientation", [3, 6, 7])
    def test_alpha_and_deep_pixels_turn_with_the_image(self, orientation, deep, encode):
        exif = Image.Exif()
        exif[274] = orientation
        block = png_chunk(b"eXIf", exif.tobytes().removeprefix(b"Exif\0\0"))
        rows = [row.astype(">u2").tobytes() for row in deep]

        flat = read_photo(raw_png(6, 16, rows))
        turned = read_photo(raw_png(6, 16, rows, block))

        turn = {3: 2, 6: 3}.get(orientation)
        for name in ("image", "alpha", "deep"):
            before, after = getattr(flat, name), getattr(turned, name)
            if turn:
                assert np.array_equal(after, np.rot90(before, turn))
            else:
                assert np.array_equal(after, np.rot90(before.swapaxes(0, 1), 2))

    def test_deep_tiff_is_turned_once(self, deep):
        data = tiff(deep[..., :3], photometric="rgb", extratags=[(274, "H", 1, 6, True)])

        assert np.array_equal(read_photo(data).deep, np.rot90(deep[..., :3], 3))

    @pytest.mark.parametrize("value", [0, 9, 65535])
    def test_nonsense_orientation_is_upright(self, value, picture, encode):
        exif = Image.Exif()
        exif[274] = value

        assert read_photo(encode(picture, "JPEG", exif=exif)).image.shape == (24, 32, 3)


class TestColourTypes:
    @pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
    @pytest.mark.parametrize("format", ["PNG", "TIFF", "BMP", "GIF", "WEBP"])
    def test_same_colours_as_pillow(self, format, mode, rgba, encode):
        if format in ("BMP", "TIFF") and mode == "LA":
            pytest.skip("BMP has no such kind; TIFF's is tested apart")
        image = rgba.convert(mode)
        data = encode(
            image, format, **({"lossless": True, "exact": True} if format == "WEBP" else {})
        )

        photo = read_photo(data)

        reference = np.asarray(Image.open(io.BytesIO(data)).convert("RGBA")).astype(np.float32)
        visible = reference[..., 3] > 0
        assert photo.image.dtype == np.uint8
        if format == "TIFF" and mode == "RGBA":
            # libtiff premultiplies 8-bit pages: faint pixels have lost digits already.
            visible = reference[..., 3] > 100
            assert distance(photo.image[visible], reference[visible][:, :3]) <= 3
        else:
            assert distance(photo.image[visible], reference[visible][:, :3]) == 0
        if (reference[..., 3] == 255).all():
            assert photo.alpha is None
        else:
            assert np.allclose(photo.alpha, reference[..., 3] / 255)

    def test_palette_with_transparency(self, rgba, encode):
        data = encode(rgba.quantize(64), "PNG")

        photo = read_photo(data)

        reference = np.asarray(Image.open(io.BytesIO(data)).convert("RGBA"))
        assert distance(photo.image, reference[..., :3]) == 0
        assert np.allclose(photo.alpha, reference[..., 3] / 255)
        assert 0 < photo.alpha.mean() < 1

    @pytest.mark.parametrize("depth", [1, 2, 4, 8, 16])
    def test_grey_png_with_one_transparent_level(self, depth):
        top = (1 << depth) - 1
        values = np.random.default_rng(0).integers(0, top + 1, (8, 16))
        values[0, 0] = key = top // 2
        if depth == 16:
            rows = [row.astype(">u2").tobytes() for row in values]
        else:
            bits = (values[..., None] >> np.arange(depth - 1, -1, -1)) & 1
            rows = list(np.packbits(bits.reshape(8, -1).astype(np.uint8), axis=1))
            rows = [row.tobytes() for row in rows]

        photo = read_photo(raw_png(0, depth, rows, png_chunk(b"tRNS", struct.pack(">H", key))))

        assert np.array_equal(photo.alpha, (values != key).astype(np.float32))
        assert distance(photo.image[..., 0], np.rint(values * (255 / top))) == 0

    def test_cmyk_jpeg_has_pillows_colours_and_no_ink_profile(self, picture, encode, srgb):
        inks = srgb[:16] + b"CMYK" + srgb[20:]
        data = encode(picture.convert("CMYK"), "JPEG", quality=95, icc_profile=inks)

        photo = read_photo(data, name="ink.jpg")

        reference = Image.open(io.BytesIO(data))
        assert reference.mode == "CMYK"
        assert distance(photo.image, reference.convert("RGB")) <= 2
        assert photo.icc is None
        assert "ink.jpg: its colour profile is not for RGB and was dropped" in photo.notices

    def test_cmyk_tiff(self, picture, encode):
        data = encode(picture.convert("CMYK"), "TIFF")

        assert distance(read_photo(data).image, picture) <= 1

    @pytest.mark.parametrize("sample", ["unassalpha", "assocalpha"])
    @pytest.mark.parametrize("type", [np.uint8, np.uint16])
    def test_tiff_alpha_straight_or_premultiplied(self, sample, type):
        top = np.iinfo(type).max
        straight = np.full((8, 10, 3), (0.8, 0.4, 0.1)) * top
        alpha = np.tile(np.linspace(0.2, 1, 10), (8, 1))
        colour = straight * alpha[..., None] if sample == "assocalpha" else straight
        stored = np.rint(np.dstack([colour, alpha * top])).astype(type)

        photo = read_photo(tiff(stored, photometric="rgb", extrasamples=[sample]))

        assert np.allclose(photo.alpha, alpha, atol=0.003)
        assert distance(photo.image, np.rint(straight * 255 / top)) <= 3

    def test_tiff_fourth_channel_that_is_no_alpha_is_ignored(self, deep):
        data = tiff(deep, photometric="rgb", extrasamples=["unspecified"])

        photo = read_photo(data)

        assert photo.alpha is None
        assert np.array_equal(photo.deep, deep[..., :3])

    def test_32_bit_bmp_with_an_unused_fourth_byte_is_opaque(self, pixels):
        body = np.dstack([pixels[::-1, :, ::-1], np.zeros((24, 32), np.uint8)]).tobytes()
        head = struct.pack("<IiiHHIIiiII", 40, 32, 24, 1, 32, 0, len(body), 0, 0, 0, 0)
        data = b"BM" + struct.pack("<IHHI", 54 + len(body), 0, 0, 54) + head + body

        photo = read_photo(data)

        assert photo.alpha is None
        assert np.array_equal(photo.image, pixels)

    def test_lost_transparency_of_a_grey_tiff_is_told(self, rgba, encode):
        photo = read_photo(encode(rgba.convert("LA"), "TIFF"), name="grey.tif")

        assert photo.alpha is None
        assert distance(photo.image[..., 0], rgba.convert("L")) == 0
        assert photo.notices[0].startswith("grey.tif: the transparency of a grey TIFF")

    def test_float_tiff_is_refused(self, pixels):
        with pytest.raises(PocketmatteError, match=r"float32 pixels; save it with 8 or 16 bits"):
            read_photo(tiff(pixels.astype(np.float32) / 255, photometric="rgb"))

    def test_one_pixel(self, encode):
        photo = read_photo(encode(Image.new("RGB", (1, 1), "teal"), "PNG"))

        assert photo.image.tolist() == [[[0, 128, 128]]]


class TestDeepPictures:
    def test_16_bit_png_keeps_its_bits(self, deep):
        photo = read_photo(raw_png(6, 16, [row.astype(">u2").tobytes() for row in deep]))

        assert np.array_equal(photo.deep, deep[..., :3])
        assert distance(photo.image, np.rint(deep[..., :3] / 257)) == 0
        assert np.allclose(photo.alpha, deep[..., 3] / 65535)

    def test_16_bit_tiff_keeps_its_bits(self, deep):
        photo = read_photo(tiff(deep[..., :3], photometric="rgb", compression="zlib"))

        assert np.array_equal(photo.deep, deep[..., :3])

    def test_16_bit_tiff_in_planes_is_refused_rather_than_misread(self, deep):
        planes = np.moveaxis(deep[..., :3], 2, 0)

        with pytest.raises(PocketmatteError, match="separate colour planes"):
            read_photo(tiff(planes, photometric="rgb", planarconfig="separate"))

    def test_10_bit_avif_is_as_bright_as_it_should_be(self):
        grey = np.full((24, 32, 3), 512, np.uint16)
        options = [cv2.IMWRITE_AVIF_DEPTH, 10, cv2.IMWRITE_AVIF_QUALITY, 100]
        _, data = cv2.imencode(".avif", grey, options)

        assert abs(int(read_photo(data.tobytes()).image.mean()) - 128) <= 2

    def test_16_bit_cutout_is_written_with_all_its_bits(self, deep, tmp_path):
        alpha = np.ones((24, 32), np.float32)

        write_photo(tmp_path / "deep.png", deep[..., :3], alpha)

        assert np.array_equal(read_photo(tmp_path / "deep.png").deep, deep[..., :3])


class TestAnimation:
    @pytest.mark.parametrize("format", ["GIF", "WEBP", "PNG", "AVIF"])
    def test_first_frame_is_taken_with_a_notice(self, format, picture, encode):
        other = Image.fromarray(255 - np.asarray(picture))
        options = {"WEBP": {"lossless": True}, "AVIF": {"quality": 100}}.get(format, {})
        data = encode(picture, format, save_all=True, append_images=[other], **options)

        photo = read_photo(data, name="wave")

        first = Image.open(io.BytesIO(data)).convert("RGB")
        assert distance(photo.image, first) <= (2 if format == "AVIF" else 0)
        assert photo.notices == ["wave has more than one frame: only the first is used"]

    def test_gif_whose_later_frames_are_lost_still_gives_the_first(self, picture, encode):
        data = encode(picture, "GIF", save_all=True, append_images=[picture.rotate(180)])

        photo = read_photo(data[:-40])

        assert distance(photo.image, Image.open(io.BytesIO(data)).convert("RGB")) == 0


class TestRefusals:
    def test_bomb_is_refused_before_anything_is_decoded(self, monkeypatch):
        monkeypatch.setattr(cv2, "imdecode", lambda *_: pytest.fail("decoded"))
        head = struct.pack(">IIBBBBB", 20000, 20000, 8, 2, 0, 0, 0)
        data = b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", head) + png_chunk(b"IEND", b"")

        with pytest.raises(PocketmatteError, match="20000x20000 pixels") as caught:
            read_photo(data, name="bomb.png")

        assert "--max-pixels" in str(caught.value)

    def test_limit_can_be_set(self, picture, encode):
        data = encode(picture, "PNG")

        assert read_photo(data, max_pixels=32 * 24).image.shape == (24, 32, 3)
        with pytest.raises(PocketmatteError, match="more than the limit of 767"):
            read_photo(data, max_pixels=32 * 24 - 1)

    def test_missing_folder_and_unreadable_paths(self, tmp_path, monkeypatch):
        def deny(*_, **__):
            raise PermissionError(errno.EACCES, "Permission denied")

        with pytest.raises(PocketmatteError, match=rf"^{re.escape(str(tmp_path))}/no\.jpg does"):
            read_photo(tmp_path / "no.jpg")
        with pytest.raises(PocketmatteError, match="is a folder"):
            read_photo(tmp_path)
        with pytest.raises(PocketmatteError, match="file name too long"):
            read_photo("x" * 300 + ".jpg")
        monkeypatch.setattr(Path, "open", deny)
        with pytest.raises(PocketmatteError, match=r"cannot read .*me\.jpg: permission denied"):
            read_photo(tmp_path / "me.jpg")

    def test_large_stranger_is_refused_by_its_first_bytes(self, tmp_path, monkeypatch):
        path = tmp_path / "disk.jpg"
        with path.open("wb") as file:
            file.truncate(1 << 40)

        with pytest.raises(PocketmatteError, match="not a picture"):
            read_photo(path)

    def test_kind_of_jpeg_that_opencv_does_not_know_is_refused(self, picture, encode):
        lossless = encode(picture, "JPEG").replace(b"\xff\xc0", b"\xff\xcb", 1)

        with pytest.raises(PocketmatteError, match=r"me\.jpg cannot be decoded: .* rare kind"):
            read_photo(lossless, name="me.jpg")
