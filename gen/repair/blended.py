"""A continuation of a model, led in each band to what its rivals agree on, over what linear prediction foretells there.

One continuation is one of many that might have been. Where it is louder or fainter than they are on average, in dB, it
is led there: what has the mean of the log spectra is nearest to all of them in log-spectral distance. And what goes on
as it was, a note that sounds through the gap, linear prediction knows to the phase, which a model that hears 8 bits of
it does not: how much of each band it foretells is measured on gaps as long that are pretended on both sides, where the
truth is known. That share of it is kept, and the continuation fills in the power that is left. Waves are float64 (T,)
at the model's rate; spectra are (frames, bins).
"""

import numpy as np

from gen.sound import autoregression

FRAME, PARTS = 0.032, 4  # seconds of a spectrum, and how many begin in that time
SMOOTH = 17  # bins over which spectra are smoothed
MOST = 20.0  # dB by which a band is led up or down
TRUST = 0.3  # of the likelihoods that count among rivals: these are of few samples, and surer than what is heard
NOTHING = 1e-9  # power that is none
FEW = 9.0  # nats of them under the likeliest, from which on a rival counts for nothing
JOIN = 0.002  # seconds at each end in which it is cross-faded with linear prediction, which joins the sides


def likely(nats):
    """Return which continuations count beside the likeliest, that one first, given what the right side costs (S,)."""
    order = np.argsort(nats, kind="stable")
    return order[TRUST * (nats[order] - nats[order[0]]) < FEW]


def blended(waves, nats, predicted, before, after, rate: int):
    """Return the first of the `waves` (S, T) that continue `before`, the likeliest, led and filled in as above.

    `nats` (S,) is what `after` costs after each, `predicted` (T,) the gap by linear prediction.
    """
    size, odds = frame(rate), np.exp(TRUST * (nats[0] - nats))
    share = foretold(before, len(predicted), after, rate)
    sides = before[-size:], after[:size]
    best, kept = spectra(waves[0], sides, size), spectra(predicted, sides, size)
    rivals = sum(odd * decibels(spectra(wave, sides, size)) for odd, wave in zip(odds, waves, strict=True)) / odds.sum()
    expected = (1 - share) * rivals + share * decibels(kept)
    led = np.clip(expected - decibels(best), -MOST, MOST)
    left = np.sqrt(np.maximum(0, 1 - share**2 * 10 ** ((decibels(kept) - expected) / 10)))
    wave = wave_of(share * kept + left * 10 ** (led / 20) * best, len(sides[0]), len(predicted), size)
    return joined_at_ends(wave, predicted, rate)


def joined_at_ends(wave, other, rate: int):
    """Return a wave that begins and ends as the `other` (T,), which joins its sides, in JOIN seconds of each end."""
    join = min(round(JOIN * rate), len(wave) // 2)
    fade = np.ones(len(wave))
    fade[:join] = np.sin(np.pi / 2 * (np.arange(join) + 0.5) / join) ** 2
    fade *= fade[::-1]
    return fade * wave + (1 - fade) * other


def foretold(before, count: int, after, rate: int):
    """Return how far linear prediction foretells each bin of `count` samples, 0 to 1, by gaps pretended on the sides.

    It is the root of the share of the power that is not left as error. Where no side has room for one it is 0.
    """
    size, reach = frame(rate), round(autoregression.REACH * rate)
    error = power = np.zeros(size // 2 + 1)
    for side in (before[::-1], after):
        if len(side) >= 2 * reach + count:
            left, gap, right = np.split(side[: 2 * reach + count], [reach, reach + count])
            missed = gap - autoregression.fill(left, count, right, rate)
            nothing = left[:0], right[:0]
            error = error + (np.abs(spectra(missed, nothing, size)) ** 2).sum(0)
            power = power + (np.abs(spectra(gap, nothing, size)) ** 2).sum(0)
    return np.sqrt(np.clip(1 - (smoothed(error) + NOTHING) / (smoothed(power) + NOTHING), 0, 1))


def frame(rate: int) -> int:
    """Return how many samples a frame has, so many that PARTS divide it."""
    return PARTS * round(FRAME * rate / PARTS)


def window(size: int):
    """Return the root of a Hann window: frames that it weighs twice add up."""
    return np.sqrt(np.hanning(size + 1)[:-1])


def spectra(wave, sides, size: int):
    """Return the spectra of a wave between its `sides`, in silence, of frames so long."""
    whole = np.concatenate([np.zeros(size), sides[0], wave, sides[1], np.zeros(2 * size)])
    frames = np.lib.stride_tricks.sliding_window_view(whole, size)[:: size // PARTS]
    return np.fft.rfft(frames * window(size))


def wave_of(spectra, begin: int, count: int, size: int):
    """Return `count` samples of the wave of `spectra`, from `begin` samples after the silence before it on."""
    frames, hop = np.fft.irfft(spectra, size) * window(size), size // PARTS
    whole = np.zeros((len(frames) - 1) * hop + size)
    for number, part in enumerate(frames):
        whole[number * hop : number * hop + size] += part
    return whole[size + begin : size + begin + count] * 2 / PARTS


def decibels(spectra, bins: int = SMOOTH):
    """Return spectra as powers in dB, smoothed over so many bins."""
    return smoothed(10 * np.log10(np.abs(spectra) ** 2 + NOTHING), bins)


def smoothed(rows, bins: int = SMOOTH):
    """Return rows (..., n) smoothed over so many bins."""
    weights = np.hanning(bins + 2)[1:-1]
    padded = np.pad(rows, [(0, 0)] * (rows.ndim - 1) + [(bins // 2, bins // 2)], "edge")
    return np.lib.stride_tricks.sliding_window_view(padded, bins, axis=-1) @ (weights / weights.sum())
