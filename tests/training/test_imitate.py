"""A narrow network that learns a wider one's landmarks."""

import numpy as np
import pytest
import torch

from pocketmatte.errors import PocketmatteError
from pocketmatte.models import create_model
from pocketmatte.models.checkpoint import load_checkpoint
from pocketmatte.training.imitate import Answers, Imitation
from pocketmatte.training.loop import train
from pocketmatte.training.recipe import Recipe
from pocketmatte.training.start import initialise

THIN = {"local": [32, 48], "hidden": [16, 64, 64, 64, 32, 32, 128, 48, 48, 48, 48]}


@pytest.fixture
def people(astronaut):
    crops = [astronaut[y : y + 300, x : x + 260] for y in (0, 150) for x in (0, 120, 240)]
    return [np.dstack([crop, np.full(crop.shape[:2], 255, np.uint8)]) for crop in crops]


def recipe(**fields):
    start = dict(architecture="selfie_mixer", options=THIN, mean=(0.5,) * 3, std=(0.5,) * 3)
    return Recipe(**start, **fields)


def test_a_network_is_no_step_away_from_itself():
    network = load_checkpoint("best").network()
    imitation = Imitation(network, "best", "cpu")
    src = torch.rand(1, 3, 64, 48) * 2 - 1
    network(src)
    assert imitation(src).item() < 1e-9


def test_a_start_by_regression_is_nearer_and_steps_bring_it_nearer(people):
    thin, blind = (create_model("selfie_mixer", **THIN) for _ in range(2))
    initialise(thin, recipe(pretrained="best"), people)
    src = torch.from_numpy(people[1][:64, :96, :3] / 127.5 - 1).float().movedim(-1, 0)[None]
    distances = []
    for network in (blind, thin):
        imitation = Imitation(network, "best", "cpu")
        network(src)
        distances.append(imitation(src).item())
    assert distances[1] < 0.5 * distances[0]
    optimizer = torch.optim.Adam(thin.parameters(), 3e-5)
    for _ in range(12):
        optimizer.zero_grad()
        thin(src)
        loss = imitation(src)
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.8 * distances[1]


def test_training_with_a_teacher_logs_the_distance(data_folder, tmp_path):
    short = dict(train_splits=["train"], epochs=1, batch=4, resolution=[(0.0, 48)], workers=0)
    taught = recipe(pretrained="best", teacher="best", learning_rate=1e-4, **short)
    train(taught, data_folder, tmp_path)
    rows = (tmp_path / "history.csv").read_text().splitlines()
    assert "loss_teacher" in rows[0].split(",")
    assert load_checkpoint(tmp_path / "best.pt").options == THIN


def test_only_a_network_of_its_kind_can_teach():
    network = create_model("selfie_unet")
    with pytest.raises(PocketmatteError, match="teacher 'best' is a SelfieMixer, the network a"):
        Imitation(network, "best", "cpu")


@pytest.mark.parametrize("share", [1.0, 0.25])
def test_labels_are_shared_between_teacher_and_data(share):
    src, pha = torch.rand(2, 3, 64, 48), torch.rand(2, 1, 64, 48)
    answers = Answers(create_model("selfie_unet"), "best", share, torch.device("cpu"))
    with torch.no_grad():
        answer = load_checkpoint("best").network()(src * 2 - 1).sigmoid()
    label = answers(src, pha)
    assert torch.allclose(label, share * answer + (1 - share) * pha, atol=1e-5)
    assert not label.requires_grad


def test_a_network_learns_the_answers_of_a_teacher_of_another_kind(data_folder, tmp_path):
    taught = Recipe(
        architecture="selfie_unet",
        pretrained="fast",
        teacher="best",
        imitation=0,
        answers=1.0,
        mean=(0,) * 3,
        std=(1,) * 3,
        learning_rate=1e-3,
        warmup=0,
        ema=0.5,
        precision="fp32",
        epochs=6,
        batch=4,
        resolution=[(0.0, 64)],
        workers=0,
        train_splits=["train"],
    )
    rows = train(taught, data_folder, tmp_path).rows
    assert rows[-1]["loss"] < 0.9 * rows[1]["loss"]


def test_a_teacher_must_take_the_views():
    network = create_model("munet_mnv2_050_deconv")
    network.stride = 24
    with pytest.raises(PocketmatteError, match="'best' takes multiples of 16 pixels, the network"):
        Answers(network, "best", 0.5, torch.device("cpu"))
