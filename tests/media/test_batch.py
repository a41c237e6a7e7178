import io
import threading
import time
from dataclasses import dataclass

import numpy as np
import pytest
from PIL import Image

from pocketmatte.errors import PocketmatteError
from pocketmatte.media.batch import cut_out, matte_photos
from pocketmatte.media.photo import Photo, read_photo
from pocketmatte.media.plan import Job, plan_photos


@dataclass
class FakeMatte:
    image: np.ndarray
    alpha: np.ndarray
    foreground: np.ndarray


def left_half(image):
    """A model that takes the left half for the person, and a shade less red for its colour."""
    alpha = np.zeros(image.shape[:2], np.float32)
    alpha[:, : image.shape[1] // 2] = 1
    return FakeMatte(image, alpha, image - np.minimum(image, (3, 0, 0)).astype(np.uint8))


@pytest.fixture
def folder(tmp_path, monkeypatch, picture):
    monkeypatch.chdir(tmp_path)
    for name in ("a.png", "b.jpg", "c.webp"):
        picture.save(tmp_path / name)
    return tmp_path


def run(inputs, output=None, plan=None, **options):
    return list(matte_photos(plan_photos(inputs, output, **(plan or {})), left_half, **options))


class TestCutOut:
    def test_foreground_and_alpha_of_the_model(self, pixels):
        cutout = cut_out(Photo(pixels), left_half)

        assert not cutout.opaque
        assert np.array_equal(cutout.alpha, left_half(pixels).alpha)
        assert np.array_equal(cutout.image, left_half(pixels).foreground)

    def test_transparency_of_the_photo_multiplies_the_matte(self, pixels, ramp):
        own = ramp.astype(np.float32) / 255

        cutout = cut_out(Photo(pixels, own), left_half)

        assert np.array_equal(cutout.alpha, own * left_half(pixels).alpha)

    def test_background_shows_where_the_photo_was_transparent(self, pixels):
        own = np.zeros((24, 32), np.float32)
        own[12:] = 1

        cutout = cut_out(Photo(pixels, own), left_half, "#010203")

        assert cutout.opaque
        assert (cutout.image[:12] == (1, 2, 3)).all()
        assert np.array_equal(cutout.image[12:, :16], left_half(pixels).foreground[12:, :16])

    def test_filters_reach_matte_and_picture(self, pixels):
        def two_people(image):
            alpha = np.zeros(image.shape[:2], np.float32)
            alpha[:, :16] = alpha[4:8, 26:30] = 1
            return FakeMatte(image, alpha, image)

        for background in ("none", "#010203"):
            cutout = cut_out(Photo(pixels), two_people, background, "keep_largest")

            assert cutout.alpha[:, :15].min() == 1
            assert cutout.alpha[4:8, 26:30].max() == 0
        assert (cutout.image[4:8, 26:30] == (1, 2, 3)).all()

    def test_deep_photo_gives_a_deep_foreground(self):
        deep = np.random.default_rng(0).integers(2000, 65536, (24, 32, 3), dtype=np.uint16)
        image = np.rint(deep / 257).astype(np.uint8)

        cutout = cut_out(Photo(image, deep=deep), left_half)

        assert cutout.image.dtype == np.uint16
        assert np.array_equal(cutout.image[..., 1:], deep[..., 1:])
        assert np.array_equal(cutout.image[..., 0], deep[..., 0] - 3 * 257)


class TestMattePhotos:
    def test_every_input_gives_its_cutout(self, folder, pixels):
        results = run(["a.png", "b.jpg", "c.webp"])

        assert [result.error for result in results] == [None] * 3
        assert [result.job.name for result in results] == ["a.png", "b.jpg", "c.webp"]
        assert all(result.seconds > 0 for result in results)
        back = read_photo("a.cutout.png")
        assert np.array_equal(back.alpha, left_half(pixels).alpha)
        assert np.array_equal(back.image[:, :16], left_half(pixels).foreground[:, :16])

    def test_matte_is_written_too(self, folder, pixels):
        run(["a.png"], plan={"alpha": True})

        matte = Image.open("a.alpha.png")
        assert matte.mode == "L"
        assert np.array_equal(np.asarray(matte) / 255, left_half(pixels).alpha)

    def test_background_gives_an_opaque_picture(self, folder, pixels):
        run(["a.png"], "out.png", background="#010203")

        back = Image.open("out.png")
        assert back.mode == "RGB"
        assert (np.asarray(back)[:, 16:] == (1, 2, 3)).all()

    def test_jpg_without_background_is_white_and_says_so(self, folder):
        (result,) = run(["a.png"], "out.jpg")

        assert result.notices == ["a.png: JPG has no transparency, so it was put on white"]
        assert np.asarray(Image.open("out.jpg"))[:, 24:].min() > 250
        (result,) = run(["a.png"], "out.jpg", background="red")
        assert result.notices == []

    def test_profile_of_the_photo_reaches_the_output(self, folder, picture, srgb):
        picture.save("p.jpg", icc_profile=srgb)
        for format in ("png", "webp", "jpg"):
            run(["p.jpg"], f"out.{format}")

            assert Image.open(f"out.{format}").info["icc_profile"] == srgb

    def test_place_and_other_exif_stay_behind(self, folder, picture):
        exif = Image.Exif()
        exif[0x010F] = "Camera of somebody"
        picture.save("p.jpg", exif=exif)
        for format in ("png", "webp", "jpg"):
            run(["p.jpg"], f"out.{format}")

            with open(f"out.{format}", "rb") as file:  # noqa: PTH123
                assert b"somebody" not in file.read()

    @pytest.mark.parametrize("workers", [1, 3])
    def test_bad_files_are_reported_and_the_others_go_on(self, folder, workers):
        (folder / "empty.jpg").write_bytes(b"")
        (folder / "text.jpg").write_text("hello " * 50)
        (folder / "cut.jpg").write_bytes((folder / "b.jpg").read_bytes()[:400])

        results = run(
            ["a.png", "cut.jpg", "empty.jpg", "gone.jpg", "text.jpg"], "out", workers=workers
        )

        assert [bool(result.error) for result in results] == [False, True, True, True, True]
        for result, cause in zip(
            results[1:], ("cut off", "empty", "does not exist", "text"), strict=True
        ):
            assert result.error.startswith(result.job.name)
            assert cause in result.error
        assert [path.name for path in (folder / "out").iterdir()] == ["a.png"]

    def test_model_that_trips_does_not_end_the_batch(self, folder):
        def trips(image):
            if image.shape[0] == 24:
                raise RuntimeError("shape\nmismatch")
            return left_half(image)

        Image.new("RGB", (8, 8)).save("small.png")
        jobs = plan_photos(["a.png", "small.png"])

        first, second = matte_photos(jobs, trips)

        assert first.error == "a.png: RuntimeError: shape mismatch"
        assert second.error is None

    def test_lack_of_memory_is_one_line(self, folder):
        def hungry(image):
            raise MemoryError

        (result,) = matte_photos(plan_photos(["a.png"]), hungry)

        assert result.error.startswith("a.png: not enough memory")

    def test_existing_outputs_are_skipped_only_when_complete(self, folder):
        run(["a.png", "b.jpg"])
        (folder / "a.cutout.png").write_text("mine")

        again = run(["a.png", "b.jpg", "c.webp"], skip_existing=True)
        with_matte = run(["b.jpg"], plan={"alpha": True}, skip_existing=True)

        assert [result.skipped for result in again] == [True, True, False]
        assert (folder / "a.cutout.png").read_text() == "mine"
        assert not with_matte[0].skipped

    def test_streams(self, folder, picture, encode):
        out = io.BytesIO()
        jobs = plan_photos(["-"], format="webp")

        (result,) = matte_photos(
            jobs, left_half, stdin=io.BytesIO(encode(picture, "PNG")), stdout=out
        )

        assert result.error is None
        assert Image.open(io.BytesIO(out.getvalue())).format == "WEBP"

    def test_empty_standard_input_is_named(self, folder):
        (result,) = matte_photos([Job(None, None)], left_half, stdin=io.BytesIO(b""))

        assert result.error.startswith("standard input is empty")

    def test_broken_pipe_is_not_swallowed(self, folder):
        class Gone(io.RawIOBase):
            def write(self, data):
                raise BrokenPipeError

        with pytest.raises(BrokenPipeError):
            list(matte_photos(plan_photos(["a.png"], "-"), left_half, stdout=Gone()))

    def test_pixel_limit_reaches_the_reader(self, folder):
        (result,) = run(["a.png"], max_pixels=100)

        assert "32x24" in result.error

    def test_unknown_background_is_refused_before_the_first_photo(self, folder):
        with pytest.raises(PocketmatteError, match="unknown background"):
            matte_photos(plan_photos(["a.png"]), left_half, background="biege")

    def test_unknown_and_idle_filters_are_refused_before_the_first_photo(self, folder):
        with pytest.raises(PocketmatteError, match="sparkle"):
            matte_photos(plan_photos(["a.png"]), left_half, background="red", filter="sparkle")
        with pytest.raises(PocketmatteError, match="needs a background"):
            matte_photos(plan_photos(["a.png"]), left_half, filter="light_wrap")


class TestWorkers:
    def test_results_come_in_order_of_input_and_work_overlaps(self, folder, picture):
        names = [f"{number}.png" for number in range(8)]
        for name in names:
            picture.save(name)
        busy = threading.Semaphore(0)
        threads = set()

        def uneven(image):
            threads.add(threading.get_ident())
            time.sleep(0.02 if len(threads) % 2 else 0.005)
            busy.release()
            return left_half(image)

        results = list(matte_photos(plan_photos(names, "out"), uneven, workers=3))

        assert [result.job.name for result in results] == names
        assert len(threads) == 3

    def test_only_a_few_photos_are_ahead_of_the_reader(self, folder):
        taken = []

        def endless():
            for number in range(1000):
                taken.append(number)
                yield Job(folder / "a.png", folder / "out" / f"{number}.png")

        results = matte_photos(endless(), left_half, workers=2)
        next(results)
        results.close()

        assert len(taken) <= 5

    def test_stopping_leaves_whole_files_only(self, folder):
        jobs = [Job(folder / "a.png", folder / "out" / f"{number}.png") for number in range(50)]
        results = matte_photos(jobs, left_half, workers=4)
        for _ in range(3):
            next(results)

        results.close()

        written = sorted((folder / "out").iterdir())
        assert 3 <= len(written) <= 12
        assert all(path.suffix == ".png" and path.stem.isdigit() for path in written)
        for path in written:
            Image.open(path).load()
        assert not [t for t in threading.enumerate() if t.name.startswith("photo")]
