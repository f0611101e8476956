"""Gaps filled by a trained model at any rate, channel by channel: the band it knows, over linear prediction's rest."""

import math

import numpy as np

from gen.base.terminal import unseen
from gen.judging.surprise import STRANGE, class_of, scorer
from gen.repair import mend
from gen.repair.continuation import HEARD, continuation
from gen.sound import audio

LEAST = 0.5  # seconds of a recording that tell whether it is of the model's kind
LONGEST = 60.0  # seconds of a gap


class Modelled:
    """A trained model as it fills the gaps of the recording at `path`, with the numbers of a `stream` of a seed."""

    def __init__(self, trained, run, path, label: str | None, seed: int, temperature: float, say):
        self.trained, self.run, self.say, self.stream, self.track = trained, run, say, 0, unseen
        self.bits: list = []  # a sample, that what follows each gap costs, as they are filled
        self.engine = scorer(trained, run, say)
        self.label = class_of(trained, self.engine, path, label)
        self.seed, self.temperature = seed, temperature
        self.strange = False

    def __call__(self, recording, gap, gaps):
        """Return the wave (n, channels) of a gap, and how it was made.

        The model fills the band that it knows; above it is what linear prediction makes. Raises ValueError.
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
        follows = f", after which the rest costs {np.mean(bits):.2f} bits/sample" if len(sides[1]) else ""
        return np.stack(made, 1), f"filled by model{follows}"

    def beside(self, before, middle, after, rate: int) -> tuple:
        """Return the Continuation of a channel, and the wave (n,) by which it differs from what is in the `middle`."""
        to = self.trained.rate
        low = audio.resampled(np.concatenate([before, middle, after]), rate, to)
        begin = math.ceil(len(before) * to / rate)
        end = max(begin + 1, math.floor((len(before) + len(middle)) * to / rate))
        chance = self.label, self.seed, self.stream, self.temperature
        gap = low[:begin], end - begin, low[end:], to
        found = continuation(self.engine, self.trained.codec, *gap, *chance, self.track)
        difference = np.zeros(len(low))
        difference[begin:end] = found.wave - low[begin:end]
        return found, audio.resampled(difference, to, rate)[len(before) : len(before) + len(middle)]

    def judge(self, found):
        """Say, once, where a recording is of another kind than the model's."""
        if found.heard >= LEAST and found.over > STRANGE and not self.strange:
            self.strange = True
            told = f"what is before the gap costs it {found.over:.1f} bits/sample more than it expected"
            self.say(f"{self.run}: learned another kind of sound: {told}; give the run of a model of such sounds")
