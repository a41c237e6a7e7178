"""What a training says it cost."""

import torch

from pocketmatte.training.cost import training_cost

ROWS = [{"seconds": 36.0}, {"pictures": 640, "seconds": 1764.0}]


def test_a_cost_counts_pictures_and_hours_and_keeps_what_came_before():
    cost = training_cost(ROWS, "cpu", 2, [{"pictures": 7}])
    assert (cost["pictures"], cost["hours"], cost["processes"]) == (640, 0.5, 2)
    assert cost["before"] == [{"pictures": 7}]
    assert cost["machine"]["cpu"] and "gpu" not in cost["machine"]


def test_a_cost_names_its_gpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: f"card of {device}")
    assert training_cost(ROWS, "cuda:1", 1, [])["machine"]["gpu"] == "card of cuda:1"
