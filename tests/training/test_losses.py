"""Losses: zero on truth, positive elsewhere, heavier where they should be."""

import pytest
import torch

from pocketmatte.training.losses import (
    MattingLoss,
    boundary_band,
    dice_loss,
    laplacian_loss,
    soft_iou,
)


@pytest.fixture
def target():
    torch.manual_seed(0)
    blob = torch.nn.functional.interpolate(torch.rand(2, 1, 4, 4), size=(32, 24), mode="bicubic")
    return ((blob - 0.5) * 4 + 0.5).clamp(0, 1)


@pytest.mark.parametrize("loss", [laplacian_loss, dice_loss])
def test_truth_costs_nothing_and_anything_else_something(loss, target):
    assert float(loss(target, target)) == pytest.approx(0, abs=1e-6)
    assert float(loss(1 - target, target)) > 0.1


def test_a_better_matte_has_a_smaller_loss(target):
    loss = MattingLoss({"bce": 1.0, "l1": 1.0, "laplacian": 1.0, "dice": 0.5}, 3.0)
    truth = torch.logit(target.clamp(1e-3, 1 - 1e-3))
    values = [float(loss(truth * quality, target)[0]) for quality in (1.0, 0.5, 0.0, -1.0)]
    assert values == sorted(values)


def test_weights_and_names_are_kept(target):
    logits = torch.randn_like(target)
    total, parts = MattingLoss({"l1": 2.0, "dice": 0.5})(logits, target)
    assert set(parts) == {"l1", "dice"}
    assert float(total) == pytest.approx(2 * float(parts["l1"]) + 0.5 * float(parts["dice"]))
    assert float(parts["l1"]) == pytest.approx(float((logits.sigmoid() - target).abs().mean()))


def test_band_is_around_the_edge_only():
    step = torch.zeros(1, 1, 20, 20)
    step[..., 10:] = 1
    band = boundary_band(step, cell=2)[0, 0, 10]
    assert band.tolist() == [0.0] * 8 + [1.0] * 4 + [0.0] * 8


def test_boundary_weight_makes_edge_errors_dearer():
    target = torch.zeros(1, 1, 40, 40)
    target[..., 20:] = 1
    at_edge, far = torch.logit(target.clamp(0.01, 0.99)), torch.logit(target.clamp(0.01, 0.99))
    at_edge[..., 20] = 0
    far[..., 35] = 0
    loss = MattingLoss({"l1": 1.0}, boundary_weight=3.0)
    assert float(loss(at_edge, target)[0]) > 1.5 * float(loss(far, target)[0])


def test_soft_iou_by_hand():
    pha = torch.tensor([[[[0.9, 0.8, 0.1, 0.2]]]])
    target = torch.tensor([[[[1.0, 0.0, 1.0, 0.0]]]])
    assert soft_iou(pha, target) == pytest.approx(1 / 3, abs=1e-5)
    assert soft_iou(torch.zeros(1, 1, 2, 2), torch.zeros(1, 1, 2, 2)) == pytest.approx(1)
