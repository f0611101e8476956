"""The compiled loop: it runs a program symbol after symbol, for several streams, and picks each next symbol.

Nothing in it allocates, calls Python or waits. Legend: S streams, A numbers a stream, P symbols heard before a block.
"""

import numpy as np

from gen.engine.functions import activate, cglru, conv, dot, exp, gate, gru, lstm, mingru, move, norm, rglru
from gen.engine.kernels import LANES, compiled, inlined, largest, product_1, product_1_wide, product_4, total, view
from gen.engine.program import (
    ADD,
    CGLRU,
    CONV,
    DOT,
    FEATURE,
    GATE,
    GRU,
    LSTM,
    MINGRU,
    NORM,
    PRODUCT,
    RGLRU,
    ROWS,
    TABLE,
)

TOGETHER = 4  # streams for which a weight is read once
DAMAGED = -1  # what `draw` returns where the model's probabilities are no numbers


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
def keep_likeliest(p, share, heap):
    """Zero all of p but the fewest likeliest symbols that together reach `share` of it (arXiv 1904.09751)."""
    count, mass = len(p), 0.0
    for i in range(count):
        heap[i] = i
        mass += p[i]
    for i in range(count // 2):
        sift(heap, p, count // 2 - 1 - i, count)
    kept, last = 0.0, heap[0]
    while count and kept < share * mass:
        last = heap[0]
        kept += p[last]
        count -= 1
        heap[0] = heap[count]
        sift(heap, p, 0, count)
    for i in range(len(p)):
        if before(last, i, p):
            p[i] = 0.0


@inlined
def draw(logits, uniform, sharpness, top_p, p, heap):
    """Return where the cumulative distribution passes `uniform`, or DAMAGED; as `sampling.reference` has it."""
    most = largest(logits, logits.ctypes.data, len(logits))
    if sharpness == 0:
        for i in range(len(p)):
            if logits[i] == most:
                return i
        return DAMAGED
    for i in range(len(p)):
        p[i] = exp((logits[i] - most) * sharpness)
    if top_p < 1:
        keep_likeliest(p, top_p, heap)
    mass = 0.0
    for begin in range(0, len(p), LANES):
        mass += total(p, p.ctypes.data + 8 * begin, LANES)
    if not 0 < mass < np.inf:
        return DAMAGED
    passed, symbol = 0.0, -1
    for begin in range(0, len(p), LANES):
        new = passed + total(p, p.ctypes.data + 8 * begin, LANES)
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
def multiply(op, place, weights, size, constants, numbers):
    """Run a PRODUCT with its input at `place`, for all streams; a weight has `size` bytes."""
    streams, apart, number = len(numbers), numbers.strides[0], numbers.itemsize
    base = numbers.ctypes.data
    x, y, w = base + place * number, base + op[2] * number, weights.ctypes.data + op[3] * size
    init, init_apart = constants.ctypes.data + op[4] * number, 0
    if op[5]:
        init, init_apart = base + op[4] * number, apart
    block = 0
    while block < op[1]:
        blocks = 1
        if streams == 1 and block + 2 <= op[1]:
            blocks = 2
            product_1_wide(weights, numbers, w, x, 0, y, 0, init, 0, op[6])
        else:
            for s in range(0, streams - TOGETHER + 1, TOGETHER):
                far, init_far = s * apart, s * init_apart
                product_4(weights, numbers, w, x + far, apart, y + far, apart, init + init_far, init_apart, op[6])
            for s in range(streams - streams % TOGETHER, streams):
                far, init_far = s * apart, s * init_apart
                product_1(weights, numbers, w, x + far, apart, y + far, apart, init + init_far, init_apart, op[6])
        block += blocks
        w += blocks * op[6] * ROWS * size
        y += blocks * ROWS * number
        init += blocks * ROWS * number


@inlined
def at(numbers, base, place, count):
    """Return the vector of `count` numbers that lie `place` numbers behind the address `base`."""
    return view(numbers, base + place * numbers.itemsize, count)


@inlined
def apply(op, numbers, base, constants, symbols, latest, label, moved, tick):
    """Run any other op for the stream whose numbers lie at `base`; symbols[latest] is what it heard last."""
    code, n = op[0], op[1]
    space = -(-n // ROWS) * ROWS
    y, fixed = at(numbers, base, op[2], n), constants.ctypes.data
    if code == GATE:
        gate(y, at(numbers, base, op[3], n), at(numbers, base, op[4], n), op[5])
    elif code == NORM:
        scale = at(constants, fixed, op[4], n + 1)
        norm(at(numbers, base, op[2], space), at(numbers, base, op[3], space), scale, n)
    elif code == ADD:
        move(y, at(numbers, base, moved, n), op[3])
    elif code == DOT:
        dot(at(numbers, base, op[3], 1), at(numbers, base, op[2], space), at(numbers, base, moved, n))
    elif code == TABLE:
        which = label if op[5] < 0 else symbols[latest - op[5]]
        move(y, at(constants, fixed, op[3] + which * op[4], n), op[6])
    elif code == FEATURE:
        move(at(numbers, base, op[2] + tick * n, n), at(constants, fixed, op[3] + symbols[latest] * space, n), False)
    elif code == CONV:
        past, taps = at(numbers, base, op[4], (op[6] - 1) * space), at(constants, fixed, op[5], op[6] * space)
        conv(y, at(numbers, base, op[3], n), past, taps, n, space)
    elif code == RGLRU:
        gates, x = at(numbers, base, op[3], 2 * n), at(numbers, base, op[4], n)
        rglru(y, gates, x, at(constants, fixed, op[5], n))
    elif code == CGLRU:
        gates, x = at(numbers, base, op[3], n), at(numbers, base, op[4], n)
        cglru(y, gates, x, at(constants, fixed, op[5], 3 * n // 2))
    elif code == MINGRU:
        mingru(y, at(numbers, base, op[3], 2 * n))
    elif code == GRU:
        gru(y, at(numbers, base, op[3], 3 * n), at(numbers, base, op[4], 3 * n))
    elif code == LSTM:
        lstm(y, at(numbers, base, op[3], n), at(numbers, base, op[4], 4 * n))
    else:
        activate(y, op[3])


@compiled
def run(
    ops, sections, weights, size, constants, numbers, heard, labels, past, begin, steps,
    logits, forced, uniforms, sharpness, top_p, p, heap, seen,
):  # fmt: skip
    """Run symbols `begin` to `begin + steps` of S streams; return 0, or DAMAGED.

    `numbers` (S, A) are the streams', `heard` (S, P + 1 + BLOCK) the symbols before and the latest, behind which come
    the new ones: `forced` (S, steps), or where that is empty drawn with `uniforms` (S, steps) from the numbers at
    `logits` times `sharpness` (0: the likeliest). `seen` (S, steps, L) takes the logits, unless it is empty. `p` and
    `heap` (L,) are room to work in.
    """
    levels, base, apart = len(p), numbers.ctypes.data, numbers.strides[0]
    for tick in range(steps):
        t = begin + tick
        for section in range(len(sections)):
            if t % sections[section, 0] != sections[section, 1]:
                continue
            for index in range(sections[section, 2], sections[section, 3]):
                op = ops[index]
                moved = op[7] + op[8] * ((t % op[10]) // op[9] if op[10] else tick)
                if op[0] == PRODUCT:
                    multiply(op, moved, weights, size, constants, numbers)
                else:
                    for s in range(len(numbers)):
                        apply(op, numbers, base + s * apart, constants, heard[s], past + tick, labels[s], moved, tick)
        for s in range(len(numbers)):
            made = at(numbers, base + s * apart, logits, levels)
            if seen.size:
                move(seen[s, tick], made, False)
            if forced.size:
                symbol = forced[s, tick]
            else:
                symbol = draw(made, uniforms[s, tick], sharpness, top_p, p, heap)
                if symbol == DAMAGED:
                    return DAMAGED
            heard[s, past + tick + 1] = symbol
    return 0
