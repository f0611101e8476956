"""Recordings of noise to make a corpus of."""

import numpy as np
import soundfile

from gen.sound.codec import MuLaw
from tests.small import corpus

RATE = 8000
CODEC = MuLaw(8, 0.0)


def write(path, seconds=0.5, rate=RATE, seed=0):
    path.parent.mkdir(parents=True, exist_ok=True)
    wave = np.random.default_rng(seed).uniform(-0.5, 0.5, max(1, round(seconds * rate)))
    soundfile.write(path, wave, rate)
    return path


def load(folder, codec=CODEC, **settings):
    return corpus(str(folder), codec, **{"rate": RATE, **settings})
