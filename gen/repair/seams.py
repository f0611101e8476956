"""Where a recording can be looped: two moments so alike that after the second the first may come again.

The spectrum shortlists pairs of moments, those around which the mel bands differ least. Of these the model chooses: it
hears what is before the second moment, then what follows the first, and what that costs it over what it costs where it
was recorded says how far its state is from the one it had. Waves are mono, float64 (T,), at the model's rate.
"""

from typing import NamedTuple

import numpy as np

from gen.base.terminal import unseen
from gen.engine.forced import hear
from gen.engine.program import BLOCK
from gen.sound import hearing

HOP, WINDOW, BANDS = 0.01, 0.032, 24  # seconds from frame to frame, of a frame; mel bands
RANGE = 50.0  # dB under the highest band of a recording: what is under it isn't heard
AROUND = 0.08  # seconds on each side of a moment that must be alike
SPAN = 0.8, 1.25  # times the length asked for
SHORTLIST, APART = 24, 0.05  # pairs that the model hears; seconds by which they differ at one end
BEFORE, AFTER = 0.2, 0.06  # seconds that it hears before the second moment, and after the first
EQUALLY = 0.02  # bits a sample that count as much as a dB
FADE = 0.05  # seconds of a loop's end that are cross-faded with what is before its begin
FAINT = 6.0  # dB by which a loop may be fainter than the recording


class Seam(NamedTuple):
    """A loop from sample `begin` on, before sample `end`; `bits` a sample are what it costs to begin again, over."""

    begin: int
    end: int
    distance: float  # of the spectra around the two moments, dB
    bits: float = 0.0

    @property
    def badness(self) -> float:
        """What both come to together."""
        return self.bits + EQUALLY * self.distance


def frames(wave, rate: int):
    """Return the mel bands (n, BANDS) of a wave in dB, those in RANGE, each HOP; frame n is about its sample n HOP."""
    size, hop = round(WINDOW * rate), round(HOP * rate)
    padded = np.pad(wave, size // 2)
    parts = np.lib.stride_tricks.sliding_window_view(padded, size)[::hop]
    window, weights = np.hanning(size + 1)[:-1], hearing.bands(rate, size // 2 + 1, BANDS).T
    found = [
        np.abs(np.fft.rfft(parts[at : at + BLOCK] * window)) ** 2 / window.sum() ** 2 @ weights
        for at in range(0, len(parts), BLOCK)
    ]
    mel = 10 * np.log10(np.concatenate(found) + 1e-12)
    return np.maximum(mel, mel.max() - RANGE)


def least(seconds: float) -> float:
    """Return how many seconds of a recording a loop of about so many wants."""
    return SPAN[0] * seconds + BEFORE + AROUND + 3 * HOP


def shortlist(wave, rate: int, seconds: float, track=unseen) -> list:
    """Return the Seams of loops of about `seconds`, most alike first, SHORTLIST at most; none where all is silence."""
    mel, hop = frames(wave, rate), round(HOP * rate)
    wide, margin = round(AROUND / HOP), int(np.ceil(BEFORE / HOP))
    energy = np.concatenate([[0.0], np.cumsum(wave**2)])
    least = max(energy[-1] / len(wave) * 10 ** (-FAINT / 10), 10 ** (hearing.QUIET / 10))
    lags = range(round(SPAN[0] * seconds / HOP), round(SPAN[1] * seconds / HOP) + 1)
    found: list = []
    for lag in track(lags, "looking for loops", len(lags)):
        last = min(len(mel), len(wave) // hop) - lag - wide  # of the first moments
        if last <= margin:
            break
        apart = np.concatenate([[0.0], np.cumsum(((mel[lag:] - mel[:-lag]) ** 2).mean(1))])
        begin = np.arange(margin, last)
        distance = (apart[begin + wide] - apart[begin - wide]) / (2 * wide)
        power = (energy[(begin + lag) * hop] - energy[begin * hop]) / (lag * hop)
        distance[power < least] = np.inf
        for each in np.argsort(distance)[:SHORTLIST]:
            at = int(begin[each]) * hop
            found.append(Seam(at, at + lag * hop, float(np.sqrt(distance[each]))))
    heard = [seam for seam in sorted(found, key=lambda seam: seam.distance) if np.isfinite(seam.distance)]
    return [in_phase(wave, seam, rate) for seam in distinct(heard, rate)]


def distinct(seams, rate: int) -> list:
    """Return the first SHORTLIST of Seams that are APART from all before them, at one end at least."""
    kept: list = []
    for seam in seams:
        far = (max(abs(seam.begin - s.begin), abs(seam.end - s.end)) >= APART * rate for s in kept)
        if len(kept) < SHORTLIST and all(far):
            kept.append(seam)
    return kept


def aligned(sought, wave) -> int:
    """Return where in a wave (T,) the part lies whose correlation with the one `sought` (n,) is highest."""
    places = np.lib.stride_tricks.sliding_window_view(wave, len(sought))
    return int(np.argmax(places @ sought / np.sqrt((places**2).sum(1) + 1e-9)))


def in_phase(wave, seam: Seam, rate: int) -> Seam:
    """Return a Seam whose end is moved by HOP at most, to where the wave is most like that around its begin."""
    side, reach = round(WINDOW * rate / 2), round(HOP * rate)
    first = seam.end - reach - side
    sought = wave[seam.begin - side : seam.begin + side]
    return seam._replace(end=seam.end - reach + aligned(sought, wave[first : seam.end + reach + side]))


def judged(engine, codec, label: int, wave, seams, rate: int) -> list:
    """Return Seams with the bits a sample that it costs the model to begin them again, over; the best first."""
    before, after = round(BEFORE * rate), round(AFTER * rate)

    def cost(moments):
        symbols = np.stack([codec.encode(wave[at - before : at]) for at in moments])
        streams = engine.begin([label] * len(seams))
        for at in range(0, symbols.shape[1], BLOCK):
            part = symbols[:, at : at + BLOCK]
            engine.advance(streams, part.shape[1], part)
        then = np.stack([codec.encode(wave[seam.begin : seam.begin + after]) for seam in seams])
        return hear(engine, streams, then).bits.sum(1) / after

    over = cost([seam.end for seam in seams]) - cost([seam.begin for seam in seams])
    found = [seam._replace(bits=float(bits)) for seam, bits in zip(seams, over, strict=True)]
    return sorted(found, key=lambda seam: seam.badness)
