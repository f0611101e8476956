"""Recordings changed as another take of the same might be: louder or fainter, faster or slower, in noise, shifted.

Played faster, a voice is higher too and its formants lie as in a shorter throat, which stands for other speakers (Ko
et al. 2015, Audio augmentation for speech recognition).
"""

import numpy as np

from gen.sound import audio

GAIN = 6.0  # dB up or down
SPEED = 0.15  # up or down, as a share
NOISE = (10.0, 40.0)  # dB under the recording
SHIFT = 0.1  # of the length: cut off at the beginning, or silence put there; the end is as it may be


def changed(wave, rate: int, random):
    """Return a wave (T,) changed by what `random` draws, float32 of another length."""
    speed = 1 + random.uniform(-SPEED, SPEED)
    wave = audio.resampled(np.asarray(wave, np.float32), round(rate * speed), rate)
    wave = wave * 10 ** (random.uniform(-GAIN, GAIN) / 20)
    shift = round(random.uniform(-SHIFT, SHIFT) * len(wave))
    wave = wave[-shift:] if shift < 0 else np.pad(wave, (shift, 0))
    noise = random.standard_normal(len(wave))
    size = np.sqrt(np.mean(wave**2)) * 10 ** (-random.uniform(*NOISE) / 20)
    return (wave + size * noise).astype(np.float32)
