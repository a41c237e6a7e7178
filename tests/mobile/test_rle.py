import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pocketmatte.errors import PocketmatteError
from pocketmatte.mobile.rle import decode_runs, encode_runs


@settings(deadline=None)
@given(arrays(bool, st.tuples(st.integers(0, 12), st.integers(0, 12))))
def test_any_mask_survives(mask):
    assert np.array_equal(decode_runs(encode_runs(mask), mask.shape), mask)


def test_runs_start_with_false():
    assert encode_runs(np.array([[True, True, False]])).tolist() == [0, 2, 1]
    assert encode_runs(np.array([[False, True, True]])).tolist() == [1, 2]


def test_runs_of_another_size_are_refused():
    with pytest.raises(PocketmatteError, match="hold 4 pixels, not the 9"):
        decode_runs(np.array([1, 3]), (3, 3))
