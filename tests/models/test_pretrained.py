"""The ImageNet start: right layers, sensible channel subsets, a refit that helps."""

import pytest
import torch

from pocketmatte.errors import PocketmatteError
from pocketmatte.models.encoders import mobilenet_v2
from pocketmatte.models.pretrained import load_imagenet


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """A file with the published names and shapes; filters of unequal energy, as trained ones."""
    torch.manual_seed(0)
    full = mobilenet_v2()
    state = {}
    for index, block in enumerate([full.stem, *full.blocks]):
        pairs = [
            m
            for m in block.modules()
            if isinstance(m, torch.nn.Sequential)
            and isinstance(m[-1 if len(m) == 2 else 1], torch.nn.BatchNorm2d)
        ]
        for step, (conv, bn, *_) in enumerate(pairs):
            bn.weight.data = torch.rand_like(bn.weight) ** 3 + 0.01
            bn.bias.data = 0.2 * torch.randn_like(bn.bias)
            last = index > 0 and step == len(pairs) - 1
            stem = f"features.{index}."
            name = stem + ("" if index == 0 else f"conv.{step}." if not last else "")
            conv_name = f"{stem}conv.{step}." if last else name + "0."
            bn_name = f"{stem}conv.{step + 1}." if last else name + "1."
            state[conv_name + "weight"] = conv.weight.data
            state |= {bn_name + key: value for key, value in bn.state_dict().items()}
    path = tmp_path_factory.mktemp("weights") / "mobilenet_v2.pth"
    torch.save(state, path)
    return path, full.eval()


def test_full_width_takes_every_weight(published):
    path, full = published
    encoder = mobilenet_v2()
    load_imagenet(encoder, path)
    src = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        for ours, theirs in zip(encoder.eval()(src), full(src), strict=True):
            assert torch.allclose(ours, theirs, atol=1e-5)


@pytest.mark.parametrize("options", [{"width": 0.5}, {"expansion": 3}, {"depth": 14}])
def test_narrower_encoders_take_a_subset(published, options):
    path, full = published
    encoder = mobilenet_v2(**options)
    before = {key: value.clone() for key, value in encoder.state_dict().items()}
    load_imagenet(encoder, path)
    changed = [k for k, v in encoder.state_dict().items() if not torch.equal(v, before[k])]
    assert {k for k in before if k.endswith("0.weight")} <= set(changed)
    kernels = {tuple(k.flatten().tolist()) for k in full.stem[0].weight.data}
    assert all(tuple(k.flatten().tolist()) in kernels for k in encoder.stem[0].weight.data)


def test_refit_brings_a_thin_encoder_nearer_to_the_full_one(published):
    path, full = published
    torch.manual_seed(1)
    pictures, others = torch.randn(8, 3, 64, 64), torch.randn(4, 3, 64, 64)
    errors = []
    for given in (None, pictures):
        encoder = mobilenet_v2(expansion=3, depth=16)
        load_imagenet(encoder, path, pictures=given)
        with torch.no_grad():
            ours, theirs = encoder.eval()(others)[3], full(others)[3]
        errors.append(float((ours - theirs).square().mean() / theirs.var()))
    assert errors[1] < 0.8 * errors[0]


def test_refit_keeps_a_full_encoder_as_it_is(published):
    path, full = published
    encoder, src = mobilenet_v2(), torch.randn(4, 3, 64, 64)
    load_imagenet(encoder, path, pictures=src)
    with torch.no_grad():
        ours, theirs = encoder.eval()(src)[2], full(src)[2]
    assert torch.nn.functional.cosine_similarity(ours.flatten(), theirs.flatten(), dim=0) > 0.99


def test_missing_and_foreign_files_are_refused(tmp_path):
    with pytest.raises(PocketmatteError, match="no such weights file"):
        load_imagenet(mobilenet_v2(), tmp_path / "none.pth")
    torch.save({"a": torch.zeros(1)}, tmp_path / "other.pth")
    with pytest.raises(PocketmatteError, match="not torchvision's MobileNetV2"):
        load_imagenet(mobilenet_v2(), tmp_path / "other.pth")
