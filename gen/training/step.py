"""One step of training: forward through a window, its loss, backward, the weights moved. All else is book-keeping."""

import torch

from gen.base.ranks import Ranks
from gen.models.base import detach, reset
from gen.models.likelihood import cross_entropy

ALONE = Ranks()


def train_step(net, optimizers, batch, state, autocast, clip: float = 1.0, group: Ranks = ALONE):
    """Train `net` on one window; return its loss in nats, the sum over its targets (a scalar), and the state after it.

    `batch` is a `gen.corpus.windows.Window` of B lanes and T symbols. The state is carried in from the window before
    and cut off from how it came to be: truncated back-propagation through time (Williams & Peng 1990, Neural
    Computation 2).
    Where a lane begins a recording it begins anew. The gradient is that of the mean loss over the targets of all ranks,
    clipped to norm `clip`.
    """
    device = next(net.parameters()).device
    x, y, rows, labels = (part.to(device) for part in batch[:4])
    with autocast:
        logits, state = net(x, reset(net, detach(state), rows, labels))
    loss = cross_entropy(logits, y)
    for each in optimizers:
        each.zero_grad()
    (loss / batch.targets).backward()  # `targets` are those of all ranks
    parameters = list(net.parameters())
    group.sum_gradients(parameters)
    torch.nn.utils.clip_grad_norm_(parameters, clip)
    for each in optimizers:
        each.step()
    return loss.detach(), state
