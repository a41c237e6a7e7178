"""Experts: the mean of the members, each with its own normalisation."""

import torch

from pocketmatte.models import create_model
from pocketmatte.models.experts import IMAGENET


def test_logits_are_the_mean_of_the_members():
    torch.manual_seed(0)
    network = create_model("experts_best").eval()
    src = torch.rand(1, 3, 64, 96)
    first, second = (member.network for member in network.members)
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in IMAGENET)
    wanted = (first(src).clamp(-8, 8) + second((src - mean) / std).clamp(-8, 8)) / 2
    torch.testing.assert_close(network(src), wanted)


def test_a_member_cannot_shout_the_others_down():
    network = create_model("experts_best").eval()
    network.members[0].network.head.bias.data.fill_(1000.0)
    other = network.members[1](src := torch.rand(1, 3, 64, 64))
    torch.testing.assert_close(network(src), (8 + other) / 2)
