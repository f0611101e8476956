"""One step of training: forward through a window, its loss, backward, the weights moved. All else is book-keeping."""

import torch

from gen.base.ranks import Ranks
from gen.models.base import detach, reset
from gen.models.likelihood import cross_entropies

ALONE = Ranks()


def train_step(net, optimizers, batch, state, autocast, clip: float = 1.0, group: Ranks = ALONE):
    """Train `net` on one window; return the nats of its recorded targets, the gradient's norm, and the state after it.

    The nats are a sum, the norm that before clipping, both scalars.

    `batch` is a `gen.corpus.windows.Window` of B lanes and T symbols. The state is carried in from the window before
    and cut off from how it came to be: truncated back-propagation through time (Williams & Peng 1990, Neural
    Computation 2). Where a lane begins a recording it begins anew. The gradient is that of the mean loss over the
    targets of all ranks, those of a tail's silence among them, clipped to norm `clip`.
    """
    device = next(net.parameters()).device
    x, y, rows, labels, recorded = (part.to(device) for part in batch[:5])
    control = None if batch.control is None else batch.control.to(device)
    with autocast:
        logits, state = net(x, reset(net, detach(state), rows, labels), control)
    loss, each = cross_entropies(logits, y)
    for optimizer in optimizers:
        optimizer.zero_grad()
    (loss / batch.targets).backward()  # `targets` are those of all ranks
    parameters = list(net.parameters())
    group.sum_gradients(parameters)
    norm = torch.nn.utils.clip_grad_norm_(parameters, clip)
    for optimizer in optimizers:
        optimizer.step()
    return (each * (torch.arange(y.shape[1], device=device) < recorded.unsqueeze(1))).sum(), norm, state
