"""Gaps filled by a trained model at any rate, channel by channel: the band it knows, over linear prediction's rest."""

import math

import numpy as np

from gen.base.terminal import unseen
from gen.judging.surprise import STRANGE, class_of, scorer
from gen.repair import mend
from gen.repair.continuation import HEARD, continuation
from gen.repair.meeting import follows, met
from gen.sound import audio

LEAST = 0.5  # seconds of a recording that tell whether it is of the model's kind
LONGEST = 60.0  # seconds of a gap


class Modelled:
    """A trained model as it fills the gaps of the recording at `path`, with the numbers of a `stream` of a seed.

    One of reversed time, `back`, leads from their other side to where the two meet.
    """

    def __init__(self, trained, run, path, label: str | None, seed: int, temperature: float, say, backward=False):
        self.trained, self.run, self.say, self.stream, self.track = trained, run, say, 0, unseen
        self.back: Modelled | None = None
        self.bits: list = []  # a sample, that what follows each gap costs, as they are filled
        self.engine = scorer(trained, run, say, backward)
        self.label = class_of(trained, self.engine, path, label)
        self.seed, self.temperature = seed, temperature
        self.strange = False

    def face(self, trained, back, path):
        """Have the model `trained` in the run `back` lead from the other side. Raises ValueError."""
        if trained.rate != self.trained.rate:
            at = f"is at {trained.rate} Hz, and {self.run} at {self.trained.rate}"
            raise ValueError(f"back={back}: {at}; train both at one rate")
        label = self.trained.classes[self.label] if self.trained.classes and trained.classes else None
        self.back = Modelled(trained, back, path, label, self.seed, self.temperature, self.say, backward=True)

    def __call__(self, recording, gap, gaps):
        """Return the wave (n, channels) of a gap, and how it was made.

        The model fills the band that it knows, beside what linear prediction foretells of it; above it is what that
        makes. Raises ValueError.
        """
        rate = recording.rate
        if gap.size > LONGEST * rate:
            raise ValueError(f"gap={gap.begin / rate:.3f}:{gap.end / rate:.3f}: a model fills up to {LONGEST:.0f} s")
        sides = recording.sides(gap, gaps, round((HEARD + 1) * rate))
        predicted, _ = mend.by_prediction(recording, gap, gaps)
        made, bits = [], []
        for before, middle, after in zip(sides[0].T, predicted.T, sides[1].T, strict=True):
            found, difference = self.beside(before, middle, after, rate)
            self.judge(found)
            made.append(middle + difference)
            bits.append(found.bits)
        if len(sides[1]):
            self.bits.append(float(np.mean(bits)))
        rest = f", after which the rest costs {np.mean(bits):.2f} bits/sample" if len(sides[1]) else ""
        both = " from both sides" if self.back and all(map(len, sides)) else ""
        return np.stack(made, 1), f"filled by model{both}{rest}"

    def beside(self, before, middle, after, rate: int) -> tuple:
        """Return the Continuation of a channel, and the wave (n,) by which it differs from what is in the `middle`."""
        to = self.trained.rate
        low = audio.resampled(np.concatenate([before, middle, after]), rate, to)
        begin = math.ceil(len(before) * to / rate)
        end = max(begin + 1, math.floor((len(before) + len(middle)) * to / rate))
        found = self.from_both(low[:begin], low[begin:end], low[end:])
        difference = np.zeros(len(low))
        difference[begin:end] = found.wave - low[begin:end]
        return found, audio.resampled(difference, to, rate)[len(before) : len(before) + len(middle)]

    def continued(self, before, predicted, after):
        """Return the Continuation of a side (T,) to the one after it, with what is `predicted` between them."""
        chance = self.label, self.seed, self.stream, self.temperature
        gap = before, predicted, after, self.trained.rate
        return continuation(self.engine, self.trained.codec, *gap, *chance, self.track)

    def from_both(self, before, predicted, after):
        """Return the Continuation of a side, to where it meets that of the other, if there is a model for it."""
        found, rate = self.continued(before, predicted, after), self.trained.rate
        if self.back is None or not len(before) or not len(after):
            return found
        self.back.stream, self.back.track = self.stream, self.track
        back = self.back.continued(after[::-1], predicted[::-1], before[::-1]).wave[::-1]
        wave = met(found.wave, back, rate)
        bits = follows(self.engine, self.trained.codec, self.label, before, wave, after, rate)
        return found._replace(wave=wave, bits=bits)

    def judge(self, found):
        """Say, once, where a recording is of another kind than the model's."""
        if found.heard >= LEAST and found.over > STRANGE and not self.strange:
            self.strange = True
            told = f"what is before the gap costs it {found.over:.1f} bits/sample more than it expected"
            self.say(f"{self.run}: learned another kind of sound: {told}; give the run of a model of such sounds")
