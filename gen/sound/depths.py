"""Samples as files store them: whole numbers of so many bits, or real ones; and the header of a WAV."""

import struct

import numpy as np

DEPTHS = {"PCM_S8": 8, "PCM_U8": 8, "PCM_16": 16, "PCM_24": 24, "PCM_32": 32}  # bits of a stored sample
REAL = {"FLOAT": "float32", "DOUBLE": "float64"}  # types of what is stored as no whole number
UNSIGNED = {"PCM_S8": "PCM_U8"}  # what a WAV has in place of other formats' depths


def full_scale(samples):
    """Return `stored` samples as a wave of full scale 1, float64."""
    return samples / 2.0**31 if samples.dtype == np.int32 else samples.astype(np.float64)


def as_stored(wave, subtype: str):
    """Return a wave of full scale 1 as a file of that `subtype` stores it, in the numbers of `stored`."""
    if subtype in REAL:
        return np.asarray(wave, REAL[subtype])
    half = 2 ** (DEPTHS[subtype] - 1)
    return (np.clip(np.rint(np.asarray(wave, np.float64) * half), -half, half - 1) * (2**31 / half)).astype(np.int32)


def pcm(wave):
    """Return a wave as 16-bit samples: rounded, clipped at full scale."""
    return np.clip(np.rint(np.asarray(wave, np.float64) * 32768), -32768, 32767).astype(np.int16)


def wav_header(rate: int, frames: float) -> bytes:
    """Return the first 44 bytes of a 16-bit mono WAV; of more frames than it can say, the most, as streams have it."""
    size = int(min(2 * frames, 2**32 - 1 - 36))
    fmt = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, rate, 2 * rate, 2, 16)
    return struct.pack("<4sI4s", b"RIFF", size + 36, b"WAVE") + fmt + struct.pack("<4sI", b"data", size)
