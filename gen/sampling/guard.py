"""The collapse guard: hears a take as it is made, and has a second that collapsed drawn again.

It hears what training hears, second by second: silence, noise or a loop where the recordings have none; and what is
louder than any of them. The stream goes back to where that second began, the last state that was good, and on with
other uniform numbers: Philox again, its counter in a part of its range that no other second and no other try comes to,
so that a take can be made again.
"""

import numpy as np

from gen.sound.collapse import collapse
from gen.sound.hearing import Heard, hear

SECONDS = 1.0  # that are judged at a time
LOUDER = 3.0  # dB over the loudest of the recordings that were measured, which are not all
TRIES = 4  # of drawing one of them again, then it stays as it is


class Guard:
    """The guard of takes at `rate` Hz from a model of recordings that sound like `data`, the `loudest` at so many dBFS.

    Where recordings end (`ends`), silence after the first second is an ending. `again` counts what was drawn again,
    `kept` the seconds that were no better for it.
    """

    def __init__(self, codec, rate: int, data: Heard, ends: bool, primed: bool, loudest: float = 0.0):
        self.codec, self.rate, self.data, self.ends, self.primed = codec, rate, data, ends, primed
        self.loudest = loudest
        self.block = round(SECONDS * rate) * codec.digits
        self.again = self.kept = 0

    @classmethod
    def of(cls, codec, rate: int, trained: dict, primed: bool):
        """Return the guard of a model, from what its file says of how it was `trained`."""
        ends = trained["settings"]["data"].get("tail", 0) > 0
        return cls(codec, rate, Heard(**trained["data"]), ends, primed, trained.get("loudest", 0.0))

    def fault(self, symbols, number: int) -> str | None:
        """Return what a stream's second `number` (n,) collapsed to, or None."""
        heard = hear(self.codec.decode(symbols), self.rate)
        if heard.rms > self.loudest + LOUDER:
            return "too loud"
        found = collapse(heard, self.data)
        ended = found == "collapsed to silence" and self.ends and (number > 0 or self.primed)
        return None if ended else found

    def told(self, blocks, warn):
        """Yield `blocks` of a take that is watched; tell `warn` at its end how often it was drawn again."""
        yield from blocks
        if self.again:
            warn(f"guard: seconds drawn again {self.again} times; {self.kept} collapsed all the same")

    def watch(self, advance, state, seed: int, streams, uniforms):
        """Yield seconds (S, n) of symbols without end, of `streams` from `state` on.

        `advance(state, uniforms)` makes one, `uniforms()` are the numbers (S, n) of the next.
        """
        number = 0
        while True:
            begin = state.rows(np.arange(len(streams)))
            made = advance(state, uniforms())
            bad = self.faulty(made, number)
            for attempt in range(1, TRIES + 1):
                if not bad:
                    break
                self.again += len(bad)
                tried = begin.rows(bad)
                fresh = np.stack([self.fresh(seed, streams[i], number, attempt) for i in bad])
                made[bad] = advance(tried, fresh)
                state.put(bad, tried)
                bad = [bad[i] for i in self.faulty(made[bad], number)]
            self.kept += len(bad)
            number += 1
            yield made

    def faulty(self, made, number: int) -> list:
        """Return which streams of a second (S, n) collapsed."""
        return [i for i, symbols in enumerate(made) if self.fault(symbols, number)]

    def fresh(self, seed: int, stream: int, number: int, attempt: int):
        """Return the uniform numbers (n,) of an attempt at second `number` of a stream."""
        random = np.random.Philox(key=np.array([seed, stream], np.uint64), counter=[0, 0, number, attempt])
        return np.random.Generator(random).random(self.block)
