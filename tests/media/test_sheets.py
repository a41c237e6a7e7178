"""Contact sheets."""

import cv2
import numpy as np
import pytest

from pocketmatte.errors import PocketmatteError
from pocketmatte.media.sheets import (
    GREEN,
    MAGENTA,
    contact_sheet,
    difference,
    over_colour,
    save_sheet,
)


def plain(height, width, colour):
    return np.full((height, width, 3), colour, np.uint8)


def has(sheet, colour, tolerance=2):
    return (np.abs(sheet.astype(int) - colour).max(axis=2) <= tolerance).sum()


def test_every_picture_is_on_the_sheet_whole():
    # given: a wide, a tall and a small picture, a mask and an alpha
    red, blue = plain(100, 200, (255, 0, 0)), plain(300, 100, (0, 0, 255))
    mask, alpha = np.ones((10, 10), bool), np.full((50, 50), 0.5, np.float32)
    sheet = contact_sheet([[red, mask], [blue, alpha]], ["left", "right"], height=60)
    # then: heights of 60, own aspect ratios, grey for alpha
    assert sheet.dtype == np.uint8 and sheet.shape[2] == 3
    assert has(sheet, (255, 0, 0)) == 60 * 120
    assert has(sheet, (0, 0, 255)) == 60 * 20
    assert has(sheet, (255, 255, 255)) >= 60 * 60
    assert has(sheet, (128, 128, 128)) >= 60 * 60


def test_captions_add_a_line_of_text():
    tile = plain(20, 400, (0, 0, 0))
    without = contact_sheet([[tile]], [""], height=20)
    captioned = contact_sheet([[tile]], [""], ["name 0.95"], height=20)
    assert captioned.shape[0] > without.shape[0]
    assert captioned.max() > 150 > without.max()


def test_text_that_ascii_cannot_say_does_not_break_a_sheet():
    sheet = contact_sheet([[plain(20, 200, (0, 0, 0))]], ["naïve ✓"], ["日本"], height=20)
    assert sheet.max() > 150


@pytest.mark.parametrize("rows", [[], [[plain(4, 4, (0, 0, 0))]]])
def test_rows_that_do_not_fit_the_labels_are_refused(rows):
    with pytest.raises(PocketmatteError, match="2 pictures"):
        contact_sheet(rows, ["a", "b"])


def test_composite_is_over_green_unless_the_person_is():
    alpha = np.array([[1.0, 0.0, 0.5]], np.float32)
    red = over_colour(plain(1, 3, (200, 100, 100)), alpha)
    assert red[0].tolist() == [[200, 100, 100], list(GREEN), [100, 138, 82]]
    leafy = over_colour(plain(1, 3, (50, 200, 50)), alpha)
    assert leafy[0, 1].tolist() == list(MAGENTA)
    assert over_colour(plain(1, 3, (9, 9, 9)), alpha * 0)[0, 0].tolist() == list(GREEN)


def test_difference_is_red_where_too_much_and_blue_where_missing():
    truth = np.array([[True, False, True]])
    alpha = np.array([[0.0, 1.0, 1.0]], np.float32)
    missing, too_much, right = difference(plain(1, 3, (100, 100, 100)), alpha, truth)[0].tolist()
    assert missing[2] == 255 and missing[0] < 100
    assert too_much[0] == 255 and too_much[2] < 100
    assert right == [40, 40, 40]


@pytest.mark.parametrize("suffix", ["png", "jpg"])
def test_saved_sheets_read_back_and_leave_nothing_else(tmp_path, suffix):
    sheet = plain(30, 40, (200, 60, 20))
    save_sheet(tmp_path / "new" / f"sheet.{suffix}", sheet)
    read = cv2.imread(str(tmp_path / "new" / f"sheet.{suffix}"))[..., ::-1]
    assert np.abs(read.astype(int) - sheet).max() <= (0 if suffix == "png" else 6)
    assert len(list((tmp_path / "new").iterdir())) == 1


def test_a_sheet_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(PocketmatteError, match="cannot be written"):
        save_sheet(tmp_path / "file" / "sheet.png", plain(4, 4, (0, 0, 0)))
    with pytest.raises(PocketmatteError, match="suffix"):
        save_sheet(tmp_path / "sheet.gif", plain(4, 4, (0, 0, 0)))
