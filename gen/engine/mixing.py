"""Labels mixed, and guidance begun or ended, while a stream goes on: what a person changes as they play."""

import copy

import numpy as np

from gen.engine.program import LABEL, TABLE, room

MIX = 0  # the class whose place a mix takes


class Mixer:
    """An engine whose class MIX is a mix of all of them, for streams with that label.

    All that a program does with a label is to add a row of a table, which a mix of the labels' vectors makes a mix of
    rows. `engine` has constants of its own, so that no other stream hears it.
    """

    def __init__(self, engine):
        self.rows = engine.packed.constants
        self.engine = copy.copy(engine)
        self.engine.packed = engine.packed._replace(constants=self.rows.copy())
        ops = engine.packed.ops
        self.tables = [op for op in ops if op["code"] == TABLE and op["back"] == LABEL]
        self.shares: dict = {MIX: 1.0}

    def mix(self, shares: dict):
        """Have class MIX be the classes in `shares` by their number, each times its share of the sum of these."""
        if shares == self.shares:
            return
        self.shares, whole = dict(shares), sum(shares.values())
        for op in self.tables:
            size = room(int(op["size"]))
            made = np.zeros(size)
            for number, share in sorted(shares.items()):  # one after the other: no other order of sums, the same bits
                begin = int(op["table"]) + number * size
                made += share / whole * self.rows[begin : begin + size].astype(np.float64)
            begin = int(op["table"]) + MIX * size
            self.engine.packed.constants[begin : begin + size] = made


def guided(engine, streams, guidance):
    """Return streams that go on from where `streams` are under a `guidance` (see `gen.models.guided`), or None.

    Where there was none, the untold pass begins with all that the told one remembers, and is told nothing from here on.
    """
    made = streams.rows(np.arange(len(streams.labels)))
    passes = [0, min(1, made.labels.shape[1] - 1)] if guidance else [0]
    made.labels, made.numbers, made.heard = (part[:, passes] for part in (made.labels, made.numbers, made.heard))
    made.guidance = guidance
    if guidance:
        made.labels[:, 1] = made.labels[:, 0] if guidance.label is None else guidance.label
        if engine.program.frames and not guidance.curves:
            frames = engine.program.frames
            made.numbers[:, 1, frames.at : frames.at + frames.slots * frames.channels] = 0
    return made
