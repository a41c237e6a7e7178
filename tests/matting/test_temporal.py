import cv2
import numpy as np
import pytest

from pocketmatte.errors import PocketmatteError
from pocketmatte.matting import temporal
from pocketmatte.matting.temporal import TemporalFilter

SIZE = (72, 128)
ROWS, COLS = np.mgrid[: SIZE[0], : SIZE[1]]


def scene(seed=0):
    """A busy background: RGB uint8."""
    rng = np.random.default_rng(seed)
    blocks = rng.integers(0, 256, (9, 16, 3), dtype=np.uint8)
    return np.kron(blocks, np.ones((8, 8, 1), np.uint8))


def disc(x, y=36, radius=18):
    """True alpha of a disc with a soft edge."""
    distance = np.hypot(ROWS - y, COLS - x)
    return np.clip((radius - distance) / 3 + 0.5, 0, 1).astype(np.float32)


def shoot(alpha, rng, behind=None, person=(205, 160, 140), noise=3.0):
    behind = scene() if behind is None else behind
    image = alpha[..., None] * np.float32(person) + (1 - alpha[..., None]) * behind
    return np.clip(image + rng.normal(0, noise, image.shape), 0, 255).astype(np.uint8)


def jitter(alpha, rng, size=0.15):
    """What a network adds frame by frame: noise at the soft edge and specks."""
    edge = np.exp(-(((alpha - 0.5) / 0.45) ** 2))
    return np.clip(alpha + edge * rng.normal(0, size, alpha.shape), 0, 1).astype(np.float32)


def play(steady, path, truth=disc, **options):
    """Run the filter along positions; returns raw, steadied and true alphas."""
    rng = np.random.default_rng(1)
    raws, outs, truths = [], [], []
    for x in path:
        true = truth(x)
        raw = jitter(true, rng)
        raws.append(raw)
        outs.append(steady(raw, shoot(true, rng, **options)))
        truths.append(true)
    return np.array(raws), np.array(outs), np.array(truths)


@pytest.mark.parametrize("flow", [False, True])
class TestStill:
    def test_flicker_is_less_than_half(self, flow):
        raw, out, _ = play(TemporalFilter(flow=flow), [60] * 20)

        flicker = np.abs(np.diff(out[5:], axis=0)).mean()
        assert flicker < 0.3 * np.abs(np.diff(raw[5:], axis=0)).mean()

    def test_the_mean_error_falls_as_noise_averages_out(self, flow):
        raw, out, truth = play(TemporalFilter(flow=flow), [60] * 20)

        soft = (truth[8:] > 0.2) & (truth[8:] < 0.8)  # elsewhere clipping biases the noise
        before, after = np.abs(raw[8:] - truth[8:])[soft], np.abs(out[8:] - truth[8:])[soft]
        assert after.mean() < 0.6 * before.mean()

    def test_a_lasting_change_of_mind_is_followed(self, flow):
        steady = TemporalFilter(flow=flow)
        rng = np.random.default_rng(0)
        image = shoot(disc(60), rng, noise=0)
        steady(np.zeros(SIZE, np.float32), image)
        for _ in range(20):
            out = steady(disc(60), image)

        assert np.abs(out - disc(60)).max() < 0.06


@pytest.mark.parametrize("flow", [False, True])
@pytest.mark.parametrize("speed", [2, 4, 6])
class TestMoving:
    def test_nothing_trails_behind(self, flow, speed):
        path = 24 + speed * np.arange(12)
        raw, out, truth = play(TemporalFilter(flow=flow), path)

        moved = np.abs(np.diff(truth, axis=0)) > 0.05
        before = np.abs(raw - truth)[1:][moved].mean()
        after = np.abs(out - truth)[1:][moved].mean()
        assert after <= 1.02 * before

    def test_where_the_person_was_is_clear_at_once(self, flow, speed):
        path = 24 + speed * np.arange(12)
        raw, out, truth = play(TemporalFilter(flow=flow), path)

        left = (truth[:-2] > 0.9) & (truth[2:] < 0.1)
        assert (out - raw)[2:][left].mean() < 0.02


def test_flow_steadies_what_moves():
    path = 30 + 2 * np.arange(16)
    texture = scene(5)

    def run(flow):
        rng = np.random.default_rng(3)
        steady, errors = TemporalFilter(flow=flow), []
        for x in path:
            true = disc(x)
            person = np.roll(texture, int(x), axis=1)
            image = np.where(true[..., None] > 0.5, person, 90).astype(np.uint8)
            # a network that doubts the person's inside from frame to frame
            doubt = np.clip(true * rng.normal(0.9, 0.08, SIZE), 0, 1).astype(np.float32)
            inside = disc(x, radius=12) > 0.99
            out = steady(doubt, image)
            errors.append(out[inside].std())
        return np.mean(errors[4:])

    assert run(True) < 0.8 * run(False)


def test_a_steep_texture_that_moves_by_parts_of_a_pixel_is_followed(monkeypatch):
    texture = cv2.GaussianBlur(scene(5), (0, 0), 1)
    inside = disc(64, radius=12) > 0.99

    def share():
        steady = TemporalFilter()
        for index in range(4):
            place = np.float32([[1, 0, 2.6 * index], [0, 1, 0]])
            person = cv2.warpAffine(texture, place, SIZE[::-1], borderMode=cv2.BORDER_REFLECT)
            image = np.where(disc(64)[..., None] > 0.5, person, 90).astype(np.uint8)
            steady(disc(64), image)
        return steady.still[inside].mean()

    trusting = share()
    monkeypatch.setattr(temporal, "_FLOW_ERROR", 0.0)
    assert trusting > share() + 0.03


def test_what_is_left_of_a_mistake_is_soon_gone():
    steady = TemporalFilter()
    rng = np.random.default_rng(0)
    for _ in range(4):
        steady(np.maximum(disc(30), 0.9 * disc(100)), shoot(disc(30), rng))
    for _ in range(9):
        out = steady(disc(30), shoot(disc(30), rng))

    assert out[disc(100) > 0].max() < 0.02


def test_a_scene_cut_starts_afresh():
    steady = TemporalFilter()
    rng = np.random.default_rng(0)
    for _ in range(5):
        steady(disc(30), shoot(disc(30), rng))

    cut = disc(100)
    out = steady(cut, shoot(cut, rng, behind=scene(9)[:, ::-1]))

    assert np.array_equal(out, cut)


def test_a_new_size_starts_afresh():
    steady = TemporalFilter()
    steady(disc(30), shoot(disc(30), np.random.default_rng(0)))
    alpha = np.full((40, 50), 0.5, np.float32)

    assert np.array_equal(steady(alpha, np.zeros((40, 50, 3), np.uint8)), alpha)


def test_reset_forgets():
    steady = TemporalFilter()
    image = shoot(disc(30), np.random.default_rng(0))
    steady(disc(30), image)
    steady.reset()

    assert np.array_equal(steady(disc(50), image), disc(50))


def test_strength_zero_changes_nothing():
    raw, out, _ = play(TemporalFilter(0), [60] * 3)

    assert np.array_equal(raw, out)


def test_an_empty_room_stays_exactly_empty():
    steady = TemporalFilter()
    rng = np.random.default_rng(0)
    empty = np.zeros(SIZE, np.float32)
    for _ in range(5):
        assert not steady(empty, shoot(empty, rng)).any()


def test_results_stay_in_range_and_are_the_callers_own():
    steady = TemporalFilter()
    rng = np.random.default_rng(0)
    for x in (30, 31, 60, 61):
        out = steady(jitter(disc(x), rng, 0.6), shoot(disc(x), rng))
        assert out.dtype == np.float32 and out.min() >= 0 and out.max() <= 1
        out[:] = 7  # must not reach the filter's memory


def test_tiny_pictures_work():
    steady = TemporalFilter()
    alpha = np.ones((3, 2), np.float32)
    for _ in range(3):
        assert np.allclose(steady(alpha, np.zeros((3, 2, 3), np.uint8)), 1)


@pytest.mark.parametrize("strength", [-0.1, 1.0, 2])
def test_strengths_that_make_no_sense(strength):
    with pytest.raises(PocketmatteError, match="strength"):
        TemporalFilter(strength)


def test_sizes_must_agree():
    with pytest.raises(PocketmatteError, match="one size"):
        TemporalFilter()(np.zeros((4, 4), np.float32), np.zeros((5, 4, 3), np.uint8))
