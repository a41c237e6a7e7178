"""A harmoniser is trained, resumed exactly, and exported to a file that the filter runs."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from pocketmatte.filters.harmonize import harmonize  # noqa: E402
from pocketmatte.models import create_model  # noqa: E402
from pocketmatte.models.checkpoint import load_checkpoint  # noqa: E402
from pocketmatte.training.harmonize import HarmonyTrainer  # noqa: E402
from pocketmatte.training.harmonize_loss import apply_proposals, mismatch_loss  # noqa: E402
from pocketmatte.training.loop import train  # noqa: E402
from pocketmatte.training.recipe import Recipe  # noqa: E402


def recipe(**changes):
    values = dict(
        name="tiny",
        architecture="pocket_harmonizer",
        options={"widths": [8, 8, 16], "context": 16},
        pretrained=None,
        resolution=[(0.0, 32)],
        mean=(0, 0, 0),
        std=(1, 1, 1),
        epochs=2,
        batch=8,
        workers=0,
        threads=1,
        warmup=0,
    )
    return Recipe(**(values | changes))


@pytest.fixture(scope="module")
def finished(data_folder, tmp_path_factory):
    out = tmp_path_factory.mktemp("harmony")
    train(recipe(), data_folder, out)
    return out


def test_exports_what_the_filter_runs(finished, astronaut):
    assert (finished / "tiny.onnx").is_file() and (finished / "loss.png").is_file()
    alpha = np.zeros((512, 512), np.float32)
    alpha[200:, 100:400] = 1
    layers = astronaut, alpha, astronaut[::-1].copy()
    results = [
        harmonize(*layers, network=str(finished / f"tiny{suffix}"), strength=2).astype(int)
        for suffix in (".onnx", ".pt")
    ]
    assert np.abs(results[0] - results[1]).max() <= 1


def test_resuming_is_exact(finished, data_folder, tmp_path):
    first = HarmonyTrainer(recipe(epochs=2), data_folder, tmp_path)
    first.recipe.epochs = 1
    first.run()
    second = HarmonyTrainer(recipe(epochs=2), data_folder, tmp_path)
    second.resume()
    second.run()
    whole, parts = (load_checkpoint(f / "last.pt").weights for f in (finished, tmp_path))
    assert all(torch.equal(whole[key], parts[key]) for key in whole)


def test_only_the_belief_is_trained_on_pairs_that_were_drawn_once(finished, data_folder, tmp_path):
    start = str(finished / "best.pt")
    values = dict(draws=3, freeze_norms=True, pretrained=start, epochs=3, learning_rate=0.02)
    trainer = HarmonyTrainer(recipe(**values), data_folder, tmp_path)
    trainer.run()
    before, after = (load_checkpoint(f).weights for f in (start, tmp_path / "last.pt"))
    moved = {key.split(".")[0] for key in after if not torch.equal(before[key], after[key])}
    assert moved == {"mismatch"}


def test_the_belief_is_taught_by_how_wrong_a_person_is():
    grey, alpha = torch.full((1, 3, 8, 8), 0.5), torch.ones(1, 1, 8, 8)
    sure, unsure = torch.full((1, 1, 1, 1), 3.0), torch.full((1, 1, 1, 1), -3.0)
    right = [float(mismatch_loss(logit, grey, grey, alpha)) for logit in (sure, unsure)]
    wrong = [float(mismatch_loss(logit, grey + 0.1, grey, alpha)) for logit in (sure, unsure)]
    assert right[0] > 2 > 0.1 > right[1] and wrong[1] > 2 > 0.1 > wrong[0]


def test_a_network_that_believes_in_a_match_changes_nothing():
    network = create_model("pocket_harmonizer", widths=[8, 8, 16], context=16).eval()
    torch.nn.init.ones_(network.whole.bias)
    layers = torch.rand(1, 8, 32, 32)
    assert network(layers).abs().max() > 0.05
    network.mismatch[-1].bias.data.fill_(-3)
    assert network(layers).abs().max() == 0


def test_a_fresh_network_changes_nothing():
    picture, alpha = torch.rand(2, 3, 16, 16), torch.ones(2, 1, 16, 16)
    assert torch.allclose(apply_proposals(torch.zeros(2, 24, 2, 2), picture, alpha), picture)
