import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pocketmatte.errors import PocketmatteError
from pocketmatte.mobile.bitpack import pack_mask, packing_kernel, unpack_mask


def all_patterns() -> np.ndarray:
    """Every row of sixteen bits, bool [65536, 16]."""
    numbers = np.arange(1 << 16)
    return (numbers[:, None] >> np.arange(16) & 1).astype(bool)


def test_the_kernel_is_the_studys():
    assert packing_kernel().reshape(-1).tolist() == [2.0**power for power in range(-8, 8)]
    assert packing_kernel().dtype == np.float32


def test_every_pattern_of_sixteen_bits_survives():
    patterns = all_patterns()
    # given the sums as a float32 convolution makes them, in any order of addition
    kernel = packing_kernel().reshape(16)
    sums = patterns.astype(np.float32) @ kernel
    backwards = np.zeros(1 << 16, np.float32)
    for bit in reversed(range(16)):
        backwards += patterns[:, bit] * kernel[bit]
    # then they are distinct, exact, and taken apart without loss
    assert np.unique(sums).size == 1 << 16
    assert np.array_equal(sums, backwards)
    assert np.array_equal(sums, pack_mask(patterns)[:, 0])
    assert np.array_equal(unpack_mask(sums[:, None]), patterns)


def test_every_pattern_of_eight_bits_survives_half_precision():
    patterns = all_patterns()[:256, :8]
    sums = pack_mask(patterns, bits=8).astype(np.float16)
    assert np.array_equal(unpack_mask(sums, bits=8), patterns)


@settings(deadline=None)
@given(arrays(bool, st.tuples(st.integers(1, 20), st.integers(1, 70))), st.sampled_from([8, 16]))
def test_any_width_survives(mask, bits):
    packed = pack_mask(mask, bits)
    assert packed.shape == (mask.shape[0], -(-mask.shape[1] // bits))
    assert np.array_equal(unpack_mask(packed, mask.shape[1], bits), mask)


def test_a_networks_leading_axes_are_taken():
    mask = np.eye(16, dtype=bool)
    assert np.array_equal(unpack_mask(pack_mask(mask)[None, None]), mask)


def test_sums_that_half_precision_rounded_are_refused():
    packed = pack_mask(all_patterns()).astype(np.float16)
    with pytest.raises(PocketmatteError, match="fp16 rounds"):
        unpack_mask(packed)


@pytest.mark.parametrize("value", [np.nan, np.inf, -1.0, 256.0, 1e9, 2.0**-9])
def test_values_that_no_mask_packs_to_are_refused(value):
    with pytest.raises(PocketmatteError, match="no sums of 16"):
        unpack_mask(np.full((2, 2), value, np.float32))


def test_eight_bits_have_no_room_for_more():
    with pytest.raises(PocketmatteError, match="no sums of 8"):
        unpack_mask(np.full((1, 1), 16.0, np.float32), bits=8)


@pytest.mark.parametrize("width", [0, 16, 33])
def test_a_width_that_does_not_fit_is_refused(width):
    with pytest.raises(PocketmatteError, match="width"):
        unpack_mask(np.zeros((4, 2), np.float32), width)


def test_other_numbers_of_bits_are_refused():
    with pytest.raises(PocketmatteError, match="take 8 or 16"):
        pack_mask(np.zeros((4, 4), bool), bits=12)


def test_decoding_costs_far_less_than_the_copy_it_saves():
    # given the study's mask of 256x256, whose copy cost 10 ms more when not packed
    from time import perf_counter

    packed = pack_mask(np.random.default_rng(0).random((256, 256)) > 0.5)
    best = float("inf")
    for _ in range(20):
        start = perf_counter()
        unpack_mask(packed)
        best = min(best, perf_counter() - start)
    assert best < 1e-3
