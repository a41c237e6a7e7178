"""Clips: smooth movement, true alpha, the same for the same seed."""

import json

import cv2
import numpy as np
import pytest

from pocketmatte.data.clips import KINDS, make_clip, read_clip
from pocketmatte.data.material import Material
from pocketmatte.data.synthesize_to_disk import Plan, synthesize
from pocketmatte.errors import PocketmatteError


@pytest.fixture(scope="module")
def material():
    person = np.zeros((160, 100, 4), np.uint8)
    person[..., 1] = 220
    alpha = np.zeros((160, 100), np.uint8)
    cv2.ellipse(alpha, (50, 40), (22, 32), 0, 0, 360, 255, -1)
    cv2.ellipse(alpha, (50, 165), (46, 90), 0, 0, 360, 255, -1)
    person[..., 3] = cv2.GaussianBlur(alpha, (0, 0), 1.0)
    stripes = np.zeros((150, 220, 3), np.uint8)
    stripes[:, ::20] = stripes[:, 1::20] = stripes[:, 2::20] = (250, 40, 40)
    return Material([person], [stripes])


def centres(alphas):
    columns = np.arange(alphas[0].shape[1])
    return np.array([(a.sum(0) * columns).sum() / a.sum() for a in alphas])


def frames(material, kind, seed=1, count=16):
    drawn = list(make_clip(seed, material, (120, 160), count, kind))
    return [image for image, _ in drawn], [alpha for _, alpha in drawn]


@pytest.mark.parametrize("kind", KINDS)
def test_frames_are_sound_and_seeded(material, kind):
    images, alphas = frames(material, kind, count=4)
    again, _ = frames(material, kind, count=4)
    for image, alpha, repeated in zip(images, alphas, again, strict=True):
        assert image.shape == (120, 160, 3) and image.dtype == np.uint8
        assert alpha.shape == (120, 160) and alpha.dtype == np.float32
        assert alpha.min() >= 0 and alpha.max() <= 1 and alpha.max() > 0.5
        assert np.array_equal(image, repeated)


def test_a_still_clip_moves_only_in_its_noise(material):
    images, alphas = frames(material, "still", count=5)
    assert all(np.array_equal(alpha, alphas[0]) for alpha in alphas)
    change = np.abs(images[0].astype(int) - images[1])
    assert 0 < change.mean() < 12


@pytest.mark.parametrize("kind", ["sway", "walk", "pan"])
def test_movement_is_smooth(material, kind):
    for seed in range(4):
        _, alphas = frames(material, kind, seed, 20)
        steps = np.diff(centres(alphas))
        assert np.abs(steps).max() > 0.05
        assert np.abs(np.diff(steps)).max() < 1.5 + 0.3 * np.abs(steps).max()


def test_walkers_cross_the_picture(material):
    _, alphas = frames(material, "walk", seed=2, count=24)
    assert abs(centres(alphas)[-1] - centres(alphas)[0]) > 0.15 * 160


def test_the_background_moves_in_pans_and_stays_in_sways(material):
    for kind, moves in (("sway", False), ("pan", True)):
        changes = []
        for seed in range(3):
            images, alphas = frames(material, kind, seed, 10)
            away = np.max(alphas, axis=0) < 0.01
            assert away.sum() > 200
            changes.append(np.abs(images[0].astype(int) - images[-1])[away].mean())
        assert (max(changes) > 25) == moves


def test_the_alpha_is_the_share_of_the_person_in_each_pixel(material):
    images, alphas = frames(material, "sway", seed=3, count=6)
    for image, alpha in zip(images, alphas, strict=True):
        inside, outside = alpha > 0.99, alpha < 0.01
        green = image[..., 1].astype(int) - image[..., 0]
        assert green[inside].mean() > green[outside].mean() + 60


def test_clips_on_disk_read_back(data_folder, tmp_path):
    plan = Plan(str(data_folder), seed=2, side=128, frames=3)
    names = synthesize(plan, tmp_path / "a", 2)
    for name in names:
        folder = tmp_path / "a" / name
        facts = json.loads((folder / "clip.json").read_text())
        read = list(read_clip(folder))
        assert len(read) == facts["frames"] == 3 and facts["kind"] in KINDS
        for image, alpha in read:
            assert image.shape[:2] == alpha.shape == (72, 128)
    (tmp_path / "a" / names[0] / "alpha" / "0001.png").unlink()
    with pytest.raises(PocketmatteError, match=r"0001\.webp: frame or its alpha is missing"):
        list(read_clip(tmp_path / "a" / names[0]))
    with pytest.raises(PocketmatteError, match="not a clip"):
        list(read_clip(tmp_path))


def test_bad_wishes_are_refused(material):
    with pytest.raises(PocketmatteError, match="choose from still"):
        make_clip(0, material, kind="jump")
    with pytest.raises(PocketmatteError, match="at least 1"):
        make_clip(0, material, frames=0)
