"""What one hears of excerpts of recordings, frame by frame, and how the numbers in a model's state go with it.

Legend: N frames, n units; a trait is NaN in the frames that don't have it.
"""

from typing import NamedTuple

import numpy as np

from gen.base.terminal import unseen
from gen.sound import features

TRAITS = ("pitch", "level", "onset", "voicing", "label")
FAMILIES = ("pitch", "level", "onset")
HOP = 0.01  # seconds from a frame to the next, or near that: a multiple of a model's stride
LONGEST, SHORTEST, FEW = 4.0, 0.05, 8  # seconds of an excerpt; of little sound they are shorter, to be so many
FEWEST = 100  # frames with a trait that a probe is fitted to, and as many that it is tried on


class Excerpts(NamedTuple):
    """B excerpts, no two of which overlap, and what one hears of all their frames, one excerpt after the other.

    A frame comes every `hop` symbols, after the first so many.
    """

    symbols: list  # B arrays
    waves: list  # B arrays
    labels: np.ndarray  # (B,)
    groups: np.ndarray  # (B,): which recording it is of; where there are few, each is a group of its own
    hop: int
    traits: np.ndarray  # (N, len(TRAITS))

    @property
    def frames(self) -> list:
        """How many frames each excerpt has."""
        return [len(symbols) // self.hop for symbols in self.symbols]


def excerpts(segments, codec, rate: int, stride: int, seconds: float, seed: int, track=unseen) -> Excerpts:
    """Return Excerpts of segments, drawn by chance, of about so many seconds in all.

    Raises ValueError where librosa is missing, or all recordings are shorter than SHORTEST.
    """
    a_second = rate * codec.digits
    hop = stride * max(1, round(HOP * a_second / stride))
    hop *= 1 if hop % codec.digits == 0 else codec.digits
    whole = sum(s.stop - s.start for s in segments)
    size = hop * max(1, round(min(LONGEST * a_second, max(a_second, whole / FEW)) / hop))
    cuts = [(s, at, min(at + size, s.stop)) for s in segments for at in range(s.start, s.stop, size)]
    cuts = [cut for cut in cuts if cut[2] - cut[1] >= max(hop, SHORTEST * a_second)]
    if not cuts:
        raise ValueError(f"no recording is {SHORTEST:g} s long, and its features are heard over that; give longer ones")
    order, left = [], seconds * a_second
    for number in np.random.default_rng(seed).permutation(len(cuts)):
        order.append(cuts[number])
        left -= cuts[number][2] - cuts[number][1]
        if left <= 0:
            break
    symbols = [s.recording.read(begin, end) for s, begin, end in order]
    waves = [codec.decode(each) for each in symbols]
    sources = np.unique([s.recording.name for s, _, _ in order], return_inverse=True)[1]
    groups = sources if sources.max() + 1 >= FEW else np.arange(len(order))
    labels = np.array([s.label for s, _, _ in order])
    heard = zip(waves, symbols, labels, strict=True)
    found = [
        traits(w, rate, hop // codec.digits, len(x) // hop, label)
        for w, x, label in track(heard, "features", len(waves))
    ]
    return Excerpts(symbols, waves, labels, groups, hop, np.concatenate(found))


def traits(wave, rate: int, hop: int, count: int, label: int):
    """Return the TRAITS (count, len(TRAITS)) of a wave in the frames behind each `hop` samples.

    Pitch is in octaves from 440 Hz where there is one, level and onset strength are in dB, voicing is a probability.
    """
    heard = features.frames(wave, rate, FAMILIES, hop / rate)
    column = dict(zip(heard.names, heard.values[1 : count + 1].T, strict=True))
    level = np.maximum(column["rms"], features.FAINT)  # as of digital silence
    rows = np.log2(column["f0"] / 440), level, column["onset"], column["voiced"], np.full(len(level), label)
    return np.stack(rows, 1).astype(np.float64)


def correlations(units, heard):
    """Return how units (N, n) go with traits (N, len(TRAITS)): Pearson's correlations (n, len(TRAITS)), from -1 to 1.

    With the label, which is no number, it is the correlation ratio (Pearson 1905): the root of the share of the
    variance that lies between labels. NaN where a trait doesn't vary, 0 for a unit that doesn't.
    """
    out = np.full((units.shape[1], len(TRAITS)), np.nan)
    for number, trait in enumerate(heard.T):
        there = ~np.isnan(trait)
        if there.sum() < 2 or np.ptp(trait[there]) == 0:
            continue
        x, y = units[there].astype(np.float64), targets(number, trait[there])
        x, y = x - x.mean(0), y - y.mean(0)
        variance = np.maximum((x**2).sum(0), 1e-12 * len(x))
        if TRAITS[number] == "label":
            counts = targets(number, trait[there])
            between = ((counts.T @ x) ** 2 / counts.sum(0)[:, None]).sum(0)
            out[:, number] = np.sqrt(between / variance)
        else:
            out[:, number] = (y[:, 0] @ x) / np.sqrt(variance * (y**2).sum())
    return out


def targets(number: int, trait):
    """Return what a probe of a trait is fitted to, (N, 1), or of the label (N, labels), 1 where it is that label."""
    return trait[:, None] if TRAITS[number] != "label" else (trait[:, None] == np.unique(trait)).astype(float)


def probes(units, heard, groups):
    """Return for each trait the R2 of ridge regression from units (N, n), fitted to half of the groups (N,) of frames.

    R2 is the share of the variance that it explains in the other half: 1 is all, under 0 it is worse than their mean.
    NaN where there are too few frames, the trait doesn't vary, or labels are there that it wasn't fitted to. Raises
    ValueError where scikit-learn is missing.
    """
    from gen.naming import fitting

    out = np.full(len(TRAITS), np.nan)
    names = np.unique(groups)
    fit = np.isin(groups, names[::2])
    for number, trait in enumerate(heard.T):
        there = ~np.isnan(trait)
        fitted, tried = there & fit, there & ~fit
        if min(fitted.sum(), tried.sum()) < FEWEST or len(np.unique(groups[fitted])) < 2:
            continue
        y = targets(number, np.where(there, trait, trait[fitted][0]))
        if not (np.ptp(y[fitted], 0) > 0).any() or not (np.ptp(y[tried], 0) > 0).any():
            continue
        if TRAITS[number] == "label" and not np.isin(trait[tried], trait[fitted]).all():
            continue
        line = fitting.line(units[fitted], y[fitted], groups[fitted])
        rest = y[tried] - line.predict(units[tried]).reshape(len(y[tried]), -1)
        out[number] = 1 - (rest**2).sum() / ((y[tried] - y[tried].mean(0)) ** 2).sum()
    return out
