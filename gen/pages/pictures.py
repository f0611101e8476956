"""Pictures of a wave in a few kilobytes: its outline as an SVG path, its spectrogram as a PNG. The only door to `PIL`.

The spectrogram is ink on nothing, so that it shows on light paper; on dark paper the page inverts it.
"""

import io
from itertools import pairwise

import numpy as np
from PIL import Image

from gen.sound import hearing

WINDOW = 0.04  # seconds of a frame
FINE = 4  # times as many bins as a frame has, so that the lowest bands have some
RANGE = 60.0  # dB from the darkest ink down to none
SHADES = 40
FAINT, DARK = np.array([52, 140, 170]), np.array([10, 20, 60])  # the ink's colour, from nearly none to full


def spectrogram(wave, rate: int, columns: int, rows: int):
    """Return the power in dB (rows, columns) of a wave over its whole length, mel bands with the highest first."""
    size = max(16, round(WINDOW * rate))
    padded = np.pad(np.asarray(wave, np.float64), (size // 2, size))
    starts = ((np.arange(columns) + 0.5) / columns * len(wave)).astype(int)
    window = np.hanning(size + 1)[:-1]
    spectra = np.fft.rfft(padded[starts[:, None] + np.arange(size)] * window, FINE * size) / window.sum()
    power = np.abs(spectra) ** 2 @ hearing.bands(rate, spectra.shape[1], rows).T
    return 10 * np.log10(power + 1e-12).T[::-1]


def png(decibels, top: float) -> bytes:
    """Return a picture (rows, columns) in dB as a PNG whose ink is full at `top` and gone RANGE below it."""
    shade = np.clip(np.rint((1 - (top - decibels) / RANGE) * (SHADES - 1)), 0, SHADES - 1).astype(np.uint8)
    part = np.linspace(0, 1, SHADES)
    image = Image.frombytes("P", shade.shape[::-1], shade.tobytes())
    image.putpalette(np.rint(FAINT + part[:, None] * (DARK - FAINT)).astype(np.uint8).tobytes())
    file = io.BytesIO()
    image.save(file, "PNG", optimize=True, transparency=np.rint(255 * part).astype(np.uint8).tobytes())
    return file.getvalue()


def outline(wave, columns: int, peak: float) -> str:
    """Return the path of a wave's highest and lowest samples, 0..columns wide and -100..100 high at `peak`.

    Heights are square roots, so that one sees a quiet sound beside a loud one.
    """
    edges = np.linspace(0, len(wave), columns + 1).astype(int)
    parts = [wave[a : max(b, a + 1)] for a, b in pairwise(edges)]
    high = [max(1.0, 100 * (float(part.max(initial=0)) / peak) ** 0.5) for part in parts]
    low = [max(1.0, 100 * (-float(part.min(initial=0)) / peak) ** 0.5) for part in parts]
    there = [f"{x} {-y:.0f}" for x, y in enumerate(high)]
    back = [f"{x} {y:.0f}" for x, y in enumerate(low)]
    return f"M{'L'.join(there + back[::-1])}Z"
