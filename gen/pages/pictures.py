"""Pictures of a wave in a few kilobytes: its outline as an SVG path, its spectrogram as a PNG.

The spectrogram is ink on nothing, so that it shows on light paper; on dark paper the page inverts it.
"""

import struct
import zlib
from itertools import pairwise

import numpy as np

from gen.sound.hearing import from_mel, to_mel

WINDOW = 0.04  # seconds of a frame
RANGE = 60.0  # dB from the darkest ink down to none
SHADES = 40
FAINT, DARK = np.array([52, 140, 170]), np.array([10, 20, 60])  # the ink's colour, from nearly none to full


def spectrogram(wave, rate: int, columns: int, rows: int):
    """Return the power in dB (rows, columns) of a wave over its whole length, mel bands with the highest first."""
    size = max(16, round(WINDOW * rate))
    padded = np.pad(np.asarray(wave, np.float64), (size // 2, size))
    starts = ((np.arange(columns) + 0.5) / columns * len(wave)).astype(int)
    window = np.hanning(size + 1)[:-1]
    power = np.abs(np.fft.rfft(padded[starts[:, None] + np.arange(size)] * window)) ** 2 / window.sum() ** 2
    edges = from_mel(np.linspace(0, to_mel(rate / 2), rows + 1)) * size / rate  # in bins
    low, high, middle = edges[:-1], edges[1:], np.arange(power.shape[1])[:, None]
    share = np.clip(np.minimum(high, middle + 0.5) - np.maximum(low, middle - 0.5), 0, None) / (high - low)
    return 10 * np.log10(power @ share + 1e-12).T[::-1]


def png(decibels, top: float) -> bytes:
    """Return a picture (rows, columns) in dB as a PNG whose ink is full at `top` and gone RANGE below it."""
    shade = np.clip(np.rint((1 - (top - decibels) / RANGE) * (SHADES - 1)), 0, SHADES - 1).astype(np.uint8)
    part = np.linspace(0, 1, SHADES)
    palette = np.rint(FAINT + part[:, None] * (DARK - FAINT)).astype(np.uint8)
    rows = np.pad(shade, ((0, 0), (1, 0)))  # each row begins with its filter, 0: none
    chunks = {
        b"IHDR": struct.pack(">IIBBBBB", shade.shape[1], shade.shape[0], 8, 3, 0, 0, 0),
        b"PLTE": palette.tobytes(),
        b"tRNS": np.rint(255 * part).astype(np.uint8).tobytes(),
        b"IDAT": zlib.compress(rows.tobytes(), 9),
        b"IEND": b"",
    }
    body = [struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d)) for k, d in chunks.items()]
    return b"\x89PNG\r\n\x1a\n" + b"".join(body)


def outline(wave, columns: int, peak: float) -> str:
    """Return the path of a wave's highest and lowest samples, 0..columns wide and -100..100 high at `peak`.

    Heights are square roots, so that one sees a quiet sound beside a loud one.
    """
    edges = np.linspace(0, len(wave), columns + 1).astype(int)
    parts = [wave[a : max(b, a + 1)] for a, b in pairwise(edges)]
    high = [min(-1.0, -100 * max(0.0, float(p.max()) / peak) ** 0.5) if len(p) else -1.0 for p in parts]
    low = [max(1.0, 100 * max(0.0, -float(p.min()) / peak) ** 0.5) if len(p) else 1.0 for p in parts]
    there = "".join(f"L{x} {y:.0f}" for x, y in enumerate(high))
    back = "".join(f"L{x} {y:.0f}" for x, y in reversed(list(enumerate(low))))
    return f"M{there[1:]}{back}Z"
