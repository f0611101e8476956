"""How fast the engine is, and how near to what this machine can do: its parts timed alone, reading timed beside."""

import time

import numpy as np

from gen.compiled.door import compiled
from gen.engine.kernels import read
from gen.engine.program import OP, PRODUCT, SECTION, room

SECONDS = 2.0


@compiled
def read_weights(packed, begin, steps):
    """Read the weights that `gen.engine.loop.run` reads for these symbols, in its order, and do nothing with them."""
    weights, found = packed.weights, 0
    for t in range(begin, begin + steps):
        for section in packed.sections:
            if t % section.period == section.phase:
                for op in packed.ops[section.first : section.last]:
                    if op.code == PRODUCT:
                        address = weights.ctypes.data + op.weights * weights.itemsize
                        found ^= read(weights, address, room(op.size) * op.inputs * weights.itemsize)
    return found


def only(packed, keep):
    """Return a packed program with those of its ops for which `keep(op)` holds."""
    ops: list = []
    sections = []
    for period, phase, first, last in packed.sections:
        kept = [op for op in packed.ops[first:last] if keep(op)]
        sections.append((period, phase, len(ops), len(ops) + len(kept)))
        ops += kept
    return packed._replace(ops=np.array(ops, OP), sections=np.array(sections, SECTION))


def products(packed):
    """Return a packed program with no other ops than its products."""
    return only(packed, lambda op: op["code"] == PRODUCT)


def largest_product(packed):
    """Return a packed program with no other op than its product of the largest matrix."""
    largest = max(products(packed).ops, key=weights_of)
    return only(packed, lambda op: op == largest)


def weights_of(op) -> int:
    """Return how many weights an op reads, padding included."""
    return room(op["size"]) * op["inputs"] if op["code"] == PRODUCT else 0


def bytes_a_symbol(packed) -> float:
    """Return how many bytes of weights a symbol takes on average."""
    ops = packed.ops
    weights = sum(sum(map(weights_of, ops[first:last])) / period for period, _, first, last in packed.sections)
    return weights * packed.weights.itemsize


def speed(job) -> float:
    """Return how often a second `job` runs, the best of several rounds that take SECONDS in all."""
    job()
    best, end = 0.0, time.perf_counter() + SECONDS
    while time.perf_counter() < end:
        began = time.perf_counter()
        job()
        best = max(best, 1 / (time.perf_counter() - began))
    return best
