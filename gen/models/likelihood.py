"""The loss: what a model's predictions cost, in nats, without a float32 copy of all its logits."""

import torch
import torch.nn.functional as F

from gen.compiled import loss
from gen.compiled.threads import fit

ROWS = 1024  # of logits at a time, what a core's cache holds


def cross_entropy(logits, y):
    """Return the sum over targets of -log p(y), a scalar, for logits (B, T, L) and y (B, T), -1 where there is none.

    It is computed in float32 (float64 for float64 logits), and so is its gradient, a block of rows after the other.
    """
    return cross_entropies(logits, y)[0]


def cross_entropies(logits, y):
    """Return the same, and of what it is the sum: -log p(y) of each target (B, T), which has no gradient."""
    return (loss.CrossEntropy if fit(logits) else CrossEntropy).apply(logits, y)


class CrossEntropy(torch.autograd.Function):
    """The gradient is softmax(logits) - onehot(y), made in the same pass and kept in the logits' own type."""

    @staticmethod
    def forward(ctx, logits, y):
        exact = torch.promote_types(logits.dtype, torch.float32)
        gradient = torch.empty_like(logits) if ctx.needs_input_grad[0] else None
        each = torch.empty(y.shape, dtype=exact, device=logits.device)
        nats = each.view(-1).split(ROWS)
        rows, targets = logits.flatten(0, -2).split(ROWS), y.flatten().split(ROWS)
        made = gradient.flatten(0, -2).split(ROWS) if gradient is not None else [None] * len(rows)
        for row, target, out, cost in zip(rows, targets, made, nats, strict=True):
            log_p = F.log_softmax(row, -1, dtype=exact)
            cost.copy_(F.nll_loss(log_p, target, reduction="none", ignore_index=-1))
            if out is not None:
                counts = (target >= 0).to(exact).unsqueeze(1)
                p = log_p.exp_().mul_(counts)
                out.copy_(p.scatter_add_(1, target.clamp(0).unsqueeze(1), -counts))
        ctx.save_for_backward(gradient)
        ctx.mark_non_differentiable(each)
        return each.sum(), each

    @staticmethod
    def backward(ctx, outer, _):
        (gradient,) = ctx.saved_tensors
        return gradient * outer, None
