import numpy as np
import pytest
from skimage.data import astronaut

from benchmarks.peers import PEERS, load_peer
from benchmarks.peers.networks import Modnet, Rvm, Selfie, SelfieMulticlass, U2net
from pocketmatte.errors import PocketmatteError


class Recorder:
    """Stands in for a peer's file: keeps its inputs, answers with `answer(*inputs)`."""

    size = (256, 256)

    def __init__(self, answer):
        self.answer = answer

    def __call__(self, *inputs):
        self.inputs = inputs
        return self.answer(*inputs)


def make(network, answer):
    made = network.__new__(network)
    made.file = Recorder(answer)
    return made


@pytest.fixture(scope="module")
def image():
    return astronaut()[:384]


def test_selfie_sees_rgb_from_zero_to_one(image):
    peer = make(Selfie, lambda x: [x[..., :1]])
    alpha = peer.alpha(image)
    (batch,) = peer.file.inputs
    assert batch.shape == (1, 256, 256, 3) and batch.dtype == np.float32
    assert 0 <= batch.min() < 0.1 and 0.9 < batch.max() <= 1
    # then: the answer is the red channel, back at the picture's size
    assert alpha.shape == (384, 512) and alpha.dtype == np.float32
    assert np.abs(alpha - image[..., 0] / 255).mean() < 0.05


def test_multiclass_takes_everything_but_background_for_person(image):
    scores = np.zeros((1, 256, 256, 6), np.float32)
    scores[..., 0] = np.log(5)
    peer = make(SelfieMulticlass, lambda x: [scores])
    assert peer.alpha(image) == pytest.approx(0.5, abs=1e-6)
    (batch,) = peer.file.inputs
    assert -1 <= batch.min() < -0.9 and 0.9 < batch.max() <= 1


@pytest.mark.parametrize(
    ("size", "expected"),
    [((768, 576), (672, 512)), ((300, 400), (512, 672))],
)
def test_modnet_sees_a_short_side_of_512_in_multiples_of_32(size, expected):
    peer = make(Modnet, lambda x: [x[:, :1]])
    (batch,) = peer.prepare(np.full((*size, 3), 255, np.uint8))
    assert batch.shape == (1, 3, *expected)
    assert batch.min() == batch.max() == 1


def test_rvm_starts_every_picture_with_an_empty_memory(image):
    peer = make(Rvm, lambda src, *rest: [src, src[:, 1:2]])
    alpha = peer.alpha(image)
    source, *memory, ratio = peer.file.inputs
    assert source.shape == (1, 3, 384, 512) and ratio.tolist() == [1.0]
    assert len(memory) == 4 and not any(part.any() for part in memory)
    assert np.array_equal(alpha, image[..., 1].astype(np.float32) / 255)
    assert peer.prepare(np.zeros((2048, 1024, 3), np.uint8))[-1].tolist() == [0.25]


def test_u2net_is_stretched_as_rembg_does(image):
    peer = make(U2net, lambda x: [np.clip(x[:, :1] * 0 + np.linspace(0.2, 0.4, 320), 0, 1)])
    alpha = peer.alpha(image)
    assert alpha.min() == pytest.approx(0, abs=1e-6) and alpha.max() == pytest.approx(1, abs=1e-6)
    assert peer.file.inputs[0].shape == (1, 3, 320, 320)
    assert np.isfinite(peer.prepare(np.zeros((40, 40, 3), np.uint8))[0]).all()


def test_rows_are_complete():
    for name, spec in PEERS.items():
        assert spec.name == name and spec.licence and spec.parameters > 0
        assert len(spec.sha256) == 64 and spec.package.startswith(("npm:", "pypi:"))


def test_an_unknown_peer_is_told():
    with pytest.raises(PocketmatteError, match="mediapipe-general"):
        load_peer("nobody")
