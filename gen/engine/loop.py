"""The compiled loop: it runs a program symbol after symbol, for several streams, and picks each next symbol.

Nothing in it allocates, calls Python or waits. Legend: S streams, A numbers a stream, P symbols heard before a block.
"""

import numpy as np

from gen.engine.kernels import (
    LANES,
    compiled,
    exp,
    expm1,
    inlined,
    largest,
    product_1,
    product_4,
    sigmoid,
    tanh,
    total,
    total_squares,
)
from gen.engine.program import (
    ADD,
    CONV,
    FEATURE,
    GATE,
    GRU,
    LSTM,
    MINGRU,
    NORM,
    PRODUCT,
    RELU,
    RGLRU,
    ROWS,
    TABLE,
    TANH,
)

TOGETHER = 4  # streams for which a weight is read once
ZERO, ONE, TWO = np.float32(0), np.float32(1), np.float32(2)
DAMAGED = -1  # what `draw` returns where the model's probabilities are no numbers


@inlined
def move(y, x, add):
    for i in range(len(y)):
        y[i] = y[i] + x[i] if add else x[i]


@inlined
def activate(y, kind):
    if kind == RELU:
        for i in range(len(y)):
            y[i] = max(y[i], ZERO)
    elif kind == TANH:
        for i in range(len(y)):
            y[i] = tanh(y[i])
    else:
        for i in range(len(y)):
            y[i] = sigmoid(y[i])


@inlined
def gate(y, value, open_, add):
    for i in range(len(y)):
        new = value[i] * (open_[i] * sigmoid(open_[i]))
        y[i] = y[i] + new if add else new


@inlined
def gru(h, x, gates):
    """Cho et al. 2014 (arXiv 1406.1078), the reset gate after the product; see `gen.models.rnn.GRU`."""
    n = len(h)
    for i in range(n):
        new = tanh(x[2 * n + i] + sigmoid(x[i] + gates[i]) * gates[2 * n + i])
        h[i] = new + sigmoid(x[n + i] + gates[n + i]) * (h[i] - new)


@inlined
def lstm(h, c, gates):
    """Hochreiter & Schmidhuber 1997; see `gen.models.rnn.LSTM`."""
    n = len(h)
    for i in range(n):
        c[i] = sigmoid(gates[n + i]) * c[i] + sigmoid(gates[i]) * tanh(gates[2 * n + i])
        h[i] = sigmoid(gates[3 * n + i]) * tanh(c[i])


@inlined
def rglru(h, gates, x, decay):
    """De et al. 2024 (arXiv 2402.19427, equations 1 to 4); see `gen.models.linear.RGLRU`."""
    n = len(h)
    for i in range(n):
        lost = expm1(decay[i] * sigmoid(gates[i]))  # a - 1
        h[i] = h[i] + lost * h[i] + np.sqrt(-lost * (lost + TWO)) * (sigmoid(gates[n + i]) * x[i])


@inlined
def mingru(h, gates):
    """Feng et al. 2024 (arXiv 2410.01201); see `gen.models.linear.MinGRU`."""
    n = len(h)
    for i in range(n):
        h[i] = h[i] + sigmoid(gates[i]) * (gates[n + i] - h[i])


@inlined
def norm(y, x, scale, n):
    """Ba et al. 2016 (arXiv 1607.06450), of the first n numbers; behind them x and y hold zeros, `scale` epsilon."""
    mean = total(x, x.ctypes.data, len(x)) / np.float32(n)
    for i in range(n):
        y[i] = x[i] - mean
    precision = ONE / np.sqrt(total_squares(y, y.ctypes.data, len(y)) / np.float32(n) + scale[n])
    for i in range(n):
        y[i] = y[i] * (precision * scale[i])


@inlined
def conv(y, x, past, taps, n, room):
    """A causal convolution over time; `past` holds the inputs before x, each in its `room`, the oldest first."""
    count = len(taps) // room
    for i in range(n):
        y[i] = taps[(count - 1) * room + i] * x[i]
    for k in range(count - 1):
        old, tap = past[k * room : k * room + n], taps[k * room : k * room + n]
        for i in range(n):
            y[i] += tap[i] * old[i]
    for k in range(count - 2):
        old, later = past[k * room : k * room + n], past[(k + 1) * room : (k + 1) * room + n]
        for i in range(n):
            old[i] = later[i]
    newest = past[(count - 2) * room : (count - 2) * room + n]
    for i in range(n):
        newest[i] = x[i]


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
    """Return the symbol where the cumulative distribution passes `uniform`, or DAMAGED; see `gen.sample.draw`."""
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
def multiply(op, at, weights, size, constants, numbers):
    """Run a PRODUCT with its input at `at`, for all streams; a weight has `size` bytes."""
    streams, apart, number = len(numbers), numbers.strides[0], numbers.itemsize
    base = numbers.ctypes.data
    x, y, w = base + at * number, base + op[2] * number, weights.ctypes.data + op[3] * size
    init, init_apart = constants.ctypes.data + op[4] * number, 0
    if op[5]:
        init, init_apart = base + op[4] * number, apart
    for _ in range(op[1]):
        s = 0
        while s + TOGETHER <= streams:
            far, init_far = s * apart, s * init_apart
            product_4(weights, numbers, w, x + far, apart, y + far, apart, init + init_far, init_apart, op[6])
            s += TOGETHER
        while s < streams:
            far, init_far = s * apart, s * init_apart
            product_1(weights, numbers, w, x + far, apart, y + far, apart, init + init_far, init_apart, op[6])
            s += 1
        w += op[6] * ROWS * size
        y += ROWS * number
        init += ROWS * number


@inlined
def apply(op, row, constants, symbols, label, at, tick):
    """Run any other op for one stream: `row` (A,) are its numbers, `symbols` end with the latest."""
    code, n, y = op[0], op[1], row[op[2] : op[2] + op[1]]
    space = -(-n // ROWS) * ROWS
    if code == GATE:
        gate(y, row[op[3] : op[3] + n], row[op[4] : op[4] + n], op[5])
    elif code == NORM:
        norm(row[op[2] : op[2] + space], row[op[3] : op[3] + space], constants[op[4] : op[4] + n + 1], n)
    elif code == ADD:
        move(y, row[at : at + n], op[3])
    elif code == TABLE:
        which = label if op[5] < 0 else symbols[len(symbols) - 1 - op[5]]
        begin = op[3] + which * op[4]
        move(y, constants[begin : begin + n], op[6])
    elif code == FEATURE:
        begin = op[3] + symbols[len(symbols) - 1] * space
        for i in range(n):
            row[op[2] + tick * n + i] = constants[begin + i]
    elif code == CONV:
        taps = constants[op[5] : op[5] + op[6] * space]
        conv(y, row[op[3] : op[3] + n], row[op[4] : op[4] + (op[6] - 1) * space], taps, n, space)
    elif code == RGLRU:
        rglru(y, row[op[3] : op[3] + 2 * n], row[op[4] : op[4] + n], constants[op[5] : op[5] + n])
    elif code == MINGRU:
        mingru(y, row[op[3] : op[3] + 2 * n])
    elif code == GRU:
        gru(y, row[op[3] : op[3] + 3 * n], row[op[4] : op[4] + 3 * n])
    elif code == LSTM:
        lstm(y, row[op[3] : op[3] + n], row[op[4] : op[4] + 4 * n])
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
    levels = len(p)
    for tick in range(steps):
        t = begin + tick
        for section in range(len(sections)):
            if t % sections[section, 0] != sections[section, 1]:
                continue
            for index in range(sections[section, 2], sections[section, 3]):
                op = ops[index]
                at = op[7] + op[8] * ((t % op[10]) // op[9] if op[10] else tick)
                if op[0] == PRODUCT:
                    multiply(op, at, weights, size, constants, numbers)
                else:
                    for s in range(len(numbers)):
                        apply(op, numbers[s], constants, heard[s, : past + tick + 1], labels[s], at, tick)
        for s in range(len(numbers)):
            made = numbers[s, logits : logits + levels]
            if seen.size:
                seen[s, tick] = made
            if forced.size:
                symbol = forced[s, tick]
            else:
                symbol = draw(made, uniforms[s, tick], sharpness, top_p, p, heap)
                if symbol == DAMAGED:
                    return DAMAGED
            heard[s, past + tick + 1] = symbol
    return 0
