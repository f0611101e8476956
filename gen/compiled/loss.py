"""Cross entropy of logits (Bridle 1990), and its gradient, each in one pass over them.

Legend: R rows, L levels.
"""

import numpy as np
import torch

from gen.compiled.elementary import ZERO, exp
from gen.compiled.numbers import larger, read, write
from gen.compiled.threads import shared


class CrossEntropy(torch.autograd.Function):
    """The gradient is softmax(logits) - onehot(y)."""

    @staticmethod
    def forward(ctx, logits, y):
        """Return the sum of -log p(y) and each of them (B, T), which has no gradient; y (B, T) is -1 for no target."""
        logits = logits.contiguous()
        rows = logits.flatten(0, -2)
        shape, real = y.shape, torch.promote_types(logits.dtype, torch.float32)
        y, each, norms = y.flatten(), torch.empty(shape, dtype=real), torch.empty(len(rows), dtype=real)
        cost(len(rows), rows, y, each.view(-1), norms)
        ctx.save_for_backward(logits, y, norms)
        ctx.mark_non_differentiable(each)
        return each.sum(), each

    @staticmethod
    def backward(ctx, outer, _):
        logits, y, norms = ctx.saved_tensors
        gradient = torch.empty_like(logits)
        cost_back(len(y), logits.flatten(0, -2), y, norms, outer.to(norms.dtype).view(1), gradient.flatten(0, -2))
        return gradient, None


@shared
def cost(begin, end, logits, y, each, norms):
    for r in range(begin, end):
        row = logits[r]
        most, mass = read(row, 0), ZERO
        for i in range(len(row)):
            most = larger(most, read(row, i))
        for i in range(len(row)):
            mass += exp(read(row, i) - most)
        norms[r] = most + np.log(mass)
        each[r] = norms[r] - read(row, y[r]) if y[r] >= 0 else ZERO


@shared
def cost_back(begin, end, logits, y, norms, outer, gradient):
    for r in range(begin, end):
        row, made, norm, scale = logits[r], gradient[r], norms[r], outer[0]
        if y[r] < 0:
            scale = ZERO * scale
        for i in range(len(row)):
            write(made, i, exp(read(row, i) - norm) * scale)
        if y[r] >= 0:
            write(made, y[r], (exp(read(row, y[r]) - norm) - 1) * scale)
