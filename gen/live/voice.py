"""One model as it is played: a session, the last seconds of it, the states to go back to, a loop while it is frozen."""

import itertools
import math
import time
from pathlib import Path

import numpy as np

from gen.repair import seams
from gen.run.folder import TAKES, folder_of
from gen.sampling import address
from gen.sampling.session import Session
from gen.sampling.timeline import KEYS, Timeline
from gen.sampling.trained import Trained
from gen.sound import audio, depths
from gen.sound.codec import ALIGN

BLOCK = 0.02  # seconds that are made at a time
KEPT = 30.0  # seconds that can be kept, and gone back to
APART = 0.25  # seconds from one state that can be gone back to to the next
HEARD, LOOP = 4.0, 1.0  # seconds in which a loop is sought, and about its length
CALM = 0.95  # part of the load that is shown which is that before the last block


class Voice:
    """The model in `run`, playing; `rate` is in Hz. `sent` and `played` count samples since it began or went back."""

    def __init__(self, run, seed: int, say):
        self.run, self.say = run, say
        self.trained = Trained(run)
        self.rate = self.trained.rate
        self.size = max(1, round(BLOCK * self.rate / ALIGN)) * ALIGN
        self.most = round(KEPT * self.rate / ALIGN) * ALIGN
        self.settings = Timeline(seed=seed).at(0)
        if self.trained.classes:
            self.settings["label"] = self.trained.classes[0]
        self.load, self.frozen = 0.0, False
        self.begin()
        self.session.advance(self.size)  # whatever the first block takes it takes now
        self.begin()

    def begin(self):
        """Begin anew under the settings as they are."""
        timeline = Timeline(**self.settings)
        self.session = Session(self.trained, timeline, say=self.say)
        self.states = [self.session.state()]
        self.tape = bytearray()  # the last samples as they were sent, 16 bit
        self.wanted: dict = {}  # settings from the next block on
        self.used = {self.settings["seed"]}
        self.frozen, self.loop = False, itertools.cycle([np.zeros(self.size)])
        self.fading = np.zeros(0)  # what sounded before, into which the next samples are faded
        self.sent = self.played = 0

    def facts(self) -> dict:
        """Return what a page has to know of the model: its name, its rate, what can be asked of it.

        That of pitch is from which key of MIDI to which, of loudness in dB.
        """
        told, any_ = self.trained.curves, self.trained.any is not None
        untold = self.trained.header.get("trained", {}).get("settings", {}).get("untold", 0) > 0
        ranges = {}
        for key, name in (("pitch", "f0"), ("loudness", "loudness")):
            if told and name in told.names:
                at = told.names.index(name)
                ends = [told.low[at], told.high[at]]
                ranges[key] = [
                    round(69 + 12 * (end - math.log2(440))) if key == "pitch" else round(end) for end in ends
                ]
        labels = [*self.trained.classes, *(["any"] if any_ else [])]
        guided = any_ or (untold and bool(ranges))
        return {"name": str(self.run), "rate": self.rate, "labels": labels, "guided": guided, "ranges": ranges}

    def change(self, settings: dict):
        """Change settings from the next block on. Raises ValueError, and changes none, where one isn't right."""
        self.session.check(self.settings | settings)
        self.settings |= settings
        self.wanted |= settings

    def block(self) -> bytes:
        """Return the next block as 16-bit samples."""
        began = time.thread_time()
        if self.frozen:
            wave = next(self.loop)
        else:
            wave = self._advance()
            self.tape += depths.pcm(wave).tobytes()
            if len(self.tape) > 4 * self.most:
                del self.tape[: -2 * self.most]
        if len(self.fading):
            faded, self.fading = self.fading[: self.size], self.fading[self.size :]
            left = (len(faded) + len(self.fading) - np.arange(len(faded))) / (seams.FADE * self.rate)
            wave = np.array(wave, np.float64)
            wave[: len(faded)] *= np.cos(np.pi / 2 * np.clip(left, 0, 1))
            wave[: len(faded)] += faded * np.sin(np.pi / 2 * np.clip(left, 0, 1))
        self.sent += self.size
        spent = (time.thread_time() - began) * self.rate / self.size
        self.load = CALM * self.load + (1 - CALM) * spent if self.load else spent
        return depths.pcm(wave).tobytes()

    def _advance(self):
        """Return the session's next block; keep a state every APART seconds."""
        if self.wanted:
            self.used.add(self.settings["seed"])
            self.session.change(**{key: self.wanted[key] for key in KEYS if key in self.wanted})
            self.wanted = {}
        wave = self.session.advance(self.size)
        if self.session.position - self.states[-1].position >= APART * self.rate:
            oldest = self.session.position - self.most
            self.states = [state for state in self.states if state.position >= oldest] + [self.session.state()]
        return wave

    def back(self, seconds: float):
        """Go back so many seconds before what is heard now, or as far as it goes, and on with another chance."""
        self.frozen = False
        ahead = max(0, self.sent - self.played)
        to = self.session.position - ahead - seconds * self.rate
        earlier = [state for state in self.states if state.position <= to] or self.states[:1]
        seed = next(n for n in itertools.count(max(self.used) + 1) if n % 2**64 not in self.used) % 2**64
        ended = self.session.position
        self.session.back(earlier[-1], seed)
        self.used.add(seed)
        self.settings["seed"] = seed
        self.wanted.pop("seed", None)
        self.states = self.states[: len(earlier)]
        del self.tape[max(0, len(self.tape) - 2 * (ended - self.session.position)) :]
        self.sent = self.played = 0
        self.fading = np.zeros(0)

    def freeze(self, frozen: bool):
        """Stand still, in a loop of what was heard last, or go on from there."""
        if frozen and len(self.tape) > 2 * ALIGN and not self.frozen:
            fade = round(seams.FADE * self.rate / ALIGN) * ALIGN
            self.fading = self.session.peek(fade).astype(np.float64)
            self.loop, self.frozen = blocks(loop(self.recent(HEARD), self.rate), self.size), True
        elif not frozen and self.frozen:
            self.fading = np.concatenate([next(self.loop) for _ in range(3)])[: round(seams.FADE * self.rate)]
            self.frozen = False

    def recent(self, seconds: float):
        """Return the last seconds, or what there is of them, float64 (T,)."""
        return np.frombuffer(bytes(self.tape[-2 * round(seconds * self.rate) :]), "<i2") / 32768

    def keep(self, out: str | None) -> Path:
        """Write the last KEPT seconds, or what there is of them, as a take; return where. Raises ValueError."""
        kept = min(len(self.tape) // 2, self.most)
        begin = self.session.position - kept
        if not kept:
            raise ValueError("there is nothing to keep yet; press start")
        comment = address.of_session(self.run, self.trained, self.session, begin)
        folder = Path(out) if out else folder_of(self.run) / TAKES
        name = f"live-seed{self.session.timeline.at(0)['seed']}-{begin / self.rate:.0f}s.wav"
        take = audio.Take(folder / name, self.rate, comment)
        take.write(np.frombuffer(bytes(self.tape[-2 * kept :]), "<i2") / 32768)
        return take.keep(new=True)


def loop(wave, rate: int):
    """Return a loop in a wave (T,): the best seam of about LOOP seconds that there is, else the end of it."""
    found = seams.shortlist(wave, rate, LOOP) if len(wave) > rate * seams.least(LOOP) else []
    fade = min(round(seams.FADE * rate), len(wave) // 4)
    begin, end = (found[0].begin, found[0].end) if found else (max(fade, len(wave) - round(LOOP * rate)), len(wave))
    falling = np.cos(np.pi / 2 * (np.arange(fade) + 0.5) / fade) ** 2
    made = wave[begin:end].copy()
    made[len(made) - fade :] = falling * made[len(made) - fade :] + (1 - falling) * wave[begin - fade : begin]
    return made


def blocks(wave, size: int):
    """Yield a wave (T,) over and over in blocks of `size`."""
    for at in itertools.count(0, size):
        yield wave[np.arange(at, at + size) % len(wave)]
