"""Copies are found though re-sized, re-compressed or mirrored; strangers are not."""

import cv2
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from pocketmatte.data.near_duplicates import (
    Fingerprint,
    fingerprint,
    groups,
    hamming,
    near_duplicates,
)


def scene(seed):
    rng = np.random.default_rng(seed)
    picture = cv2.resize(rng.integers(0, 256, (7, 6, 3)).astype(np.uint8), (180, 210))
    cv2.circle(picture, tuple(int(v) for v in rng.integers(40, 140, 2)), 35, (255, 200, 170), -1)
    return picture


def both(pictures):
    mirrored = [np.ascontiguousarray(p[:, ::-1]) for p in pictures]
    return [fingerprint(p) for p in pictures], [fingerprint(p) for p in mirrored]


def test_a_smaller_noisier_copy_is_found_among_strangers():
    # given 40 pictures, and a copy of one at half the size with JPEG blocks
    pictures = [scene(seed) for seed in range(40)]
    small = cv2.resize(pictures[17], None, None, 0.5, 0.55, cv2.INTER_AREA)
    code = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, 30])[1]
    pictures.append(cv2.imdecode(code, cv2.IMREAD_COLOR))
    # when near-duplicates are looked for
    pairs = near_duplicates(*both(pictures))
    # then it is the only pair
    assert [(p.first, p.second, p.mirrored) for p in pairs] == [(17, 40, False)]
    assert pairs[0].correlation > 0.97


def test_a_mirrored_copy_is_found_and_said_to_be_mirrored():
    pictures = [scene(seed) for seed in range(10)]
    pictures.append(np.ascontiguousarray(pictures[3][:, ::-1]))
    plain, mirrored = both(pictures)
    assert [(p.first, p.second, p.mirrored) for p in near_duplicates(plain, mirrored)] == [
        (3, 10, True)
    ]
    assert near_duplicates(plain) == []


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 60))
def test_the_fast_search_finds_what_comparing_all_pairs_finds(seed, count):
    # given random hashes, some of them near each other, all with the same thumbnail
    rng = np.random.default_rng(seed)
    hashes = rng.integers(0, 256, (count, 8)).astype(np.uint8)
    for index in range(1, count, 3):
        hashes[index] = hashes[index - 1]
        for bit in rng.integers(0, 64, rng.integers(0, 10)):
            hashes[index, bit // 8] ^= 1 << (bit % 8)
    thumb = np.ones(4, np.float16) / 2
    prints = [Fingerprint(h, h, thumb) for h in hashes]
    # when both searches run
    found = {(p.first, p.second) for p in near_duplicates(prints)}
    slow = {
        (a, b)
        for a in range(count)
        for b in range(a + 1, count)
        if hamming(hashes[a], hashes[b]) <= 7
    }
    # then they agree
    assert found == slow


def test_groups_join_chains():
    from pocketmatte.data.near_duplicates import Pair

    pairs = [Pair(0, 3, 1.0, False), Pair(3, 5, 1.0, False)]
    assert groups(6, pairs) == [[0, 3, 5], [1], [2], [4]]


def test_empty_and_single_collections_have_no_pairs():
    assert near_duplicates([]) == []
    assert near_duplicates([fingerprint(scene(0))]) == []
