"""The engine: streams of symbols from a program, a block at a time, on all cores."""

import contextlib
import itertools
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from gen.base import machine
from gen.base.uniforms import Uniforms
from gen.compiled.door import FOLDER
from gen.engine.loop import POWERS, Choice, Tile, run
from gen.engine.lower import lower
from gen.engine.program import BLOCK
from gen.models.told import held

TILE = 16  # streams that run a block side by side: as many as the caches of a core hold


class Streams:
    """S streams of a program: all that it remembers of each. `position` counts the symbols they have heard.

    `control` has for each stream all that it is told, frames (n, C) from its beginning; None where nothing is. With a
    `guidance` (see `gen.models.guided`) there are two passes of the program for each stream, told and untold.
    """

    def __init__(self, packed, history, before: int, labels, control=None, guidance=None):
        past = len(history)
        self.control, self.guidance = control, guidance
        passes = [np.asarray(labels, np.int64)]
        if guidance:
            passes.append(passes[0] if guidance.label is None else np.full_like(passes[0], guidance.label))
        self.labels = np.stack(passes, 1)
        self.numbers = np.tile(packed.initial, (*self.labels.shape, 1))
        self.heard = np.zeros((*self.labels.shape, past + 1 + BLOCK), np.int64)
        self.heard[..., :past], self.heard[..., past] = history, before
        self.position = 0

    def rows(self, chosen):
        """Return new streams that go on from where those of index `chosen` are."""
        made = object.__new__(Streams)
        made.labels, made.numbers, made.heard = (part[chosen] for part in (self.labels, self.numbers, self.heard))
        made.control = self.control and [self.control[row] for row in chosen]
        made.guidance, made.position = self.guidance, self.position
        return made

    def put(self, chosen, streams):
        """Let the streams of index `chosen` go on from where `streams`, as far along, are."""
        self.numbers[chosen], self.heard[chosen] = streams.numbers, streams.heard


class Engine:
    """A model ready to generate: a stream's symbols depend on nothing that runs beside it, nor on threads or blocks."""

    def __init__(self, model, silence: tuple, weights: str = "bfloat16", threads: int | None = None, say=None):
        """Lower `model`; `weights` is bfloat16, float32 (twice the bytes) or float64 (and so is all else).

        The first time ever the loop is compiled, which takes a while and is told to `say`. Raises NotImplementedError
        where the model can't be lowered, ValueError for weights that are not numbers.
        """
        for name, tensor in model.state_dict().items():
            if not tensor.isfinite().all():
                raise ValueError(f"the model's {name} is not all numbers: its weights are damaged; train again")
        self.program = lower(model, silence)
        self.packed = self.program.pack(weights)
        self.before, self.levels = silence[-1], self.program.levels
        self.threads = threads or machine.cores()
        self.pool = ThreadPoolExecutor(self.threads)
        compiled = FOLDER / weights
        if say and not compiled.exists():
            say("compiling the engine, once")
        self.advance(self.begin([0]), 0)
        with contextlib.suppress(OSError):
            compiled.touch()

    def begin(self, labels, control=None, guidance=None) -> Streams:
        """Return new streams with the classes `labels`, told `control`, before their first symbol."""
        return Streams(self.packed, self.program.history, self.before, labels, control, guidance)

    def tell(self, streams, steps: int):
        """Write into streams the frames of what they are told in the next `steps` symbols."""
        frames = self.program.frames
        if not frames or not streams.control or not steps:
            return
        first, last = streams.position // frames.hop, (streams.position + steps - 1) // frames.hop
        told = 1 + bool(streams.guidance and streams.guidance.curves)  # passes
        numbers = streams.numbers[:, :told, frames.at : frames.at + frames.slots * frames.channels]
        slots = np.arange(first, last + 1) % frames.slots
        for rows, control in zip(numbers, streams.control, strict=True):
            rows.reshape(told, frames.slots, -1)[:, slots] = held(control, first, len(slots))

    def advance(self, streams, steps: int, forced=None, uniforms=None, temperature=1.0, top_p=1.0, logits=False):
        """Run `steps` symbols, at most BLOCK; return them (S, steps), or with `logits` those (S, steps, L).

        They are `forced` (S, steps), or drawn as `gen.sampling.reference.draw` does with `uniforms` (S, steps). Raises
        ValueError where the model's probabilities are no numbers.
        """
        (count, passes), past = streams.labels.shape, len(self.program.history)
        seen = np.zeros((count, steps, self.levels) if logits else (0, 0, 0), self.packed.initial.dtype)
        forced = np.zeros((0, 0), np.int64) if forced is None else np.ascontiguousarray(forced, np.int64)
        uniforms = np.zeros((0, 0)) if uniforms is None else np.ascontiguousarray(uniforms, np.float64)
        real = streams.numbers.dtype.type
        sharpness = real(min(1 / temperature, 1e30) if temperature else 0)
        weight = real(streams.guidance.weight if streams.guidance else 1)
        size = min(TILE // passes, -(-count // self.threads))
        self.tell(streams, steps)

        def run_tile(begin):
            rows, levels = slice(begin, begin + size), self.levels
            parts = streams.numbers[rows], streams.heard[rows], streams.labels[rows]
            tile = Tile(*(part.reshape(-1, *part.shape[2:]) for part in parts))
            room = np.zeros(levels), np.zeros(levels, np.int64), np.zeros(POWERS)
            choice = Choice(forced[rows], uniforms[rows], sharpness, float(top_p), passes, weight, *room)
            return run(self.packed, tile, choice, streams.position, steps, seen[rows])

        tiles = range(0, count, size)
        faults = list((self.pool.map if len(tiles) > 1 else map)(run_tile, tiles))
        if any(faults):
            raise ValueError("the model's probabilities are not numbers: its weights are damaged; train again")
        streams.position += steps
        made = streams.heard[:, 0, past + 1 : past + 1 + steps].copy()
        streams.heard[..., : past + 1] = streams.heard[..., steps : steps + past + 1].copy()
        if len(self.packed.window):
            at, features = self.packed.window
            window = streams.numbers[..., at:]
            window[..., : past * features] = window[..., steps * features : (steps + past) * features].copy()
        return seen if logits else made

    def prime(self, streams, symbols):
        """Let streams hear `symbols` (T,), all the same."""
        for at in range(0, len(symbols), BLOCK):
            part = symbols[at : at + BLOCK]
            self.advance(streams, len(part), np.tile(part, (len(streams.labels), 1)))

    def generate(
        self, steps, streams, labels, seed: int, temperature=1.0, top_p=1.0, primed=None, block=BLOCK, guard=None,
        control=None, guidance=None,
    ):  # fmt: skip
        """Yield `steps` (or math.inf) symbols as blocks (len(streams), n), n at most `block`.

        As `gen.sampling.reference.Reference` does, where the arguments are explained. A `guard` hears what is made.
        """
        kinds = [(label, id(control[place]) if control else 0) for place, label in enumerate(labels)]
        first = [kinds.index(kind) for kind in sorted(set(kinds))]  # a stream of each is primed
        told = control and [control[place] for place in first]
        begun = self.begin([labels[place] for place in first], told, guidance)
        self.prime(begun, [] if primed is None else primed)
        state = begun.rows([first.index(kinds.index(kind)) for kind in kinds])
        numbers = [Uniforms(seed, stream) for stream in streams]

        def advance(state, uniforms):
            parts = (uniforms[:, at : at + BLOCK] for at in range(0, uniforms.shape[1], BLOCK))
            return np.concatenate([self.advance(state, u.shape[1], None, u, temperature, top_p) for u in parts], 1)

        def uniforms(count):
            return np.stack([number.take(count) for number in numbers])

        if guard:
            made = guard.watch(advance, state, seed, streams, lambda: uniforms(guard.block))
        else:
            made = (advance(state, uniforms(min(block, BLOCK))) for _ in itertools.count())
        yield from pieces(made, steps, block)


def pieces(made, steps, block: int):
    """Yield `steps` (or math.inf) symbols of `made`, blocks (S, n) of any length, as blocks of `block`."""
    ready, done = next(made), 0
    while done < steps:
        n = min(block, steps - done)
        while ready.shape[1] < n:
            ready = np.concatenate([ready, next(made)], 1)
        yield ready[:, :n]
        ready, done = ready[:, n:], done + n
