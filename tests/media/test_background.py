import cv2
import numpy as np
import pytest
from PIL import Image, ImageColor

from pocketmatte.errors import PocketmatteError
from pocketmatte.media.background import (
    BlurBackground,
    ColourBackground,
    PictureBackground,
    cover,
    parse_background,
)
from pocketmatte.media.colours import CSS_COLOURS


def test_colour_table_is_the_one_of_css():
    assert {name: ImageColor.getrgb(name) for name in ImageColor.colormap} == CSS_COLOURS


@pytest.mark.parametrize(
    ("text", "rgb"),
    [
        ("teal", (0, 128, 128)),
        ("RebeccaPurple", (102, 51, 153)),
        (" white ", (255, 255, 255)),
        ("#08f", (0, 136, 255)),
        ("#10A0ff", (16, 160, 255)),
    ],
)
def test_colour_fills_the_frame(text, rgb):
    frame = parse_background(text).frame(np.zeros((3, 5, 3), np.uint8), np.zeros((3, 5)))

    assert frame.shape == (3, 5, 3)
    assert frame.dtype == np.uint8
    assert (frame == rgb).all()


@pytest.mark.parametrize("value", ["none", "NONE", None])
def test_none_means_transparent(value):
    assert parse_background(value) is None


def test_blur_with_and_without_radius():
    assert parse_background("blur") == BlurBackground(None)
    assert parse_background("blur:12.5") == BlurBackground(12.5)


@pytest.mark.parametrize("text", ["blur:", "blur:far", "blur:0", "blur:-3", "blur:nan", "blur:1e9"])
def test_bad_blur_radius(text):
    with pytest.raises(PocketmatteError, match=r"not a number of pixels .* blur:20"):
        parse_background(text)


def test_picture_file_and_array(tmp_path, pixels):
    Image.fromarray(pixels).save(tmp_path / "beach.png")

    for value in (str(tmp_path / "beach.png"), tmp_path / "beach.png", pixels):
        frame = parse_background(value).frame(np.zeros((24, 32, 3), np.uint8), None)

        assert np.array_equal(frame, pixels)


def test_transparent_picture_is_put_on_white(tmp_path):
    Image.new("RGBA", (4, 4), (0, 0, 0, 0)).save(tmp_path / "hole.png")

    assert (parse_background(tmp_path / "hole.png").picture == 255).all()


def test_background_made_before_is_taken_as_it_is():
    made = ColourBackground((1, 2, 3))

    assert parse_background(made) is made


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("biege", "did you mean 'beige'"),
        ("blurr", "did you mean 'blur'"),
        ("#12", "three or six digits"),
        ("#ggg", "three or six digits"),
        ("", "unknown background ''; give a colour"),
        ("qqqqqq", "unknown background 'qqqqqq'; give a colour"),
        ("nowhere/beach.jpg", "no such file"),
        ("x" * 300 + ".jpg", "no such file"),
    ],
)
def test_unknown_background_names_what_is_near(text, hint):
    with pytest.raises(PocketmatteError) as caught:
        parse_background(text)

    assert hint in str(caught.value)
    assert "\n" not in str(caught.value)


def test_misspelt_file_finds_its_neighbour(tmp_path):
    (tmp_path / "Beach.jpg").write_bytes(b"")

    with pytest.raises(PocketmatteError, match=r"did you mean .*Beach\.jpg"):
        parse_background(tmp_path / "baech.jpg")


def test_folder_and_broken_file(tmp_path):
    (tmp_path / "text.jpg").write_text("hello")

    with pytest.raises(PocketmatteError, match="it is a folder"):
        parse_background(tmp_path)
    with pytest.raises(PocketmatteError, match=r"text\.jpg is text, not a picture"):
        parse_background(tmp_path / "text.jpg")


@pytest.mark.parametrize(
    "array", [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3)), np.zeros((0, 4, 3), np.uint8)]
)
def test_bad_array(array):
    with pytest.raises(PocketmatteError, match="RGB uint8"):
        parse_background(array)


@pytest.mark.parametrize("size", [(40, 20), (20, 40), (7, 7), (1, 50), (300, 200), (80, 1)])
def test_cover_fills_without_squashing_and_keeps_the_centre(size):
    width, height = size
    picture = np.zeros((61, 91, 3), np.uint8)
    cv2.circle(picture, (45, 30), 12, (255, 255, 255), -1, cv2.LINE_AA)

    frame = cover(picture, width, height)

    assert frame.shape == (height, width, 3)
    if min(size) >= 20:
        rows, columns = np.nonzero(frame[..., 0] > 127)
        assert abs(rows.mean() - (height - 1) / 2) < 1
        assert abs(columns.mean() - (width - 1) / 2) < 1
        assert np.ptp(rows) == pytest.approx(np.ptp(columns), abs=2)


def test_cover_crops_only_the_longer_side():
    picture = np.tile(np.arange(90, dtype=np.uint8)[None, :, None], (60, 1, 3))

    frame = cover(picture, 60, 60)

    assert (frame[0, 0, 0], frame[0, -1, 0]) == (15, 74)
    assert np.array_equal(cover(picture, 90, 60), picture)


def test_scaled_picture_is_made_once_for_a_size(pixels):
    background = PictureBackground(pixels)
    image = np.zeros((48, 64, 3), np.uint8)

    assert background.frame(image, None) is background.frame(image, None)
    assert background.frame(image[:24], None).shape == (24, 64, 3)


def test_blur_hides_the_room_and_has_no_halo_of_the_person():
    rng = np.random.default_rng(0)
    image = np.full((120, 160, 3), 60, np.uint8) + rng.integers(0, 100, (120, 160, 1), np.uint8)
    alpha = np.zeros((120, 160), np.float32)
    alpha[30:, 60:100] = 1
    image[alpha > 0] = (255, 0, 0)

    frame = parse_background("blur:10").frame(image, alpha)

    outside = alpha == 0
    assert frame[outside].std() < 0.35 * image[outside].std()
    beside = frame[60:110, 50:58].astype(float)
    assert (beside[..., 0] - beside[..., 1]).mean() < 25
