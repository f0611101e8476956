"""How fast the engine is, and how near to what this machine can do: its parts timed alone, reading timed beside."""

import time

import numpy as np

from gen.engine.kernels import compiled, read
from gen.engine.program import PRODUCT, ROWS, WIDTH

SECONDS = 2.0


@compiled
def read_weights(ops, sections, weights, size, begin, steps):
    """Read the weights that `gen.engine.loop.run` reads for these symbols, in its order, and do nothing with them."""
    found = 0
    for t in range(begin, begin + steps):
        for section in range(len(sections)):
            if t % sections[section, 0] == sections[section, 1]:
                for index in range(sections[section, 2], sections[section, 3]):
                    op = ops[index]
                    if op[0] == PRODUCT:
                        found ^= read(weights, weights.ctypes.data + op[3] * size, op[1] * op[6] * ROWS * size)
    return found


def only(packed, keep):
    """Return a packed program with those of its ops for which `keep(op)` holds."""
    ops, sections = [], []
    for period, phase, first, last in packed.sections:
        kept = [op for op in packed.ops[first:last] if keep(op)]
        sections.append([period, phase, len(ops), len(ops) + len(kept)])
        ops += kept
    return packed._replace(ops=np.array(ops, np.int64).reshape(-1, WIDTH), sections=np.array(sections, np.int64))


def bytes_a_symbol(packed, size: int) -> float:
    """Return how many bytes of weights a symbol takes on average."""
    total = 0.0
    for period, _, first, last in packed.sections:
        total += sum(op[1] * op[6] * ROWS * size for op in packed.ops[first:last] if op[0] == PRODUCT) / period
    return total


def speed(job) -> float:
    """Return how often a second `job` runs, the best of several rounds that take SECONDS in all."""
    job()
    best, end = 0.0, time.perf_counter() + SECONDS
    while time.perf_counter() < end:
        began = time.perf_counter()
        job()
        best = max(best, 1 / (time.perf_counter() - began))
    return best
