"""The past heard through noise: what a model hears in training is then as imperfect as what it will make itself.

Else a model that is told where sound goes trusts a past that is always right, and once a take has strayed it stays
astray. LPCNet is trained so (Valin & Skoglund 2019, arXiv 1810.11846, section 3.4), with noise as here.
"""

import torch

SPAN = 1024  # symbols after which the deviation is another, at most
LEVELS = 256  # whose steps the deviations of LPCNet's training are in


def noisy(x, noise: float, levels: int):
    """Return symbols (B, T) of mu-law with `levels` as heard through Laplacian noise; targets stay as they are.

    Its deviation, in steps of 256 levels, is `noise` times that of LPCNet's training: |1.5 ln(1e-4 + u) + 0.5 ln(1e-4 +
    v)| with u and v uniform, drawn anew for each stream and SPAN. The numbers come from torch's own generator.
    """
    if not noise:
        return x
    streams, length = x.shape
    u, v = torch.rand(2, streams, -(-length // SPAN))
    deviation = noise * levels / LEVELS * (1.5 * torch.log(1e-4 + u) + 0.5 * torch.log(1e-4 + v)).abs()
    unit = torch.distributions.Laplace(0.0, 0.5**0.5).sample(x.shape)
    steps = unit * deviation.repeat_interleave(SPAN, 1)[:, :length]
    return (x + steps.round().long()).clamp(0, levels - 1)
