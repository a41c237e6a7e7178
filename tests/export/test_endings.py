"""Flat and packed outputs hold what alpha holds, in every format that runs here."""

import numpy as np
import pytest

from pocketmatte.errors import PocketmatteError
from pocketmatte.export.export import export
from pocketmatte.export.proof import run_network
from pocketmatte.matting.pipeline import load_model
from pocketmatte.matting.preprocess import shrink, to_batch
from pocketmatte.mobile.bitpack import unpack_mask
from pocketmatte.runtimes import open_runtime

SIZE = (128, 96)


@pytest.fixture(scope="module")
def batch(released, astronaut):
    card = released.card()
    return to_batch(shrink(astronaut, SIZE), np.float32(card.mean), np.float32(card.std))


@pytest.mark.parametrize("to", ["onnx", "openvino", "litert"])
@pytest.mark.parametrize("size", [None, SIZE])
class TestEndings:
    def export(self, released, tmp_path, to, size, output, **options):
        if to == "openvino":
            pytest.importorskip("openvino")
        if to == "litert":
            pytest.importorskip("litert_torch", reason="the litert extra is not installed")
            size = SIZE
        return export(released, tmp_path, to, size=size, output=output, **options)

    def test_flat_is_alpha_in_one_row(self, released, batch, tmp_path, to, size):
        card = self.export(released, tmp_path, to, size, "flat")
        alpha = open_runtime(tmp_path / card.file)(batch)
        expected = run_network(released.network(), batch)
        assert alpha.shape == (SIZE[0] * SIZE[1],)
        assert np.abs(alpha - expected.ravel()).max() < 1e-4

    def test_packed_is_the_mask_of_alpha(self, released, batch, tmp_path, to, size):
        card = self.export(released, tmp_path, to, size, "packed", bits=8)
        packed = open_runtime(tmp_path / card.file)(batch)
        expected = run_network(released.network(), batch)
        assert packed.size == SIZE[0] * SIZE[1] // 8 and card.parity["mask_iou"] > 0.999
        mask = unpack_mask(packed, SIZE[1], bits=8)
        sure = np.abs(expected - 0.5) > 1e-4
        assert np.array_equal(mask[sure], (expected > 0.5)[sure]) and mask.any() and not mask.all()


def test_the_pipeline_reads_flat_files_and_refuses_packed_ones(released, astronaut, tmp_path):
    flat = export(released, tmp_path, output="flat")
    assert load_model(tmp_path / flat.file).alpha(astronaut).shape == astronaut.shape[:2]
    packed = export(released, tmp_path, output="packed")
    with pytest.raises(PocketmatteError, match="packed mask bits, no alpha"):
        load_model(tmp_path / packed.file)
