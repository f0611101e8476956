"""What learns: a model, the average of its weights over time, and what moves them."""

import copy

import torch

from gen.training import optimizers

SLOWEST = 0.999  # share of the average that a step leaves as it is


class Learner:
    """A model `net`; the moving `average` of its weights, which is what is scored and shipped; its `optimizers`."""

    def __init__(self, net, optimizer: str, learning_rate: float):
        self.net = net
        self.average = copy.deepcopy(net).eval().requires_grad_(False)
        self.optimizers = optimizers.build(optimizer, net, learning_rate)
        self.moving, self.weights = list(self.average.parameters()), list(net.parameters())

    def set_learning_rate(self, rate: float):
        """Let the next step move the weights at a learning rate."""
        for each in self.optimizers:
            each.param_groups[0]["lr"] = rate

    def follow(self, step: int):
        """Move the average towards the weights after `step`, ever slower."""
        kept = min(SLOWEST, (1 + step) / (10 + step))
        torch._foreach_lerp_(self.moving, self.weights, 1 - kept)
