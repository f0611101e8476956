"""Missing samples by linear prediction, without a model: Janssen's autoregressive interpolation.

A. Janssen, R. Veldhuis, L. Vries 1986, "Adaptive interpolation of discrete-time signals that can be modeled as
autoregressive processes", IEEE Trans. ASSP 34. A signal is what an all-pole filter makes of noise,
sum_k a[k] x[t - k] = e[t] with a[0] = 1. The missing samples are those for which sum e[t]^2 is least, the filter is
that of the whole signal, and the two are found in turns. Waves are float64 (T,), orders count samples.
"""

import numpy as np

ROUNDS = 3  # of filter and samples in turns
WHITE = 1e-9  # of the power, added as white noise: a resampler's empty band leaves the filter undetermined
ASIDE = 0.0025  # seconds between a gap and one that is pretended beside it
LARGEST = 2400  # samples that are solved for together; longer gaps are predicted from both sides
SHORT = 16  # samples on one side of a gap under which it is predicted from the other side alone
CHOICES = ((0.008, 0.02), (0.0125, 0.048), (0.016, 0.128), (0.032, 0.256))  # seconds of order, of context on each side
MIXED = 0.05  # seconds of a gap for which all of these are tried
REACH = CHOICES[-1][1]  # seconds that are looked at on each side, at most


def filter_of(wave, order: int):
    """Return the filter a (order + 1,), a[0] = 1, of a wave: Hann window, autocorrelation, Levinson-Durbin."""
    windowed = wave * np.hanning(len(wave) + 2)[1:-1]
    size = 1 << (2 * len(wave) - 1).bit_length()
    lags = np.fft.irfft(np.abs(np.fft.rfft(windowed, size)) ** 2)[: order + 1]
    error = lags[0] * (1 + WHITE)
    a = np.zeros(order + 1)
    a[0] = 1
    for m in range(1, order + 1):
        if error <= 0:  # silence
            break
        reflection = -(a[:m] @ lags[m:0:-1]) / error
        a[1 : m + 1] += reflection * a[:m][::-1]
        error *= 1 - reflection**2
    return a


def solve(wave, missing, a, bound=None):
    """Return the wave with its `missing` samples (T,) such that the filter's error is least.

    With a `bound` (T,) they are of its sign and no smaller, as what was clipped there: a sample for which it comes out
    otherwise is set to it, and the others are solved for again.
    """
    wave, missing = np.where(missing, 0.0 if bound is None else bound, wave), missing.copy()
    half = np.correlate(a, a, "full")[len(a) - 1 :]
    while missing.any():
        known = np.where(missing, 0.0, wave)
        at = np.flatnonzero(missing)
        size = 1 << (len(wave) + len(a)).bit_length()
        error = np.fft.irfft(np.abs(np.fft.rfft(a, size)) ** 2 * np.fft.rfft(known, size), size)[at]
        lags = np.abs(at[:, None] - at)
        matrix = np.where(lags < len(half), half[np.minimum(lags, len(half) - 1)], 0.0)
        wave[at] = np.linalg.solve(matrix, -error)
        if bound is None:
            break
        short = missing & (wave * np.sign(bound) < np.abs(bound))
        wave[short] = bound[short]
        missing &= ~short
        if not short.any():
            break
    return wave


def interpolate(wave, missing, order: int, bound=None, rounds: int = ROUNDS):
    """Return the wave with its `missing` samples, LARGEST at most, by Janssen's method; see `solve` for `bound`."""
    wave = np.where(missing, 0.0 if bound is None else bound, wave)
    for _ in range(rounds):
        wave = solve(wave, missing, filter_of(wave, order), bound)
    return wave


def extrapolate(wave, count: int, order: int):
    """Return the `count` samples that linear prediction expects after a wave."""
    a = filter_of(wave, order)
    made = np.concatenate([wave[len(wave) - order :], np.zeros(count)])
    for t in range(order, len(made)):
        made[t] = -(a[:0:-1] @ made[t - order : t])
    return made[order:]


def fill(before, count: int, after, rate: int):
    """Return `count` samples between what is before and after them, REACH seconds of each at most, at `rate` Hz.

    Several orders and contexts are tried, and mixed by how well each of them fills gaps as long that are pretended
    beside this one; over MIXED seconds it is the longest of them. Where one side has next to nothing, or the gap is
    longer than LARGEST, it is predicted.
    """
    if min(len(before), len(after)) < SHORT or count > LARGEST:
        return predict(before, count, after, rate)
    made, errors = [], []
    choices = CHOICES if count <= MIXED * rate else CHOICES[-1:]
    for seconds, context in choices:
        size = round(context * rate)
        left, right = before[-size:], after[:size]
        wave = np.concatenate([left, np.zeros(count), right])
        order = max(1, min(round(seconds * rate), 3 * count + 2, len(wave) - count - 1, (len(left) + len(right)) // 2))
        at = len(left)
        wave = interpolate(wave, stretch(wave, at, count), order)
        made.append(wave[at : at + count])
        if len(choices) == 1:
            return made[0]
        aside = count + round(ASIDE * rate)
        errors.append([pretended(wave, begin, count, order) for begin in (at - aside, at + aside)])
    weights = np.sum(errors, 1) ** -2.0
    return weights / weights.sum() @ np.array(made)


def stretch(wave, begin: int, count: int):
    """Return which samples (T,) of a wave are the `count` from `begin` on."""
    inside = np.zeros(len(wave), bool)
    inside[begin : begin + count] = True
    return inside


def pretended(wave, begin: int, count: int, order: int) -> float:
    """Return the mean square error of filling a gap that isn't there; the same for all where it doesn't fit in."""
    if begin < count or begin + 2 * count > len(wave):
        return 1.0
    there = wave[begin : begin + count]
    filled = interpolate(wave, stretch(wave, begin, count), order, rounds=ROUNDS - 1)[begin : begin + count]
    return float(np.mean((filled - there) ** 2)) + 1e-12


def predict(before, count: int, after, rate: int):
    """Return `count` samples predicted from each side that there is, cross-faded; silence where there is none."""
    most = round(CHOICES[-1][0] * rate)
    sides = [
        extrapolate(side, count, min(most, len(side) // 2)) if len(side) >= SHORT else None
        for side in (before, after[::-1])
    ]
    ahead, back = sides[0], None if sides[1] is None else sides[1][::-1]
    if ahead is None or back is None:
        only = back if ahead is None else ahead
        return np.zeros(count) if only is None else only
    fade = np.cos(np.pi / 2 * (np.arange(count) + 0.5) / count) ** 2
    return fade * ahead + (1 - fade) * back
