"""What moves the weights: AdamW, or Muon for a model's matrices beside it."""

import torch
from torch import nn

from gen.training.muon import Muon

NAMES = ("adamw", "muon")
DECAY = 0.01  # of the weights
NEWTON_SCHULZ_STEPS = 3  # with 5, as is usual, a training step takes a tenth longer and learns no more


def build(name: str, net, rate: float) -> list:
    """Return the optimizers of all parameters of `net`: AdamW, and for "muon" another of its matrices.

    Muon makes each matrix's update orthogonal (Jordan 2024, https://kellerjordan.github.io/posts/muon/); scaled to the
    size of AdamW's updates (Liu et al. 2025, arXiv 2502.16982, equation 4) it takes the same learning rate. Vectors,
    embeddings and the layers of logits stay with AdamW, as in both.
    """
    if name not in NAMES:
        raise ValueError(f"optimizer={name}: there are {' and '.join(NAMES)}")
    matrices = []
    if name == "muon":
        inner = [m for m in net.modules() if isinstance(m, nn.Linear | nn.RNNBase) and m not in net.heads()]
        matrices = [p for m in inner for p in m.parameters() if p.ndim == 2 and min(p.shape) > 1]
    chosen = {id(p) for p in matrices}
    rest = [p for p in net.parameters() if id(p) not in chosen]
    adamw = torch.optim.AdamW(rest, rate, (0.9, 0.98), weight_decay=DECAY, fused=True)
    if not matrices:
        return [adamw]
    return [adamw, Muon(matrices, rate, DECAY, ns_steps=NEWTON_SCHULZ_STEPS, adjust_lr_fn="match_rms_adamw")]
