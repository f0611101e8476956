"""Predictors that learn next to nothing, fitted in seconds: what a model must beat before it has learned anything.

Each returns bits per sample on held-out segments, whose first symbols follow silence, as a model's do.
"""

import numpy as np

from gen.corpus.splits import spread
from gen.sound.codec import MuLaw, leaky_sum

PER_BLOCK = "linear prediction per block"
ORDER = 16  # of both linear predictions
BLOCK, PART = 4096, 256  # samples that have coefficients of their own, and a scale of the residual
KIND, SHIFT, COEFFICIENT, SCALE = 2, 5, 13, 6  # what each of them takes in bits
FIT_SYMBOLS = 20_000_000  # at most, evenly spread over the training segments: enough for all that is fitted here
DOUBT = 0.002  # share of probability that linear prediction spreads over all levels: a surprise costs no infinity


def baselines(train, held, codec) -> dict:
    """Return bits per sample of uniform, histogram, first-order Markov and linear predictions on the segments `held`.

    Three are fitted on the segments `train`, and left out where there are none; the linear prediction per block, which
    is fitted on what it codes, needs none.
    """
    out = {"uniform": codec.digits * float(np.log2(codec.levels))}
    if train:
        fit = spread(train, FIT_SYMBOLS)
        out["histogram"] = _counted(fit, held, codec, context=False)
        out["first-order Markov"] = _counted(fit, held, codec, context=True)
        out[f"linear prediction, order {ORDER}"] = linear_prediction(fit, held, codec)
    return {**out, PER_BLOCK: linear_prediction_per_block(held, codec)}


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

    The coefficients are one least-squares fit to all training segments, in the codec's own wave: what any sound of that
    kind is expected to do, no more. The residual's scale is the mean of its past magnitudes under an exponential
    window, the best of three lengths on a part of the training segments.
    """
    gram, cross = 1e-9 * np.eye(ORDER), np.zeros(ORDER)
    for s in train:
        past, wave = _past(_bins(s, codec)[0])
        gram += past.T @ past
        cross += past.T @ wave
    weights = np.linalg.solve(gram, cross)

    def bits(segments, decay):
        total, samples = 0.0, 0
        for s in segments:
            value, low, high = _bins(s, codec)
            past, _ = _past(value)
            guess = past @ weights
            size = leaky_sum(np.abs(value - guess), decay) * (1 - decay)
            scale = np.maximum(np.concatenate([[0.01], size[:-1]]), 1e-4)
            total += _cost(low - guess, high - guess, scale, codec)
            samples += len(value)
        return total / samples

    some = train[:: max(1, len(train) // 50)]
    return bits(held, min((0.9, 0.97, 0.99), key=lambda decay: bits(some, decay)))


def linear_prediction_per_block(held, codec) -> float:
    """Bits per sample of what lossless coders do (Robinson 1994, SHORTEN; RFC 9639, FLAC), in the codec's own wave.

    Each block pays for its own coefficients, a least-squares fit to it, and for the scale in each of its parts of a
    Laplace residual, integrated over each level's bin; or, where that is shorter, it does without prediction or code.
    """
    total, samples = 0.0, 0
    for s in held:
        value, low, high = _bins(s, codec)
        past, _ = _past(value)
        for at in range(0, len(value), BLOCK):
            block = slice(at, at + BLOCK)
            wave, told = value[block], len(value[block]) * codec.digits * np.log2(codec.levels)
            guess = past[block] @ _fitted(past[block], wave)
            for expected, coefficients in ((guess, SHIFT + ORDER * COEFFICIENT), (np.zeros(len(wave)), 0)):
                scale, scales = _scales(np.abs(wave - expected))
                residual = _cost(low[block] - expected, high[block] - expected, scale, codec)
                told = min(told, coefficients + scales + residual)
            total, samples = total + KIND + told, samples + len(wave)
    return total / samples


def _fitted(past, wave):
    """Return the coefficients that predict a wave (T,) best from its `past` (T, ORDER), as whole numbers tell them."""
    weights = np.linalg.solve(past.T @ past + 1e-9 * np.eye(ORDER), past.T @ wave)
    most = 2 ** (COEFFICIENT - 1)
    largest = np.clip(np.ceil(np.log2(np.abs(weights).max() + 1e-9)), -(2 ** (SHIFT - 1)), 2 ** (SHIFT - 1) - 1)
    step = 2.0**largest / most
    return np.clip(np.round(weights / step), -most, most - 1) * step


def _scales(size):
    """Return the scales of a residual of such magnitudes (T,), a half octave apart, and the bits that tell them."""
    at = np.arange(0, len(size), PART)
    counts = np.diff(np.append(at, len(size)))
    octaves = -np.log2(np.maximum(np.add.reduceat(size, at) / counts, 1e-30))
    told = np.clip(np.round(2 * octaves), 0, 2**SCALE - 1)
    return np.repeat(2.0 ** (-told / 2), counts), SCALE * len(at)


def _cost(low, high, scale, codec) -> float:
    """Bits of residuals that lie between `low` and `high` by a Laplace law."""
    p = _laplace(high / scale) - _laplace(low / scale)
    return float(-np.log2((1 - DOUBT) * p + DOUBT / codec.levels**codec.digits).sum())


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
