"""A training's ear: short takes of the model as it is, measured beside the recordings it learns from."""

import copy
from typing import NamedTuple

import numpy as np

from gen.corpus import curves
from gen.corpus.splits import spread
from gen.judging.baselines import PER_BLOCK, baselines, linear_prediction_per_block
from gen.sampling.samplers import sampler
from gen.sampling.settings import Settings
from gen.sound import hearing

TAKES = 4
USUAL = Settings()
SECONDS = 1.0
EXCERPTS = 64  # of the recordings, to measure
GOLDEN = 0.618034  # its multiples, wrapped around, are spread evenly
FIT_SYMBOLS = 500_000  # that the trivial predictors are fitted to


class Impression(NamedTuple):
    """Takes (TAKES, T), what was heard in them, and how far their spectrum is from the recordings', in dB."""

    waves: np.ndarray
    heard: hearing.Heard
    distance: float

    def figures(self) -> dict:
        """Return what was measured by name."""
        return {**self.heard._asdict(), "distance": self.distance}


class Ear:
    """Hears the takes of one training.

    `data` is what its recordings sound like, `loudest` the highest RMS of a second of them in dBFS; `baselines` are the
    bits per sample of trivial predictors, fitted to a part of the recordings, for `held`; it is `harder` by what linear
    prediction per block needs more for it than for that part, 0 or more. Takes of a model with curves, which `told`
    describes, follow the first held-out recordings.
    """

    def __init__(self, train: list, held: list, codec, rate: int, classes: int, told=None):
        self.codec, self.rate = codec, rate
        self.labels, self.control = [i % max(1, classes) for i in range(TAKES)], None
        if told:  # the takes follow recordings
            some = ((held or train) * TAKES)[:TAKES]
            self.labels, self.control = [s.label for s in some], [curves.told(told, s) for s in some]
        chosen = train[:: max(1, len(train) // EXCERPTS)]
        excerpts = [excerpt(s, codec, rate, i * GOLDEN % 1) for i, s in enumerate(chosen)]
        heard = [hearing.hear(wave, rate) for wave in excerpts]
        whole = [len(wave) / rate / SECONDS for wave in excerpts]  # of a second: shorter ones are silent for the rest
        self.data = hearing.mean(heard)
        self.loudest = max(h.rms + 10 * np.log10(max(part, 1e-6)) for h, part in zip(heard, whole, strict=True))
        self.spectrum = hearing.spectrum(excerpts, rate)
        fit = spread(train, FIT_SYMBOLS)
        self.baselines = baselines(fit, held, codec) if held else {}
        self.harder = max(0.0, self.baselines[PER_BLOCK] - linear_prediction_per_block(fit, codec)) if held else 0.0

    def listen(self, model, seed: int, say) -> Impression:
        """Let a model make takes from `start`, of its labels in turn or told what recordings have, and measure them."""
        steps = round(SECONDS * self.rate) * self.codec.digits
        model = copy.deepcopy(model).cpu()
        made = sampler(model, tuple(self.codec.silence), USUAL.engine, USUAL.weights, say)
        symbols = made.generate(steps, range(TAKES), self.labels, seed, control=self.control)
        waves = self.codec.decode(np.concatenate(list(symbols), 1))
        heard = hearing.mean([hearing.hear(wave, self.rate) for wave in waves])
        return Impression(waves, heard, hearing.distance(hearing.spectrum(waves, self.rate), self.spectrum))


def excerpt(segment, codec, rate: int, place: float):
    """Return the wave of up to SECONDS of a segment, from its beginning (`place` 0) to its end (1)."""
    length = segment.stop - segment.start
    wanted = min(length, round(SECONDS * rate) * codec.digits)
    at = segment.start + int((length - wanted) * place) // codec.digits * codec.digits
    return codec.decode(segment.recording.read(at, at + wanted))
