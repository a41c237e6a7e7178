"""Composites: the alpha is the truth of what was pasted."""

import cv2
import numpy as np
import pytest

from pocketmatte.data.layout import DataFolder, read_rgb, read_rgba
from pocketmatte.data.synthesize import bleed_foreground, composite, paste


@pytest.fixture(scope="module")
def material(data_folder):
    folder = DataFolder(data_folder)
    people = []
    for path in folder.cutouts():
        rgb, alpha = read_rgba(path)
        people.append(np.dstack([rgb, np.round(alpha * 255).astype(np.uint8)]))
    return people, [read_rgb(path) for path in folder.backgrounds()]


def test_composites_are_seeded_and_of_the_asked_size(material):
    first = composite(np.random.default_rng(5), *material, (64, 96))
    again = composite(np.random.default_rng(5), *material, (64, 96))
    assert first[0].shape == (64, 96, 3) and first[1].shape == (64, 96)
    assert np.array_equal(first[0], again[0]) and np.array_equal(first[1], again[1])


def test_some_composites_are_empty_and_most_show_someone(material):
    alphas = [composite(np.random.default_rng(s), *material, (48, 48))[1] for s in range(120)]
    empty = sum(not alpha.any() for alpha in alphas)
    assert 2 <= empty <= 40


def test_paste_is_the_compositing_equation():
    rng = np.random.default_rng(0)
    scene = rng.integers(0, 256, (20, 20, 3)).astype(np.uint8)
    rgba = rng.integers(0, 256, (20, 20, 4)).astype(np.uint8)
    image, alpha = paste(scene, np.zeros((20, 20), np.uint8), rgba)
    weight = rgba[..., 3:] / 255
    expected = weight * rgba[..., :3] + (1 - weight) * scene
    assert np.abs(image - expected).max() <= 1
    assert np.array_equal(alpha, rgba[..., 3])


def test_two_people_make_one_alpha():
    half = np.full((4, 4, 4), 128, np.uint8)
    _, alpha = paste(np.zeros((4, 4, 3), np.uint8), np.full((4, 4), 128, np.uint8), half)
    assert abs(int(alpha[0, 0]) - 255 * (1 - (127 / 255) ** 2)) <= 1


def test_bleeding_removes_the_old_background_from_the_edge():
    # given a red disc with a soft edge that was photographed before green
    alpha = np.zeros((80, 80), np.float32)
    cv2.circle(alpha, (40, 40), 24, 1.0, -1)
    alpha = cv2.GaussianBlur(alpha, (0, 0), 2)[..., None]
    photo = alpha * (200, 30, 30) + (1 - alpha) * (20, 220, 20)
    rgba = np.dstack([photo, alpha * 255]).astype(np.uint8)
    # when its colours are bled outwards
    clean = bleed_foreground(rgba)
    # then the soft edge is nearly as red as the disc, and the disc is untouched
    edge = (alpha[..., 0] > 0.2) & (alpha[..., 0] < 0.8)
    assert rgba[edge][:, 1].mean() > 90
    assert clean[edge][:, 1].mean() < 50
    assert np.array_equal(clean[38:42, 38:42], rgba[38:42, 38:42])
