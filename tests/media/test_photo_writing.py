"""Photos are written whole, or not at all."""

import errno
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pocketmatte.errors import PocketmatteError
from pocketmatte.media.photo import encode_photo, read_photo, write_photo


class TestWriting:
    @pytest.fixture
    def alpha(self):
        alpha = np.zeros((24, 32), np.float32)
        alpha[:, 12:22] = 1
        alpha[:, 10:12] = alpha[:, 22:24] = 0.5
        return alpha

    @pytest.mark.parametrize("format", ["png", "webp"])
    def test_cutout_round_trip(self, format, pixels, alpha, tmp_path):
        path = tmp_path / f"me.{format}"

        write_photo(path, pixels, alpha, quality=100)

        back = np.asarray(Image.open(path))
        assert back.shape == (24, 32, 4)
        assert np.array_equal(back[..., 3], np.rint(alpha * 255))
        assert np.array_equal(back[alpha > 0][:, :3], pixels[alpha > 0])

    def test_colours_far_from_the_person_are_erased(self, pixels, alpha):
        back = np.asarray(Image.open(io.BytesIO(encode_photo(pixels, alpha))))

        assert not back[:, :6].any()
        assert not back[:, 28:].any()
        assert np.array_equal(back[:, 7:10, :3], pixels[:, 7:10])

    @pytest.mark.parametrize("size", [(1, 1), (1, 2), (1, 4), (4, 1)])
    @pytest.mark.parametrize("type", [np.uint8, np.uint16])
    def test_tiny_pictures_are_not_taken_for_numbers(self, size, type):
        image = np.full((*size, 3), 200, type)

        back = read_photo(encode_photo(image, np.full(size, 0.5, np.float32)))

        assert (back.image if type == np.uint8 else back.deep).tolist() == image.tolist()
        assert np.allclose(back.alpha, 0.5, atol=0.003)

    def test_jpg_is_put_on_white(self, pixels, alpha):
        data = encode_photo(pixels, alpha, format="jpg", quality=100)

        back = np.asarray(Image.open(io.BytesIO(data)))
        assert back[:, :6].min() >= 250
        expected = 255 + (pixels.astype(float) - 255) * alpha[..., None]
        assert np.abs(back - expected).mean() < 4

    @pytest.mark.parametrize("format", ["png", "webp", "jpg"])
    @pytest.mark.parametrize("with_alpha", [True, False])
    def test_colour_profile_survives(self, format, with_alpha, picture, alpha, encode, srgb):
        profile = srgb + bytes(range(256)) * 300
        photo = read_photo(encode(picture, "JPEG", icc_profile=profile))

        for quality in (90, 100):
            data = encode_photo(
                photo.image, alpha if with_alpha else None, photo.icc, format, quality
            )

            back = Image.open(io.BytesIO(data))
            back.load()
            assert back.info["icc_profile"] == profile
            assert back.size == (32, 24)
            if with_alpha and format != "jpg":
                assert np.array_equal(np.asarray(back)[..., 3], np.rint(alpha * 255))
            assert read_photo(data).icc == profile

    def test_grey_matte(self, alpha, tmp_path):
        write_photo(tmp_path / "me.png", np.rint(alpha * 255).astype(np.uint8))

        back = Image.open(tmp_path / "me.png")
        assert back.mode == "L"
        assert np.array_equal(np.asarray(back), np.rint(alpha * 255))

    def test_quality_makes_smaller_files(self, alpha):
        noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
        for format in ("jpg", "webp"):
            sizes = [len(encode_photo(noise, format=format, quality=q)) for q in (10, 50, 90)]

            assert sizes == sorted(sizes)

    def test_folders_are_made_and_older_files_replaced(self, pixels, tmp_path):
        path = tmp_path / "new" / "tree" / "me.png"
        path.parent.mkdir(parents=True)
        path.write_text("old")

        write_photo(path, pixels)

        assert np.array_equal(read_photo(path).image, pixels)
        assert [child.name for child in path.parent.iterdir()] == ["me.png"]

    def test_full_disk_leaves_the_old_file_and_nothing_else(self, pixels, tmp_path, monkeypatch):
        path = tmp_path / "me.png"
        path.write_text("old")

        def fill(self, data):
            with self.open("wb") as file:
                file.write(data[: len(data) // 2])
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(Path, "write_bytes", fill)
        with pytest.raises(PocketmatteError, match=r"cannot write .*me\.png: no space left"):
            write_photo(path, pixels)

        assert path.read_text() == "old"
        assert list(tmp_path.iterdir()) == [path]

    def test_unwritable_places(self, pixels, tmp_path):
        (tmp_path / "file").write_text("")
        (tmp_path / "folder.png").mkdir()

        with pytest.raises(PocketmatteError, match="cannot write"):
            write_photo(tmp_path / "file" / "me.png", pixels)
        with pytest.raises(PocketmatteError, match="it is a folder"):
            write_photo(tmp_path / "folder.png", pixels)
        with pytest.raises(PocketmatteError, match=r"unknown format \.gif; use \.png"):
            write_photo(tmp_path / "me.gif", pixels)
        with pytest.raises(PocketmatteError, match="file name too long"):
            write_photo(tmp_path / ("x" * 300 + ".png"), pixels)
        with pytest.raises(PocketmatteError, match="without suffix"):
            write_photo(tmp_path / "me", pixels)

    def test_symbolic_link_is_followed_not_replaced(self, pixels, tmp_path):
        (tmp_path / "real.png").write_text("old")
        (tmp_path / "link.png").symlink_to(tmp_path / "real.png")

        write_photo(tmp_path / "link.png", pixels)

        assert (tmp_path / "link.png").is_symlink()
        assert np.array_equal(read_photo(tmp_path / "real.png").image, pixels)

    def test_stream(self, pixels, alpha):
        stream = io.BytesIO()

        write_photo(stream, pixels, alpha)

        assert stream.getvalue() == encode_photo(pixels, alpha)

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
    def test_full_stream_and_device(self, pixels):
        full = pytest.raises(PocketmatteError, match="no space left on device")
        with Path("/dev/full").open("wb", buffering=0) as stream, full:
            write_photo(stream, pixels)
        with pytest.raises(PocketmatteError, match="no space left on device"):
            write_photo("/dev/full", pixels, format="png")
        assert Path("/dev/full").is_char_device()

    def test_too_large_for_webp(self):
        with pytest.raises(PocketmatteError, match=r"20000x1 is too large for webp .*use png"):
            encode_photo(np.zeros((1, 20000, 3), np.uint8), format="webp")
