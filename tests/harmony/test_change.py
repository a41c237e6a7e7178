"""A change at full size: what its numbers mean, and that training means the same."""

import numpy as np
import pytest

from pocketmatte.harmony.change import Change, no_change, read_proposals


@pytest.fixture
def alpha(astronaut):
    alpha = np.zeros(astronaut.shape[:2], np.float32)
    alpha[100:400, 150:350] = 1
    return alpha


def test_no_change_keeps_every_pixel(astronaut, alpha):
    assert (no_change((4, 4)).apply(astronaut, alpha) == astronaut).all()


def test_offset_moves_the_person_only(astronaut, alpha):
    change = no_change()
    change.matrix[0, 3] = 20 / 255
    result = change.apply(astronaut, alpha).astype(int)
    inside = alpha > 0
    expected = np.minimum(astronaut[inside, 0].astype(int) + 20, 255)
    assert np.abs(result[inside, 0] - expected).max() <= 1
    assert (result[..., 1:] == astronaut[..., 1:]).all()
    assert (result[:80] == astronaut[:80]).all() and (result[:, :120] == astronaut[:, :120]).all()


def test_gain_runs_smoothly_from_cell_to_cell(alpha):
    grey = np.full((512, 512, 3), 100, np.uint8)
    gain = np.zeros((1, 4, 3), np.float32)
    gain[0, :, :] = np.log([[0.5], [0.75], [1.25], [1.5]])
    result = Change(no_change().matrix, no_change().curve, gain).apply(grey, np.ones_like(alpha))
    row = result[250, :, 0].astype(int)
    assert abs(row[10] - 50) <= 1 and abs(row[-10] - 150) <= 1
    assert np.diff(row).min() >= 0 and np.diff(row).max() <= 2


def test_changes_scale_and_mix(astronaut, alpha):
    change = no_change()
    change.matrix[:, 3] = 0.2
    half = no_change().toward(change, 0.5)
    assert half.matrix[0, 3] == pytest.approx(0.1)
    assert ((change * 0.5).apply(astronaut, alpha) == half.apply(astronaut, alpha)).all()


@pytest.mark.parametrize("size", [(1, 1), (1, 30), (7, 3)])
def test_tiny_pictures(size):
    picture = np.full((*size, 3), 90, np.uint8)
    change = no_change((3, 3)) if size[0] > 1 else no_change()
    change.curve[:] = 0.3
    assert change.apply(picture, np.ones(size, np.float32)).mean() > 90


def test_training_does_the_same_arithmetic():
    torch = pytest.importorskip("torch")
    from pocketmatte.training.harmonize_loss import apply_proposals

    rng = np.random.default_rng(0)
    proposals = rng.normal(0, 0.1, (24, 6, 6)).astype(np.float32)
    picture = np.repeat(np.repeat(rng.integers(40, 200, (8, 8, 3), np.uint8), 12, 0), 12, 1)
    alpha = np.zeros((96, 96), np.float32)
    alpha[16:, 32:] = 1
    ours = read_proposals(proposals, alpha).apply(picture, alpha)
    unit = torch.from_numpy(picture).permute(2, 0, 1)[None] / 255
    theirs = apply_proposals(
        torch.from_numpy(proposals)[None], unit, torch.from_numpy(alpha)[None, None]
    )
    theirs = 255 * theirs[0].permute(1, 2, 0).numpy()
    difference = np.abs(ours - theirs)[alpha > 0]
    assert difference.mean() < 1 and difference.max() < 8  # 8-bit steps between the stages
