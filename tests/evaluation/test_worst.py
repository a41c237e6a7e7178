"""Sheets of the worst pictures."""

import cv2
import numpy as np

from pocketmatte.data.layout import DataFolder
from pocketmatte.evaluation.evaluate import evaluate
from pocketmatte.evaluation.worst import worst_sheets


def plain(height, width, colour):
    return np.full((height, width, 3), colour, np.uint8)


def has(sheet, colour, tolerance=2):
    return (np.abs(sheet.astype(int) - colour).max(axis=2) <= tolerance).sum()


def test_worst_sheets_hold_the_worst_first(data_folder, red_model, tmp_path):
    # given: a model that is blind to picture 1 and exact on the others
    model, data = red_model(blind=(1,)), DataFolder(data_folder)
    report = evaluate(model, data)
    # when: one row a sheet
    paths = worst_sheets(model, data, report, tmp_path / "sheets", 2, rows_per_sheet=1)
    # then: the first has blue (missing), the second has not
    assert [path.name for path in paths] == ["worst-01.jpg", "worst-02.jpg"]
    first, second = (cv2.imread(str(path))[..., ::-1] for path in paths)
    assert has(first, (51, 88, 197), 40) > 1000
    assert has(second, (51, 88, 197), 40) < 50


def test_a_picture_without_a_mask_is_drawn_against_its_alpha(data_folder, red_model, tmp_path):
    for mask in (data_folder / "made" / "mask").iterdir():
        mask.unlink()
    model, data = red_model(), DataFolder(data_folder)
    paths = worst_sheets(model, data, evaluate(model, data), tmp_path, 5)
    assert len(paths) == 1 and paths[0].is_file()
