"""The parts of a model that remember: its layers, or the blocks of its tiers, each with its units.

Legend: B streams, T symbols, n units of a part.
"""

import contextlib
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils import parametrize

from gen.models.linear import CGLRU, Beside, LinearRNN
from gen.models.rnn import CharRNN
from gen.models.samplernn import SampleRNN
from gen.models.tiered import TieredLRU
from gen.models.wavenet import WaveNet
from gen.models.wavernn import WaveRNN

DEEP = 60.0  # dB
FORGETS = 1  # which of the gates of torch's GRU and LSTM says how much is kept


class Part(NamedTuple):
    """A layer or a block, which moves once in `frame` symbols.

    `units` reads them from a state, (B, n). What a layer's units are read by are `readers`, each a weight, its bias and
    the unit that its first column is for; what makes those of a block are `cells`.
    """

    name: str
    frame: int
    units: Callable
    readers: Sequence = ()
    cells: Sequence = ()
    gated: Any = None  # torch's GRU or LSTM of one layer, or a WaveRNN, whose gate says how much is kept


def parts(model) -> list:
    """Return the Parts of a model, from its input up, or from its lowest tier. Raises ValueError for another kind.

    Weights that are computed from others, as weight normalisation does, are then plain ones.
    """
    for module in list(model.modules()):
        for name in list(getattr(module, "parametrizations", ())):
            parametrize.remove_parametrizations(module, name)
    for kind, find in KINDS.items():
        if isinstance(model, kind):
            return find(model)
    raise ValueError(f"{type(model).__name__}: it isn't known where this kind of model keeps what it remembers")


def char_rnn(model) -> list:
    above = [*((rnn.weight_ih_l0, rnn.bias_ih_l0) for rnn in model.layers[1:]), (model.out.weight, model.out.bias)]
    return [
        Part(
            f"layer {number + 1}",
            1,
            lambda state, number=number: state["layers"][number][0],
            [(rnn.weight_hh_l0, rnn.bias_hh_l0, 0), (*reader, 0)],
            gated=rnn if isinstance(rnn, nn.GRU | nn.LSTM) else None,
        )
        for number, (rnn, reader) in enumerate(zip(model.layers, above, strict=True))
    ]


def sample_rnn(model) -> list:
    found = []
    for place, tier in enumerate(model.tiers):
        rnn, last = tier.core.rnn, tier.core.rnn.num_layers - 1
        for k in range(last + 1):
            weights = [getattr(rnn, f"{name}_hh_l{k}") for name in ("weight", "bias")]
            above = [getattr(rnn, f"{name}_ih_l{k + 1}") for name in ("weight", "bias")] if k < last else None
            found.append(
                Part(
                    f"tier {tier.frame}, layer {k + 1}",
                    tier.frame,
                    lambda state, place=place, k=k: state["tiers"][place]["core"][0][:, k],
                    [(*weights, 0), (*(above or (tier.up.weight, tier.up.bias)), 0)],
                    gated=None if last else rnn,
                )
            )
    return found


def wave_rnn(model) -> list:
    half = model.hidden // 2
    heads = [(model.coarse[0].weight, model.coarse[0].bias, 0), (model.fine[0].weight, model.fine[0].bias, half)]
    own = (model.rnn.weight_hh_l0, model.rnn.bias_hh_l0, 0)
    return [Part("layer 1", 2, lambda state: state["h"], [own, *heads], gated=model)]


def wavenet(model) -> list:
    size = model.embedding.embedding_dim
    return [
        Part(
            f"layer {number + 1}",
            1,
            lambda state, number=number: state["queues"][number][:, -1],
            [(gates.weight, gates.bias, 0), (gates.weight, gates.bias, -size)],  # it sees them now and before
        )
        for number, gates in enumerate(model.gates)
    ]


def linear_rnn(model) -> list:
    return [block(b, f"layer {k + 1}", 1, lambda state, k=k: state["blocks"][k][0]) for k, b in enumerate(model.blocks)]


def tiered(model) -> list:
    return [
        block(b, f"tier {tier.frame}, block {k + 1}", tier.frame, lambda s, i=i, k=k: s["tiers"][i]["core"][k][0])
        for i, tier in enumerate(model.tiers)
        for k, b in enumerate(tier.core.blocks)
    ]


def block(made, name: str, frame: int, units) -> Part:
    return Part(name, frame, units, cells=list(made.cell.cells) if isinstance(made.cell, Beside) else [made.cell])


KINDS = {
    CharRNN: char_rnn,
    SampleRNN: sample_rnn,
    WaveRNN: wave_rnn,
    WaveNet: wavenet,
    LinearRNN: linear_rnn,
    TieredLRU: tiered,
}


@contextlib.contextmanager
def held(part: Part, units: slice, values):
    """Hold some units of a part at `values` (n of them) inside the block, for all that reads them."""
    kept = [(weight, weight.detach().clone(), bias, bias.detach().clone()) for weight, bias, _ in part.readers]
    hooks, begin = [], 0
    for cell in part.cells:
        width = cell.gates.in_features
        first, last = max(units.start, begin), min(units.stop, begin + width)
        if first < last:
            own, put = slice(first - begin, last - begin), values[first - units.start : last - units.start]
            hooks.append(cell.register_forward_hook(lambda _, x, y, own=own, put=put: constant(y, own, put)))
        begin += width
    try:
        with torch.no_grad():
            for weight, bias, start in part.readers:
                first, last = max(units.start - start, 0), min(units.stop - start, weight.shape[1])
                if first < last:
                    own = slice(first + start - units.start, last + start - units.start)
                    bias += weight[:, first:last] @ values[own]
                    weight[:, first:last] = 0
        yield
    finally:
        for hook in hooks:
            hook.remove()
        with torch.no_grad():
            for weight, before, bias, offset in reversed(kept):
                weight.copy_(before)
                bias.copy_(offset)


def constant(y, units: slice, values):
    """Return y (B, T, n) with some units at constant values."""
    y = y.clone()
    y[..., units] = values
    return y


@contextlib.contextmanager
def keeping(part: Part):
    """Yield a list to which, inside the block, the logarithm of what each unit keeps of itself in a step is added.

    That is of each step that the model takes, (B, steps, n), the a of h' = a h + ...; nothing where no gate says it.
    """
    found: list = []

    def gate(rnn, given, made):
        if isinstance(rnn, WaveRNN):
            x, weights, y = rnn.units(*given)
            first = given[1]["h"].unsqueeze(1)
        else:
            (x, before), (y, _) = given[:2], made
            first = (before[0] if isinstance(before, tuple) else before).transpose(0, 1)
            weights = [rnn.weight_ih_l0, rnn.weight_hh_l0, rnn.bias_ih_l0, rnn.bias_hh_l0]
        earlier, count = torch.cat([first, y[:, :-1]], 1), len(weights[1]) // y.shape[2]
        sides = zip((x, earlier), weights[:2], weights[2:], strict=True)
        parts = [F.linear(v, w.chunk(count)[FORGETS], b.chunk(count)[FORGETS]) for v, w, b in sides]
        found.append(F.logsigmoid(parts[0] + parts[1]))

    def coefficients(number, cell, given):
        rates[number] = cell.coefficients(given[0])[0].clamp_min(torch.finfo(torch.float32).tiny).log()
        if number == len(part.cells) - 1:
            found.append(torch.cat([rates[each] for each in sorted(rates)], -1))

    rates: dict = {}
    hooks = [] if part.gated is None else [part.gated.register_forward_hook(gate)]
    for number, cell in enumerate(part.cells):
        hooks.append(cell.register_forward_pre_hook(lambda c, given, n=number: coefficients(n, c, given)))
    try:
        yield found
    finally:
        for hook in hooks:
            hook.remove()


def magnitudes(part: Part, units):
    """Return how far from 0 units (N, n) are, in dB, DEEP under their own root mean square at least.

    Of units that oscillate in pairs it is the modulus, which doesn't swing with them.
    """
    squares, begin = units.astype(np.float64) ** 2, 0
    for cell in part.cells:
        end = begin + cell.gates.in_features
        if isinstance(cell, CGLRU):
            half = squares[:, begin:end].reshape(len(squares), 2, -1).sum(1) / 2
            squares[:, begin:end] = np.concatenate([half, half], 1)
        begin = end
    floor = np.maximum(squares.mean(0) * 10 ** (-DEEP / 10), np.finfo(np.float64).tiny)
    return 10 * np.log10(np.maximum(squares, floor))


def turns(part: Part) -> list:
    """Return by how many turns each unit of a part oscillates in a step, from 0 to a half; None for one that can't."""
    found: list = []
    for cell in part.cells:
        width = cell.gates.in_features
        if isinstance(cell, CGLRU):
            turned = cell.angle.detach().double() / (2 * torch.pi)
            found += 2 * (turned - turned.round()).abs().tolist()
        else:
            found += [None] * width
    return found
