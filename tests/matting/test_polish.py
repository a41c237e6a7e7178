import numpy as np

from pocketmatte.matting.polish import Past, Polish

SHAPE = (60, 90)
ALL = [(slice(0, 30), slice(0, 90)), (slice(30, 60), slice(0, 90))]


def edge(x):
    """A soft upright edge at column x."""
    ramp = np.clip((x - np.arange(SHAPE[1])) / 6 + 0.5, 0, 1)
    return np.tile(ramp, (SHAPE[0], 1)).astype(np.float32)


def noisy(alpha, rng):
    return np.clip(alpha + rng.normal(0, 0.05, alpha.shape), 0, 1).astype(np.float32)


def stillness(value):
    """Of a grid a third as large."""
    return Past(np.full((20, 30), value, np.float32))


def play(path, still, areas=ALL):
    rng, polish = np.random.default_rng(2), Polish()
    raws = [noisy(edge(x), rng) for x in path]
    return np.array(raws), np.array([polish(raw.copy(), still, areas) for raw in raws])


def test_takes_the_noise_of_refinement_out():
    raw, out = play([45] * 15, stillness(0.85))

    change = np.abs(np.diff(out[4:], axis=0)).mean()
    assert change < 0.3 * np.abs(np.diff(raw[4:], axis=0)).mean()
    soft = slice(44, 47)  # elsewhere clipping makes the noise one-sided
    error = np.abs(np.stack([raw[-1], out[-1]]) - edge(45))[:, :, soft].mean(axis=(1, 2))
    assert error[1] < 0.6 * error[0]


def test_what_moves_is_left_alone():
    raw, out = play(24 + 4 * np.arange(8), stillness(0.0))

    assert np.array_equal(raw, out)


def test_along_the_flow_what_moves_is_steadied_too():
    path = 24 + 4 * np.arange(10)
    flow = np.zeros((20, 30, 2), np.float32)
    flow[..., 0] = -4 / 3  # it was four pixels further left, in pixels of the grid

    raw, out = play(path, Past(stillness(0.85).still, flow))

    true = np.array([edge(x) for x in path])
    soft = (true > 0.2) & (true < 0.8)
    assert np.abs(out - true)[4:][soft[4:]].mean() < 0.6 * np.abs(raw - true)[4:][soft[4:]].mean()


def test_only_the_still_half_of_a_picture_is_steadied():
    still = stillness(0.85)
    still.still[:, 15:] = 0

    raw, out = play([45] * 6, still)

    assert np.array_equal(raw[:, :, 50:], out[:, :, 50:])
    assert np.abs(raw - out)[1:, :, :40].mean() > 0.005


def test_outside_the_rectangles_alpha_is_taken_as_it_is():
    raw, out = play([45] * 4, stillness(0.85), ALL[:1])

    assert np.array_equal(raw[:, 30:], out[:, 30:])
    assert not np.array_equal(raw[1:, :30], out[1:, :30])


def test_a_fresh_start_and_a_new_size_are_taken_as_they_are():
    rng, polish = np.random.default_rng(0), Polish()
    for alpha, still in (
        (noisy(edge(45), rng), stillness(0.85)),
        (noisy(edge(45), rng), None),
        (noisy(edge(45), rng)[:40], stillness(0.85)),
    ):
        assert np.array_equal(polish(alpha.copy(), still, [(slice(0, 30), slice(0, 90))]), alpha)
