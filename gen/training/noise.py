"""The past heard through noise: what a model hears in training is then as imperfect as what it will make itself.

Else a model that is told where sound goes trusts a past that is always right, and once a take has strayed it stays
astray. LPCNet is trained so (Valin & Skoglund 2019, arXiv 1810.11846, section 3.4), with noise as here.
"""

import numpy as np
import torch

SPAN = 1024  # symbols after which the deviation is another, at most
LEVELS = 256  # whose steps the deviations of LPCNet's training are in


class Noisy:
    """Symbols (B, T) of mu-law, with `levels`, as they are heard at a step through Laplacian noise.

    Its deviation, in steps of 256 levels, is `noise` times that of LPCNet's training: |1.5 ln(1e-4 + u) + 0.5 ln(1e-4 +
    v)| with u and v uniform, drawn anew for each stream and SPAN. The numbers depend on `seed` and the step alone: of
    several ranks each hears in its lanes, `mine` of all `lanes`, what one would, and so does a training that goes on.
    """

    def __init__(self, noise: float, levels: int, seed: int, lanes: int, mine: range):
        self.noise, self.levels, self.seed, self.lanes, self.mine = noise, levels, seed, lanes, mine

    def __call__(self, x, step: int):
        """Return what is heard of x (B, T), the rows `mine`, at a step."""
        if not self.noise:
            return x
        chance = torch.Generator()
        chance.manual_seed(
            int(np.random.SeedSequence([self.seed, step]).generate_state(1, np.uint64)[0] >> np.uint64(1))
        )
        u, v = torch.rand(2, self.lanes, -(-x.shape[1] // SPAN), generator=chance)
        deviation = self.noise * self.levels / LEVELS * (1.5 * torch.log(1e-4 + u) + 0.5 * torch.log(1e-4 + v)).abs()
        share = 2 * torch.rand(self.lanes, x.shape[1], generator=chance) - 1  # of a distribution: its inverse is
        unit = -(0.5**0.5) * share.sign() * torch.log1p(-share.abs().clamp(max=1 - 1e-6))
        steps = (unit * deviation.repeat_interleave(SPAN, 1)[:, : x.shape[1]]).round().long()
        return (x + steps[self.mine.start : self.mine.stop]).clamp(0, self.levels - 1)
