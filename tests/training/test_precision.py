"""Precision: the types a network computes in, and the scaled loss of float16."""

import pytest
import torch

from pocketmatte.errors import PocketmatteError
from pocketmatte.training.precision import Precision

CPU = torch.device("cpu")


@pytest.mark.parametrize(
    ("name", "wanted"),
    [("fp32", torch.float32), ("bf16", torch.bfloat16), ("fp16", torch.float16)],
)
def test_the_network_computes_in_that_type_and_learns(name, wanted):
    torch.manual_seed(0)
    layer, precision = torch.nn.Conv2d(3, 4, 3), Precision(name, CPU)
    optimizer = torch.optim.AdamW(layer.parameters(), lr=0.05)
    src, losses = torch.randn(2, 3, 8, 8), []
    for _ in range(30):
        with precision.autocast():
            out = layer(src)
        assert out.dtype == wanted
        loss = (out.float() - 1).square().mean()
        losses.append(float(loss.detach()))
        precision.step(loss, optimizer, 1.0)
    assert losses[-1] < 0.5 * losses[0]
    assert layer.weight.dtype == torch.float32


def test_float16_keeps_gradients_that_would_vanish():
    """1e-8 is zero in float16; scaled by 65,536 it is not."""
    steps = {}
    for name in ("fp16", "fp32"):
        weight = torch.nn.Parameter(torch.ones(4))
        precision, optimizer = Precision(name, CPU), torch.optim.SGD([weight], lr=1e6)
        loss = (weight.half().float() * 1e-8).sum() if name == "fp16" else (weight * 1e-8).sum()
        precision.step(loss, optimizer, 1.0)
        steps[name] = 1 - weight.detach()
    assert torch.tensor(1e-8).half() == 0
    assert torch.allclose(steps["fp16"], steps["fp32"], rtol=0.02) and steps["fp16"].min() > 0


def test_a_step_whose_gradients_overflow_is_left_out_and_the_scale_halved():
    weight = torch.nn.Parameter(torch.ones(1))
    precision, optimizer = Precision("fp16", CPU), torch.optim.SGD([weight], lr=1.0)
    scale = precision.state()["scale"]
    precision.step((weight * float("inf")).sum(), optimizer, 1.0)
    assert weight.item() == 1 and precision.state()["scale"] == scale / 2
    # and a training that resumes goes on with that scale
    again = Precision("fp16", CPU)
    again.restore(precision.state())
    assert again.state() == precision.state()


def test_gradients_are_clipped_after_the_scale_is_taken_off():
    weight = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([weight], lr=1.0)
    Precision("fp16", CPU).step((weight * 100).sum(), optimizer, 0.5)
    assert weight.item() == pytest.approx(-0.5, rel=1e-3)


def test_unknown_precisions_are_refused():
    with pytest.raises(PocketmatteError, match="unknown precision 'int4'; use fp32, bf16, fp16"):
        Precision("int4", CPU)
