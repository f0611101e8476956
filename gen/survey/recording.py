"""What one recording is: format, levels, silence, clipping, the bandwidth really used, and what finds its copies.

Files are read block by block in constant memory, mixed to mono as training mixes them, each at its own rate. Levels are
in dBFS (see `gen.sound.hearing`), lengths in seconds, shares between 0 and 1; a spectrum is power (bins,) from 0 Hz to
half the rate, in bins of about 15.6 Hz (BIN) at every rate.
"""

import hashlib
from typing import NamedTuple

import numpy as np

from gen.sound import audio, hearing
from gen.survey import duplicates

RATES = (8000, 11025, 16000, 22050, 24000, 32000, 44100, 48000, 96000)  # Hz that are proposed for training
ROUNDING = 2.0**-30 / 12  # power of the error of rounding to 16 bits
DITHERED = 6.0  # times it: what is fainter is no sound; triangular dither triples it, the rest is doubt
BIN = 1 / hearing.SPECTRUM  # Hz
LOWEST = 40.0  # Hz from which on energy counts
SMOOTH = 13  # bins over which a spectrum is averaged, 200 Hz
BEFORE = 128  # bins below a brick wall, 2 kHz
EDGE = 64  # bins within which it falls, 1 kHz
STEEP = 12.0  # dB that it falls
FOOT = 3.0  # dB above the floor: where it ends
WHOLE = 0.9  # share of the band from which on a file is not cut: recorders' own filters lie there
SLACK = 0.96  # share of the bandwidth that half a rate has to be: an edge is found a little above where it is


class Measured(NamedTuple):
    """A file's figures by name, what finds its copies, and its spectrum, summed over `frames` frames."""

    figures: dict
    samples: str  # hash
    bands: np.ndarray
    loudest: float
    spectrum: np.ndarray
    frames: int


def measure(path, seconds: float = float("inf")) -> Measured:
    """Measure one file, or about its first `seconds`. Raises ValueError for one that training couldn't read."""
    header = audio.info(path)
    rate = header["rate"]
    digest, meter = hashlib.sha256(f"{rate}".encode()), Spectrum(rate)
    count, total, square, peak, silent, clipped, loudest = 0, 0.0, 0.0, 0.0, 0.0, 0.0, (-1.0, 0.0)
    for block in audio.blocks(path, rate):
        digest.update(block.tobytes())
        wave = block.astype(np.float64)
        energy = float(np.sum(wave**2))
        meter.add(wave)
        loudest = max(loudest, (energy / len(wave), (count + len(wave) / 2) / rate))
        count, total, square = count + len(wave), total + float(wave.sum()), square + energy
        peak = max(peak, float(np.abs(wave).max()))
        silent += hearing.silence(wave, rate) * len(wave)
        clipped += hearing.clipping(wave) * len(wave)
        if count > seconds * rate:
            break
    meter.end()
    dc = total / count
    figures = {
        **header,
        "seconds": count / rate,
        "peak": hearing.level(peak),
        "rms": hearing.level(np.sqrt(max(0.0, square / count - dc**2))),
        "dc": hearing.level(abs(dc)),
        "clipping": clipped / count,
        "silence": silent / count,
        "bandwidth": bandwidth(meter.power / meter.frames, rate),
    }
    hertz = np.arange(meter.half + 1) * rate / 2 / meter.half
    bands = duplicates.coarse(meter.power + meter.edges, hertz)
    return Measured(figures, digest.hexdigest(), bands, loudest[1], meter.power, meter.frames)


class Spectrum:
    """The power spectra of a wave that comes in blocks, summed: `power` (bins,) of `frames` frames.

    `edges` (bins,) is that of two more, which reach over the wave's beginning and end. Where it begins or ends
    abruptly, they show a step that nobody recorded.
    """

    def __init__(self, rate: int):
        self.rate, self.half = rate, max(8, round(hearing.SPECTRUM * rate) // 2)
        self.power, self.edges, self.frames = np.zeros(self.half + 1), np.zeros(self.half + 1), 0
        self.rest, self.begun = np.zeros(0), False

    def add(self, wave):
        """Add a block (n,)."""
        wave = np.concatenate([self.rest, wave])
        if not self.begun and len(wave) >= self.half:
            self.edges += hearing.power(np.pad(wave[: self.half], (self.half, 0)), self.rate)[0]
            self.begun = True
        frames = max(0, len(wave) // self.half - 1)
        if frames:
            self.power += hearing.power(wave[: (frames + 1) * self.half], self.rate).sum(0)
        self.frames += frames
        self.rest = wave[frames * self.half :]

    def end(self):
        """Add what is left: the end, or a wave shorter than a frame."""
        self.edges += hearing.power(np.pad(self.rest, (0, 2 * self.half)), self.rate)[:2].sum(0)
        if not self.frames:
            self.power, self.frames = self.edges, 1


def bandwidth(power, rate: int) -> float:
    """Return the Hz above which an average spectrum (bins,) holds nothing but a floor; half the rate if it isn't cut.

    A floor is what 16 bits don't hold, or what lies above a brick wall: 2 kHz of which the faintest part is 12 dB
    louder than the loudest of all that is more than 1 kHz higher. Sounds fall off gradually; encoders and resamplers
    leave walls, whatever noise was added later.
    """
    bins = len(power)
    hertz = np.arange(bins) * rate / 2 / (bins - 1)
    smooth = 10 * np.log10(np.convolve(np.pad(power, SMOOTH // 2, "edge"), np.ones(SMOOTH) / SMOOTH, "valid") + 1e-30)
    floor = 10 * np.log10(DITHERED * ROUNDING * 1.5 / (2 * (bins - 1)))  # of a Hann window's bin
    heard = np.flatnonzero(smooth > floor)
    used = hertz[heard[-1]] if len(heard) else 0.0
    if bins > BEFORE + EDGE:
        before = np.lib.stride_tricks.sliding_window_view(smooth, BEFORE).min(1)[:-EDGE]
        after = np.maximum.accumulate(smooth[::-1])[::-1][BEFORE + EDGE - 1 :]
        wall = int(np.argmax(before - after))
        if before[wall] - after[wall] >= STEEP:
            fallen = smooth[wall + BEFORE :] < after[wall] + FOOT
            used = min(used, hertz[wall + BEFORE + int(np.argmax(fallen))])
    return float(used if used < WHOLE * rate / 2 else rate / 2)


def added(spectrum, other):
    """Return the sum of two spectra, as long as the longer."""
    size = max(len(spectrum), len(other))
    return np.pad(spectrum, (0, size - len(spectrum))) + np.pad(other, (0, size - len(other)))


def lost(spectrum, rate: int) -> float:
    """Return the share of the energy of a spectrum, DC left out, that lies above half of `rate`."""
    hertz = np.arange(len(spectrum)) * BIN
    return float(spectrum[hertz > rate / 2].sum() / max(1e-20, spectrum[hertz > LOWEST].sum()))


def lossless(bandwidth: float) -> int:
    """Return the lowest of RATES that keeps all up to a bandwidth in Hz; the highest, where none does."""
    return next((rate for rate in RATES if rate / 2 >= SLACK * bandwidth), RATES[-1])
