"""The compiled loop: it runs a program symbol after symbol, for several streams, and picks each next symbol.

Nothing in it allocates, calls Python or waits. Legend: S streams, A numbers a stream, P symbols heard before a block.
"""

from typing import NamedTuple

import numpy as np

from gen.compiled.door import LANES, compiled, inlined, total
from gen.compiled.elementary import exp
from gen.engine import program
from gen.engine.functions import activate, cglru, conv, delay, dot, gate, gru, lstm, mingru, move, norm, rglru, units
from gen.engine.kernels import Places, largest, part, product_1, product_1_wide, product_2, product_4
from gen.engine.program import BLOCK, LABEL, ROWS, room

TOGETHER = 4  # streams for which a weight is read once
PASSES = 2  # of the model for a stream that is guided, each with numbers of its own
POWERS = 64  # of two, from 1 down, by which probabilities are told apart
DAMAGED = -1  # what `draw` returns where the model's probabilities are no numbers


class Tile(NamedTuple):
    """Streams that run a block side by side; guided ones have two rows, one told, one untold."""

    numbers: np.ndarray  # (S, A)
    heard: np.ndarray  # (S, P + 1 + BLOCK) int64: the symbols before the block, the latest, room for new ones
    labels: np.ndarray  # (S,) int64


class Choice(NamedTuple):
    """How the next symbols are chosen: they are `forced`, or drawn where that is empty.

    Where there are two `passes` each stream has two rows, and its logits are guided (see `gen.models.guided`).
    """

    forced: np.ndarray  # (S, steps) int64
    uniforms: np.ndarray  # (S, steps) float64
    sharpness: float  # the inverse of the temperature, in the type of numbers; 0: the likeliest
    top_p: float
    passes: int
    guidance: float  # the weight, in the type of numbers
    p: np.ndarray  # (L,) float64, room to work in
    heap: np.ndarray  # (L,) int64, room to work in
    mass: np.ndarray  # (POWERS,) float64, room to work in


@inlined
def sift(heap, p, at, count):
    """Let the symbol at a place of the heap sink until no likelier one is below it; of equals the first is likelier."""
    symbol = heap[at]
    while 2 * at + 1 < count:
        below = 2 * at + 1
        if below + 1 < count and before(heap[below + 1], heap[below], p):
            below += 1
        if not before(heap[below], symbol, p):
            break
        heap[at] = heap[below]
        at = below
    heap[at] = symbol


@inlined
def before(a, b, p):
    return p[a] > p[b] or (p[a] == p[b] and a < b)


@inlined
def power(p, at):
    """Return how many powers of two p[at] is under 1, at most POWERS - 1: its exponent, as IEEE 754 stores it."""
    return min(max(1023 - (p.view(np.int64)[at] >> 52), 0), POWERS - 1)


@inlined
def keep_likeliest(p, share, heap, mass):
    """Zero all of p but the fewest likeliest symbols that together reach `share` of it (arXiv 1904.09751).

    Of p in [0, 1], only those of the power of two in which the share is reached are ranked; `mass` has room for each.
    """
    mass[:] = 0.0
    for i in range(len(p)):
        mass[power(p, i)] += p[i]
    least = 0.0
    for each in mass:
        least += each
    least *= share
    kept, last, count = 0.0, 0, 0
    while last < POWERS - 1 and kept + mass[last] < least:
        kept += mass[last]
        last += 1
    for i in range(len(p)):
        if power(p, i) == last:
            heap[count] = i
            count += 1
        elif power(p, i) > last:
            p[i] = 0.0
    for i in range(count // 2):
        sift(heap, p, count // 2 - 1 - i, count)
    while count and kept < least:
        kept += p[heap[0]]
        count -= 1
        heap[0] = heap[count]
        sift(heap, p, 0, count)
    for i in range(count):
        p[heap[i]] = 0.0


@inlined
def draw(logits, uniform, choice):
    """Return where the cumulative distribution passes `uniform`, or DAMAGED; as `sampling.reference` has it."""
    p, sharpness = choice.p, choice.sharpness
    most = largest(logits, 0, len(logits))
    if sharpness == 0:
        for i in range(len(p)):
            if logits[i] == most:
                return i
        return DAMAGED
    for i in range(len(p)):
        p[i] = exp((logits[i] - most) * sharpness)
    if choice.top_p < 1:
        keep_likeliest(p, choice.top_p, choice.heap, choice.mass)
    mass = 0.0
    for begin in range(0, len(p), LANES):
        mass += total(p, begin, LANES)
    if not 0 < mass < np.inf:
        return DAMAGED
    passed, symbol = 0.0, -1
    for begin in range(0, len(p), LANES):
        new = passed + total(p, begin, LANES)
        if new > uniform * mass:
            for i in range(begin, begin + LANES):
                if p[i] > 0:
                    passed, symbol = passed + p[i], i
                    if passed > uniform * mass:
                        break
            return symbol
        passed = new
    return len(p) - 1


@inlined
def guide(logits, untold, weight):
    """logits = untold + weight (logits - untold), as `gen.models.guided` has it"""
    for i in range(len(logits)):
        logits[i] = untold[i] + weight * (logits[i] - untold[i])


@inlined
def multiply(op, x, weights, constants, numbers):
    """Run a PRODUCT, its input at x, for all streams."""
    size, apart, base = numbers.itemsize, numbers.strides[0], numbers.ctypes.data
    y = base + op.y * size
    places = Places(
        weights=weights.ctypes.data + op.weights * weights.itemsize,
        x=base + x * size,
        y=y,
        init=y if op.add else constants.ctypes.data + op.bias * size,
        apart=apart,
        init_apart=apart if op.add else 0,
        inputs=op.inputs,
    )
    streams, blocks = len(numbers), room(op.size) // ROWS
    by_two = blocks - blocks % 2 if streams == 1 else 0
    for block in range(0, by_two, 2):
        product_1_wide(weights, numbers, places, block, 0)
    for block in range(by_two, blocks):
        for stream in range(0, streams - TOGETHER + 1, TOGETHER):
            product_4(weights, numbers, places, block, stream)
        rest = streams - streams % TOGETHER
        for stream in range(rest, streams - PASSES + 1, PASSES):
            product_2(weights, numbers, places, block, stream)
        for stream in range(streams - streams % PASSES, streams):
            product_1(weights, numbers, places, block, stream)


@inlined
def apply(op, x, constants, tile, stream, tick):
    """Run any other op, its input at x, for one stream."""
    n, space, heard = op.size, room(op.size), tile.heard[stream]
    latest = tick - BLOCK - 1  # from the end

    def own(place, count):  # numbers of the stream
        return part(tile.numbers, stream, place, count)

    def constant(place, count):
        return part(constants, 0, place, count)

    y = own(op.y, n)
    if op.code == program.GATE:
        gate(y, own(x, n), own(op.gates, n), op.add)
    elif op.code == program.NORM:
        norm(own(op.y, space), own(x, space), constant(op.scale, n + 1), n)
    elif op.code == program.ADD:
        move(y, own(x, n), op.add)
    elif op.code == program.DOT:
        dot(own(op.sum, 1), own(op.y, space), own(x, n))
    elif op.code == program.TABLE:
        row = tile.labels[stream] if op.back == LABEL else heard[latest - op.back]
        move(y, constant(op.table + row * space, n), op.add)
    elif op.code == program.FEATURE:
        move(own(op.y + tick * n, n), constant(op.table + heard[latest] * space, n), False)
    elif op.code == program.CONV:
        past, taps = own(op.past, (op.width - 1) * space), constant(op.taps, op.width * space)
        conv(y, own(x, n), past, taps, n, space)
    elif op.code == program.DELAY:
        delay(y, own(x, n // 2), own(op.new, n // 2))
    elif op.code == program.UNITS:
        units(y, own(x, 2 * n))
    elif op.code == program.RGLRU:
        rglru(y, own(op.gates, 2 * n), own(x, n), constant(op.decay, n))
    elif op.code == program.CGLRU:
        cglru(y, own(op.gates, n), own(x, n), constant(op.decay, n // 2), constant(op.turn, n))
    elif op.code == program.MINGRU:
        mingru(y, own(op.gates, 2 * n))
    elif op.code == program.GRU:
        gru(y, own(x, 3 * n), own(op.gates, 3 * n))
    elif op.code == program.LSTM:
        lstm(y, own(op.cell, n), own(op.gates, 4 * n))
    else:
        activate(y, op.function)


@compiled
def run(packed, tile, choice, begin, steps, seen):
    """Run symbols `begin` to `begin + steps` of a tile's streams; return 0, or DAMAGED.

    What was chosen is added to what they heard. `seen` (S, steps, L) takes the logits, unless it is empty.
    """
    weights, constants, numbers = packed.weights, packed.constants, tile.numbers
    for tick in range(steps):
        t = begin + tick
        for section in packed.sections:
            if t % section.period != section.phase:
                continue
            for op in packed.ops[section.first : section.last]:
                x = op.x + op.step * (t % op.period // op.every if op.period else tick)
                if op.code == program.PRODUCT:
                    multiply(op, x, weights, constants, numbers)
                else:
                    for stream in range(len(numbers)):
                        apply(op, x, constants, tile, stream, tick)
        for stream in range(len(numbers) // choice.passes):
            row = stream * choice.passes
            logits = part(numbers, row, packed.logits, len(choice.p))
            if choice.passes == PASSES:
                guide(logits, part(numbers, row + 1, packed.logits, len(choice.p)), choice.guidance)
            if seen.size:
                move(seen[stream, tick], logits, False)
            if choice.forced.size:
                symbol = choice.forced[stream, tick]
            else:
                symbol = draw(logits, choice.uniforms[stream, tick], choice)
                if symbol == DAMAGED:
                    return DAMAGED
            for each in range(row, row + choice.passes):
                tile.heard[each, tick - BLOCK] = symbol
    return 0
