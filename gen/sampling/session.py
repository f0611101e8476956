"""A session: sound that is made while it is steered, one stream of a model whose settings change as it goes.

What is heard at a sample depends on the model, the stream and the timeline of settings up to there, on nothing else:
not on how the session was cut into blocks, nor on what was played and taken back. Under settings that never change it
is the take that these make. Legend: C curves that a model is told.
"""

import functools
import math
from typing import Any, NamedTuple

import numpy as np

from gen.base.uniforms import Uniforms
from gen.engine.mixing import MIX, Mixer, guided
from gen.engine.player import Streams
from gen.engine.program import BLOCK
from gen.sampling import play
from gen.sampling.reference import Reference
from gen.sampling.settings import COMPILED, Settings
from gen.sampling.timeline import KEYS, Timeline
from gen.sound import curves
from gen.sound.codec import ALIGN


class State(NamedTuple):
    """Where a session is, with all that it remembers, to go on from."""

    position: int  # samples
    streams: Streams
    before: float  # what decoding remembers


class Session:
    """A stream of a `gen.sampling.trained.Trained` that is made block by block; its `timeline` says how.

    `position` is how many samples have been made. Raises ValueError for settings that the model hasn't, and for models
    that can't be compiled.
    """

    def __init__(self, trained, timeline: Timeline, stream=0, weights=Settings.weights, say=lambda text: None):
        sampler = trained.sampler(COMPILED, weights, say)
        if isinstance(sampler, Reference):
            raise ValueError("a model that can't be compiled is too slow to be played live; sample it with gen sample")
        self.trained, self.timeline, self.stream = trained, timeline, stream
        self.mixer = Mixer(sampler)
        self.position, self.before = 0, 0.0
        self.streams = self.mixer.engine.begin([MIX])
        self.frame = functools.lru_cache(8)(self._frame)
        self._fitted: Any = None  # the settings that streams go by, and the uniform numbers that follow
        for at in sorted({at for column in timeline.columns.values() for at, _ in column}):
            self.check(timeline.at(at))

    @property
    def settings(self) -> dict:
        """The settings as they are now."""
        return self.timeline.at(self.position)

    def change(self, **settings):
        """Change settings from here on. Raises ValueError, and changes none, where one isn't right."""
        self.check(self.settings | settings)
        for key, value in settings.items():
            self.timeline.put(self.position, key, value)
        self._fitted = None

    def check(self, settings: dict):
        """Raise ValueError unless all `settings` of a session are right for this model."""
        Settings(**{key: settings[key] for key in KEYS if key != "label"}).check()
        self.shares(settings["label"])
        told = {key: settings[key] for key in ("pitch", "loudness") if settings[key] is not None}
        if told and self.trained.curves is None:
            raise ValueError(f"{next(iter(told))}=: this model is told no curves; train one with control=pitch")
        if told:
            play.asked(self.trained.curves, **told)
        self.guidance(settings)

    def shares(self, label) -> dict:
        """Return the share of each class, by its number, of a label, or of a dict of labels. Raises ValueError."""
        names = label if isinstance(label, dict) else {label: 1.0}
        shares = {self.trained.label_ids(name, 1, self.stream)[0]: share for name, share in names.items() if share}
        if not shares or not all(0 < share <= 1 for share in shares.values()):
            raise ValueError(f"label={label}: a mix gives each of its labels a share over 0, and at most 1")
        return shares

    def guidance(self, settings: dict):
        """Return the guidance under `settings`; None where they are told nothing to be guided by. Raises ValueError."""
        told = settings["pitch"] is not None or settings["loudness"] is not None
        shares = self.shares(settings["label"])
        plain = not self.trained.classes or set(shares) == {self.trained.any}
        if plain and not told:
            return None
        return self.trained.guidance(settings["guidance"], sorted(shares), told)

    def advance(self, count: int):
        """Return the next `count` samples, a multiple of ALIGN, float32 (count,)."""
        assert count % ALIGN == 0
        digits, end, made = self.trained.codec.digits, self.position + count, []
        while self.position < end:
            here = int(min(end, self._fit()))
            steps = self._tell(self.streams.position, min(BLOCK, here * digits - self.streams.position))
            settings = self._fitted[1]
            uniforms = self._fitted[2].take(steps)[None]
            chance = settings["temperature"], settings["top_p"]
            made.append(self.mixer.engine.advance(self.streams, steps, None, uniforms, *chance)[0])
            self.position = self.streams.position // digits
        wave, self.before = self.trained.codec.decoded(np.concatenate(made), self.before)
        return wave

    def _fit(self) -> float:
        """Have the streams go by the settings that hold now; return the sample until which they do."""
        if self._fitted is None or self.position >= self._fitted[0]:
            settings = self.settings
            self.mixer.mix(self.shares(settings["label"]))
            if (guidance := self.guidance(settings)) != self.streams.guidance:
                self.streams = guided(self.mixer.engine, self.streams, guidance)
            uniforms = Uniforms(settings["seed"], self.stream, self.streams.position)
            self._fitted = self.timeline.until(self.position), settings, uniforms
        return self._fitted[0]

    def _tell(self, symbol: int, steps: int) -> int:
        """Have the streams be told what is asked for now; return how many of `steps` symbols on they are told that.

        A frame holds what is asked for at its first sample as what comes CONTEXT after its middle, and so on back: what
        it tells of the future has to have been asked for.
        """
        frames = self.mixer.engine.program.frames
        if not frames:
            return steps
        first = -(-(symbol // frames.hop * frames.hop) // self.trained.codec.digits)
        apart = round(curves.CONTEXT * self.trained.rate)
        moments = [max(0, first - back * apart) for back in (2, 1, 0)]
        keys = ("pitch", "loudness")
        self.streams.control = [self.frame(*(tuple(self.timeline.since(key, m)[1] for key in keys) for m in moments))]
        changed = max(self.timeline.since(key, self.position)[0] for key in keys)
        return steps if changed <= moments[0] else min(steps, frames.hop - symbol % frames.hop)

    def _frame(self, *asked):
        """Return a frame (1, channels) of the pitch and the loudness asked for at three moments; zeros of none."""
        told = self.trained.curves
        if asked[-1] == (None, None):
            return np.zeros((1, told.channels), np.float32)
        before, now, after = (self._row(each if each != (None, None) else asked[-1]) for each in asked)
        step = curves.step(told.rate)
        return told.told(np.array([before, before, now, after, after]), 2 * step - told.seconds / 2, 1)

    def _row(self, asked: tuple):
        """Return the columns (C,) of a pitch and a loudness, as a take that is asked for them all the time has them."""
        return play.asked(self.trained.curves, pitch=asked[0], loudness=asked[1])[0]

    def state(self) -> State:
        """Return where the session is."""
        return State(self.position, self.streams.rows([0]), self.before)

    def go(self, state: State):
        """Go on from a state of this session, under the timeline as it is."""
        self.position, self.streams, self.before = state.position, state.streams.rows([0]), state.before
        self._fitted = None

    def back(self, state: State, seed: int):
        """Go back to a state and on from there with another chance, under the settings as they are now."""
        now = self.settings
        self.go(state)
        self.timeline.cut(self.position)
        self.change(**{**now, "seed": seed})

    def peek(self, count: int):
        """Return what `advance` would, and stay here."""
        state = self.state()
        wave = self.advance(count)
        self.go(state)
        return wave


def again(session: Session, begin: int, frames: float, block: int, track):
    """Return an iterator over what a new session plays from sample `begin` on, `frames` of them: blocks (1, n).

    What is before them is played at once, which `track` may show.
    """
    whole, rest = divmod(begin, block := max(1, block // ALIGN) * ALIGN)
    for _ in track(range(whole), "playing what was before it", whole):
        session.advance(block)
    session.advance(rest) if rest else None

    def blocks():
        left = frames
        while left > 0:
            n = min(block, math.ceil(left / ALIGN) * ALIGN)
            yield session.advance(n)[None, : min(n, left)]
            left -= n

    return blocks()
