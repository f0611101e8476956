"""Each model as a program of the engine: one function a family, which reads the weights and writes the ops.

First-layer products of an embedding are tables: a row of W E for each symbol, looked up instead of multiplied. What a
model is told is heard once a frame, the first-layer products of that too, and added where it belongs at each symbol.
"""

from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from gen.engine.program import LABEL, RELU, SIGMOID, TANH, Program, Vector
from gen.models.linear import CGLRU, Block, LinearRNN, MinGRU
from gen.models.rnn import CharRNN
from gen.models.samplernn import SampleRNN
from gen.models.tiered import Expectation, TieredLRU
from gen.models.wavenet import WaveNet
from gen.models.wavernn import WaveRNN

ACTIVATIONS = {"tanh": TANH, "sigmoid": SIGMOID, "relu": RELU}


def lower(model, silence: tuple) -> Program:
    """Return the program of `model`, for streams that begin after the digits of `silence`.

    Raises NotImplementedError, which names the model, when there is no lowering for it.
    """
    if type(model) not in LOWERINGS:
        raise NotImplementedError(f"{type(model).__name__} has no lowering for the engine")
    with torch.no_grad():
        return LOWERINGS[type(model)](model, silence)


def numbers(tensor):
    """Return a tensor as a float64 array."""
    return tensor.detach().cpu().double().numpy()


def dense(program, layer, x: Vector, add_to: Vector | None = None) -> Vector:
    """Return layer(x) of a linear layer, or add it, then without a bias, to a vector."""
    return program.product(numbers(layer.weight), x, None if layer.bias is None else numbers(layer.bias), add_to)


def norm(program, layer, x: Vector) -> Vector:
    return program.norm(x, numbers(layer.weight), layer.eps)


def heard(program, model) -> Vector | None:
    """Return what a model's network makes of each frame that it is told, in a section of its own; None without."""
    if not model.told:
        return None
    program.section(model.told.hop)
    z = program.told(model.told.channels, model.told.hop)
    for layer in (model.told.hear[0], model.told.hear[2]):
        z = dense(program, layer, z)
        z = program.gate(program.vector(z.size, np.ones(z.size)), z)
    return z


def tell(program, model, part: int, frame: Vector, weight=None) -> Vector:
    """Return what a part of a model is told of what was `heard`, or its product with a `weight`, once a frame."""
    layer = model.told.tell[part]
    if weight is None:
        return dense(program, layer, frame)
    weight = weight.double()
    return program.product(numbers(weight @ layer.weight.double()), frame, numbers(weight @ layer.bias.double()))


def embedded(program, embedding, layer, back: int = 0, add_to: Vector | None = None) -> Vector:
    """Return layer(embedding(symbol)) as a table: of the symbol heard `back` ago, or of the LABEL."""
    weight, bias = layer
    bias = None if bias is None else bias.double()
    return program.table(numbers(F.linear(embedding.double(), weight.double(), bias)), back, add_to)


def recurrent(program, layer: nn.RNNBase, number: int, x: Vector | None, model, start=None, told=None) -> Vector:
    """Return h' of layer `number` of an RNN, its state begun at `start`.

    It sees x, or None: what `model` embeds, and the product of its own weights with what is `told`.
    """
    weight, hidden, bias, hidden_bias = (
        getattr(layer, f"{name}_l{number}") for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    )
    separate = isinstance(layer, nn.GRU)  # its reset gate acts between the two affine maps; others only need their sum
    bias = bias if separate else bias + hidden_bias
    if x is None:
        gates = embedded(program, model.embedding.weight, (weight, bias))
        if model.label.table:
            embedded(program, model.label.table.weight, (weight, None), LABEL, gates)
        if told:
            program.add(gates, told)
    else:
        gates = program.product(numbers(weight), x, numbers(bias))
    first = [numbers(part) for part in start] if start else [None, None]
    h = program.vector(layer.hidden_size, first[0])
    if separate:
        program.gru(h, gates, program.product(numbers(hidden), h, numbers(hidden_bias)))
        return h
    program.product(numbers(hidden), h, add_to=gates)
    if isinstance(layer, nn.LSTM):
        program.lstm(h, program.vector(layer.hidden_size, first[-1]), gates)
    else:
        program.activate(gates, ACTIVATIONS[str(layer.activation)])
        program.copy(h, gates)
    return h


def decay(cell):
    """Return the logarithm of what an RGLRU or CGLRU keeps of its state in a step while its gate is wide open."""
    return -8 * numbers(F.softplus(cell.decay.double()))


def linear(program, cell, h: Vector, u: Vector):
    """h = cell(u, h)"""
    gates = dense(program, cell.gates, u)
    if isinstance(cell, MinGRU):
        program.mingru(h, gates)
    elif isinstance(cell, CGLRU):
        program.cglru(h, gates, u, decay(cell), numbers(cell.angle))
    else:
        program.rglru(h, gates, u, decay(cell))


def griffin(program, block: Block, x: Vector):
    """x = block(x)"""
    branches = dense(program, block.branches, norm(program, block.norm, x))
    u, gate = branches.part(0, 2), branches.part(1, 2)
    if block.conv > 1:
        u = program.conv(u, numbers(block.taps))
    h, cells = program.vector(x.size), getattr(block.cell, "cells", [block.cell])
    for number, cell in enumerate(cells):
        linear(program, cell, h.part(number, len(cells)), u.part(number, len(cells)))
    dense(program, block.out, program.gate(h, gate), x)
    both = dense(program, block.up, norm(program, block.mlp_norm, x))
    dense(program, block.down, program.gate(both.part(0, 2), both.part(1, 2)), x)


def char_rnn(model: CharRNN, silence):
    program = Program(model.out.out_features, [])
    first, *others = model.layers
    frame = heard(program, model)
    told = tell(program, model, 0, frame, first.weight_ih_l0) if frame else None
    program.section()
    x = recurrent(program, first, 0, None, model, told=told)
    for layer in others:
        x = recurrent(program, layer, 0, x, model)
    program.logits = dense(program, model.out, x)
    return program


def linear_rnn(model: LinearRNN, silence):
    program = Program(model.out.out_features, [])
    frame = heard(program, model)
    told = tell(program, model, 0, frame) if frame else None
    program.section()
    x = program.table(numbers(model.embedding.weight))
    if model.label.table:
        program.table(numbers(model.label.table.weight), LABEL, x)
    if told:
        program.add(x, told)
    for each in model.blocks:
        griffin(program, each, x)
    program.logits = dense(program, model.out, norm(program, model.norm, x))
    return program


def tiers(model, program) -> Vector:
    """Write the tiers of a model, the uppermost first; return what the lowest one hands down."""
    handed = Vector(0, 0)
    top, *below = (label.table for label in model.labels)
    first, *others = told_to_tiers(program, model)
    for tier, label, told in zip(reversed(model.tiers), below, others, strict=True):
        program.section(tier.frame)
        z = dense(program, tier.inp, program.window(tier.frame))
        if handed.size:
            program.add(z, handed)
        elif top:
            program.table(numbers(top.weight), LABEL, z)
        if first and not handed.size:
            program.add(z, first)
        if isinstance(model, SampleRNN):
            for number in range(tier.core.rnn.num_layers):
                start = [first[number] for first in tier.core.first]
                z = recurrent(program, tier.core.rnn, number, z, model, start)
        else:
            for each in tier.core.blocks:
                griffin(program, each, z)
        up = dense(program, tier.up, z)
        if label:
            program.table(numbers(label.weight.repeat(1, tier.ratio)), LABEL, up)
        if told:
            program.add(up, told)
        handed = Vector(up.at, tier.below, tier.below, tier.frame // tier.ratio, tier.frame)
    program.section()
    return handed


def told_to_tiers(program, model) -> list:
    """Return what the topmost tier is told, and what is added to all that each tier hands down; None for nothing."""
    frame = heard(program, model)
    if not frame:
        return [None] * len(model.labels)
    first, *below = (tell(program, model, part, frame) for part in range(len(model.labels)))
    made = [first]
    for tier, vector in zip(reversed(model.tiers), below, strict=True):
        made.append(program.vector(tier.ratio * tier.below))
        for number in range(tier.ratio):
            program.copy(made[-1].part(number, tier.ratio), vector)
    return made


def sample_rnn(model: SampleRNN, silence):
    symbols = torch.arange(model.levels)
    program = Program(model.levels, [model.silence] * model.past, numbers(model.features(symbols)))
    handed = tiers(model, program)
    z = program.vector(model.inp.out_features)
    program.copy(z, handed)
    for place, part in enumerate(model.inp.weight.chunk(model.history, 1)):
        embedded(program, model.embedding.weight, (part, None), model.history - 1 - place, z)
    program.activate(z, RELU)
    z = dense(program, model.hidden, z)
    program.activate(z, RELU)
    program.logits = dense(program, model.out, z)
    return program


def tiered_lru(model: TieredLRU, silence):
    program = Program(model.out.out_features, [model.silence] * model.past, numbers(model.table))
    handed = tiers(model, program)
    z = dense(program, model.inp, program.window(model.history))
    expected(program, model.expectation, program.window(model.history), handed, z)
    program.add(z, handed)
    program.table(numbers(model.embedding.weight), 0, z)
    for number, up in enumerate(model.up):
        both = dense(program, up, z if number else norm(program, model.norm, z))
        program.gate(both.part(0, 2), both.part(1, 2), z)
    program.logits = dense(program, model.out, norm(program, model.last_norm, z))
    return program


def expected(program, expectation: Expectation, window: Vector, handed: Vector, z: Vector):
    """z += expectation(window, handed)"""
    layer = expectation.coefficients
    second = layer.bias.new_tensor([0.0, 1.0])  # of a sample's two features it sees the second
    coefficients = program.product(
        numbers(torch.kron(layer.weight, second.unsqueeze(1))), handed, numbers(torch.kron(layer.bias, second))
    )
    sum_ = program.dot(coefficients, window)
    places = program.product(numbers(expectation.slope.unsqueeze(1)), sum_, numbers(expectation.offset))
    program.activate(places, TANH)
    dense(program, expectation.out, places, z)


def wave_rnn(model: WaveRNN, silence):
    """Each half of the GRU in a section of its own, the coarse one when a fine byte was heard, and the other way."""
    digits = torch.arange(model.levels).double().unsqueeze(1) / (model.levels / 2) - 1
    program = Program(model.levels, silence[::-1], numbers(digits))
    half = model.hidden // 2
    halves = lambda tensor: tensor.double().view(3, 2, half, *tensor.shape[1:]).unbind(1)  # noqa: E731
    weight, hidden = halves(model.rnn.weight_ih_l0 * model.mask), halves(model.rnn.weight_hh_l0)
    bias, hidden_bias = halves(model.rnn.bias_ih_l0), halves(model.rnn.bias_hh_l0)
    h, new, program.logits = program.vector(2 * half), program.vector(2 * half), program.vector(model.levels)
    frame = heard(program, model)
    told = [tell(program, model, 0, frame, each.flatten(0, 1)[:, 3:]) for each in weight] if frame else []
    for phase, head in enumerate((model.coarse, model.fine)):
        program.section(2, phase)
        seen = weight[phase].flatten(0, 1)
        x = program.product(numbers(seen[:, : 2 + phase]), program.window(2 + phase), numbers(bias[phase].flatten()))
        if model.label.table:
            embedded(program, model.label.table.weight, (seen[:, 3:], None), LABEL, x)
        if told:
            program.add(x, told[phase])
        gates = program.product(numbers(hidden[phase].flatten(0, 1)), h, numbers(hidden_bias[phase].flatten()))
        program.copy(new.part(phase, 2), h.part(phase, 2))
        program.gru(new.part(phase, 2), x, gates)
        z = dense(program, head[0], new.part(phase, 2))
        program.activate(z, RELU)
        program.copy(program.logits, dense(program, head[2], z))
    program.copy(h, new)
    return program


def wave_net(model: WaveNet, silence):
    program = Program(model.out.out_features, [])
    parts = len(model.gates)
    frame = heard(program, model)
    told = tell(program, model, 0, frame) if frame else None
    labels = model.label.table.weight.chunk(parts, 1) if model.label.table else []
    program.section()
    x = program.table(numbers(model.embedding.weight))
    z = program.vector(parts * x.size)
    for number, (layer, dilation) in enumerate(zip(model.gates, model.dilations, strict=True)):
        if number:
            dense(program, model.residual[number - 1], z.part(number - 1, parts), x)
        gates = dense(program, layer, program.delay(x, dilation))
        if labels:
            program.table(numbers(labels[number]), LABEL, gates)
        if told:
            program.add(gates, told.part(number, parts))
        program.units(z.part(number, parts), gates)
    h = dense(program, model.skip, z)
    program.activate(h, RELU)
    h = dense(program, model.hidden, h)
    program.activate(h, RELU)
    program.logits = dense(program, model.out, h)
    return program


LOWERINGS: dict[type, Callable] = {
    CharRNN: char_rnn,
    LinearRNN: linear_rnn,
    SampleRNN: sample_rnn,
    TieredLRU: tiered_lru,
    WaveNet: wave_net,
    WaveRNN: wave_rnn,
}
