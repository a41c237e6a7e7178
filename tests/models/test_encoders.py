"""Encoders: shapes at every width, and the published structure."""

import pytest
import torch

from pocketmatte.models.cost import count_parameters
from pocketmatte.models.encoders import mobilenet_v2, mobilenet_v3
from pocketmatte.models.layers import make_divisible

BUILDERS = [
    lambda width: mobilenet_v2(width),
    lambda width: mobilenet_v3("large", width),
    lambda width: mobilenet_v3("small", width),
]


@pytest.mark.parametrize("build", BUILDERS)
@pytest.mark.parametrize("width", [0.35, 0.5, 0.75, 1.0, 1.4])
@pytest.mark.parametrize("expanded", [False, True])
def test_five_maps_at_halving_sizes_with_the_promised_channels(build, width, expanded):
    encoder = build(width).eval()
    encoder.tap_expanded = expanded
    with torch.no_grad():
        features = encoder(torch.zeros(1, 3, 64, 96))
    assert [tuple(f.shape[2:]) for f in features] == [
        (64 >> level, 96 >> level) for level in range(1, 6)
    ]
    if not expanded:
        assert [f.shape[1] for f in features] == encoder.channels


def test_expanded_taps_have_the_promised_channels():
    encoder = mobilenet_v2(0.5, tap_expanded=True).eval()
    with torch.no_grad():
        features = encoder(torch.zeros(1, 3, 64, 64))
    assert [f.shape[1] for f in features] == encoder.channels == [48, 96, 96, 288, 160]


def test_mobilenet_v2_has_the_published_number_of_parameters():
    """3,504,872 in all (torchvision), less the 1280-channel layer and the classifier."""
    head = 320 * 1280 + 2 * 1280 + 1280 * 1000 + 1000
    assert count_parameters(mobilenet_v2()) == 3_504_872 - head


def test_mobilenet_v3_has_the_published_number_of_parameters():
    """torchvision's: 5,483,032 (large) and 2,542,856 (small), less last layer and classifier."""
    large_head = 160 * 960 + 2 * 960 + 960 * 1280 + 1280 + 1280 * 1000 + 1000
    small_head = 96 * 576 + 2 * 576 + 576 * 1024 + 1024 + 1024 * 1000 + 1000
    assert count_parameters(mobilenet_v3("large")) == 5_483_032 - large_head
    assert count_parameters(mobilenet_v3("small")) == 2_542_856 - small_head


@pytest.mark.parametrize(
    ("value", "rounded"), [(1, 8), (11, 16), (12, 16), (16 * 0.35, 8), (100, 104), (96, 96)]
)
def test_make_divisible_never_loses_more_than_a_tenth(value, rounded):
    assert make_divisible(value) == rounded
    assert make_divisible(value) >= 0.9 * value
