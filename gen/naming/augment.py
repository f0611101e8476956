"""Recordings changed as another take of the same might be: louder or fainter, faster or slower, in noise, later.

Played faster, a voice is higher too and its formants lie as in a shorter throat, which stands for other speakers (Ko
et al. 2015, Audio augmentation for speech recognition).
"""

import numpy as np

from gen.sound import audio

GAIN = 6.0  # dB up or down
SPEED = 1.25  # times faster or slower, at most
NOISE = (15.0, 40.0)  # dB under the recording
SHIFT = 0.1  # of the length that it begins later, at most


def changed(wave, rate: int, random):
    """Return a wave (T,) changed by what `random` draws, float32 of another length."""
    speed = SPEED ** random.uniform(-1, 1)
    wave = audio.resampled(np.asarray(wave, np.float32), rate * speed, rate)
    wave = wave * 10 ** (random.uniform(-GAIN, GAIN) / 20)
    size = np.sqrt(np.mean(wave**2)) * 10 ** (-random.uniform(*NOISE) / 20)
    wave = np.pad(wave, (round(random.uniform(0, SHIFT) * len(wave)), 0))
    return (wave + size * random.standard_normal(len(wave))).astype(np.float32)
