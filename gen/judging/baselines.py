"""Predictors that learn next to nothing, fitted in seconds: what a model must beat before it has learned anything.

Each returns bits per sample on held-out segments, whose first symbols follow silence, as a model's do.
"""

import numpy as np

from gen.corpus.splits import spread
from gen.sound.codec import MuLaw, leaky_sum

ORDER = 16  # of the linear prediction
FIT_SYMBOLS = 20_000_000  # at most, evenly spread over the training segments: enough for all that is fitted here
DOUBT = 0.002  # share of probability that linear prediction spreads over all levels: a surprise costs no infinity


def baselines(train, held, codec) -> dict:
    """Return bits per sample of uniform, histogram, first-order Markov and linear prediction on the segments `held`.

    The last three are fitted on the segments `train`, and left out where there are none.
    """
    out = {"uniform": codec.digits * float(np.log2(codec.levels))}
    if not train:
        return out
    fit = spread(train, FIT_SYMBOLS)
    out["histogram"] = _counted(fit, held, codec, context=False)
    out["first-order Markov"] = _counted(fit, held, codec, context=True)
    out[f"linear prediction, order {ORDER}"] = linear_prediction(fit, held, codec)
    return out


def _counted(train, held, codec, context):
    """Counts of each symbol, by its place among a sample's digits and, with `context`, after each symbol."""
    levels, digits = codec.levels, codec.digits
    rows = digits * (levels if context else 1)

    def count(segments):
        counts = np.zeros(rows * levels, np.int64)
        for s in segments:
            symbols = _symbols(s)
            row = np.arange(len(symbols)) % digits
            if context:
                row = row * levels + np.concatenate([codec.silence[-1:], symbols[:-1]])
            counts += np.bincount(row * levels + symbols, minlength=len(counts))
        return counts.reshape(rows, levels)

    seen = count(train) + 1 / levels  # each row begun with one pseudo-count, spread evenly
    tested = count(held)
    return float(-(tested * np.log2(seen / seen.sum(1, keepdims=True))).sum() / tested.sum() * digits)


def linear_prediction(train, held, codec) -> float:
    """Bits per sample of a linear prediction of order 16 with a Laplace residual, integrated over each level's bin.

    The coefficients are one least-squares fit to all training segments. The residual's scale is the mean of its past
    magnitudes under an exponential window, the best of three lengths on a part of the training segments. This is what
    lossless coders do (Robinson 1994, SHORTEN), here in the codec's own wave.
    """
    gram, cross = 1e-9 * np.eye(ORDER), np.zeros(ORDER)
    for s in train:
        past, wave = _past(_bins(s, codec)[0])
        gram += past.T @ past
        cross += past.T @ wave
    weights = np.linalg.solve(gram, cross)

    def bits(segments, decay):
        total = samples = 0
        for s in segments:
            value, low, high = _bins(s, codec)
            past, _ = _past(value)
            guess = past @ weights
            size = leaky_sum(np.abs(value - guess), decay) * (1 - decay)
            scale = np.maximum(np.concatenate([[0.01], size[:-1]]), 1e-4)
            p = _laplace((high - guess) / scale) - _laplace((low - guess) / scale)
            total -= np.log2((1 - DOUBT) * p + DOUBT / codec.levels**codec.digits).sum()
            samples += len(value)
        return float(total / samples)

    some = train[:: max(1, len(train) // 50)]
    return bits(held, min((0.9, 0.97, 0.99), key=lambda decay: bits(some, decay)))


def _symbols(segment):
    return segment.recording.read(segment.start, segment.stop)


def _bins(segment, codec):
    """Return for each sample the value that its level stands for and the bounds of the level's bin, float64 (T,)."""
    symbols = _symbols(segment)
    if isinstance(codec, MuLaw):
        law = MuLaw(codec.bits, emphasis=0.0)  # with emphasis, the emphasised wave
        value, low, high = (law.decode(symbols + d).astype(np.float64) for d in (0, -0.5, 0.5))
        return value, np.where(symbols == 0, -np.inf, low), np.where(symbols == codec.levels - 1, np.inf, high)
    value = codec.decode(symbols).astype(np.float64)
    return value, value - 2.0**-codec.bits, value + 2.0**-codec.bits


def _past(wave):
    """Return the ORDER samples before each, nearest first, zeros before the beginning: (T, ORDER); and the wave."""
    padded = np.concatenate([np.zeros(ORDER), wave])
    windows = np.lib.stride_tricks.sliding_window_view(padded, ORDER)[: len(wave)]
    return windows[:, ::-1], wave


def _laplace(z):
    """The cumulative distribution of the Laplace law of scale 1."""
    return np.where(z < 0, 0.5 * np.exp(np.minimum(z, 0)), 1 - 0.5 * np.exp(-np.maximum(z, 0)))
