"""Clicks and splices of a recording, which a model hears.

A click may begin at a sample that surprises the model far more than it expected. It is one if the recording is told in
fewer bits as one that was mended there, and a click, than as it is (Rissanen 1978, "Modeling by shortest data
description", Automatica 14): the model hears both. A voice's pulses, a plosive and a note that begins go on after the
first samples, so that these, mended, make what follows a greater surprise.

A splice is a moment that isn't mended so, at which the model is surprised and the error of linear prediction stands out
from the 20 ms on both sides, as the pulses of a voice, which come again, and onsets, after which all is loud, don't.
Waves are (T,) mono at the model's rate.
"""

import numpy as np

from gen.engine.forced import hear
from gen.judging.faults import CLICK, MARGIN, NEAR, PIECE, SPLICE, Fault
from gen.judging.surprise import class_of
from gen.sound.autoregression import filter_of, interpolate, stretch

BEGINS = 8.0  # bits over what was expected, of a sample at which a break may begin
APART = 3  # samples after which another may
LENGTHS = 4, 8, 16, 32  # samples that are mended, from the one before it on
TOLD = 5.0  # bits that a sample of a click takes, and as many for where it is
HEARD = 0.05  # seconds that the model hears before it
LEAD, AFTER = 2, 24  # samples before it, and after what is mended, that are compared
SIDE = 400  # samples on each side by which it is mended
BATCH = 32  # of moments heard together

ORDER = 32  # of linear prediction
FITTED = 0.05  # seconds for which it is fitted, on three times as many
FAR = 0.02  # seconds up to which a splice must stand out from NEAR on
FLOOR = 1e-3  # of full scale: an error under it is nothing to hear
SURPRISED = 8  # samples of a splice that surprise
STANDS = 100.0  # bits that they are over what was expected, times how far the error stands out


class Breaks:
    """Listens with a trained model to the recording at `path`: hears each block and its Cost, and finds Faults."""

    def __init__(self, trained, engine, path, label: str | None = None):
        self.rate, self.model = trained.rate, (engine, trained.codec, class_of(trained, engine, path, label))
        self.found: list = []
        self.wave, self.over, self.begin = np.zeros(0), np.zeros(0), 0
        self.margin, self.done = round(MARGIN * self.rate), 0

    def __call__(self, block, cost):
        """Hear a block (n,) of the wave and what it cost."""
        self.wave = np.concatenate([self.wave, block])
        self.over = np.concatenate([self.over, (cost.nats - cost.expected) / np.log(2)])
        if len(self.wave) > PIECE * self.rate:
            self.search(len(self.wave) - self.margin)

    def end(self) -> list:
        """Return all Faults, when the wave has ended."""
        self.search(len(self.wave))
        return self.found

    def search(self, until: int):
        """Add what is found before sample `until` of those kept; keep what comes after it, and a margin."""
        for at, size, kind, strength in breaks(*self.model, self.wave, self.over, self.rate):
            first = self.begin + at
            if self.done <= first < self.begin + until:
                self.found.append(Fault(first / self.rate, (first + size) / self.rate, kind, strength))
        self.done = self.begin + until
        left = max(0, until - self.margin)
        self.wave, self.over, self.begin = self.wave[left:], self.over[left:], self.begin + left


def breaks(engine, codec, label: int, wave, over, rate: int) -> list:
    """Return the breaks of a wave: first sample, how many, kind and strength; `over` (T,) are bits over the expected.

    Those within NEAR, or in what is mended, are one: a click before splices, the strongest of a kind.
    """
    moments = begins(over)
    saved = [saving(engine, codec, label, wave, moments[at : at + BATCH], rate) for at in range(0, len(moments), BATCH)]
    error = prediction_error(wave, rate)
    stands = error / (surrounding(error, round(NEAR * rate), round(FAR * rate)) + FLOOR)
    found: list = []
    until, near = 0, round(NEAR * rate)
    for at, bits in zip(moments, np.concatenate([*saved, np.zeros((0, len(LENGTHS)))]), strict=True):
        strength = stands[max(0, at - LEAD) : at + SURPRISED].max()
        if bits.max() > 0:
            one = int(at) - 1, LENGTHS[np.argmax(bits)], CLICK, float(bits.max())
        elif strength * over[at : at + SURPRISED].sum() > STANDS:
            one = max(0, int(at) - near), 2 * near, SPLICE, float(strength)
        else:
            continue
        if at < until:
            found[-1] = max(found[-1], one, key=lambda each: (each[2] == CLICK, each[3]))
        else:
            found.append(one)
        until = max(at + near, sum(found[-1][:2]))
    return found


def begins(over):
    """Return the samples at which a break may begin, given the bits (T,) over what was expected of each."""
    high = np.flatnonzero(over > BEGINS)
    high = high[np.diff(high, prepend=-APART - 1) > APART]
    return high[high >= ORDER]  # which nothing comes before


def saving(engine, codec, label: int, wave, moments, rate: int):
    """Return the bits (N, LENGTHS) that are saved where clicks that begin at N `moments` of a wave are mended.

    They are those that the model needs for what is recorded, less those for what was mended, those by which that is
    still over what was expected, and those that the click takes.
    """
    reach, last = max(SIDE, round(HEARD * rate) + LEAD), LENGTHS[-1] - 1 + AFTER
    padded = np.pad(wave.astype(np.float64), reach)
    before, after = [], []
    for at in moments + reach:
        near = padded[at - SIDE : at + SIDE]
        heard = padded[at - LEAD - round(HEARD * rate) : at - LEAD]
        before.append(codec.encode(heard))
        mended = [interpolate(near, stretch(near, SIDE - 1, size), ORDER, rounds=2) for size in LENGTHS]
        parts = (each[SIDE - LEAD : SIDE + last] for each in (near, *mended))
        after += [codec.encode(part, float(heard[-1])) for part in parts]
    streams = engine.begin([label] * len(moments))
    hear(engine, streams, np.stack(before))
    cost = hear(engine, streams.rows(np.repeat(np.arange(len(moments)), 1 + len(LENGTHS))), np.stack(after))
    shape = len(moments), 1 + len(LENGTHS), LEAD + last, codec.digits
    bits, expected = (part.reshape(shape).sum(3).cumsum(2) / np.log(2) for part in (cost.nats, cost.expected))
    saved = []
    for number, size in enumerate(LENGTHS, 1):
        end = LEAD + size - 1 + AFTER - 1
        over = np.maximum(0, bits[:, number, end] - expected[:, number, end])
        saved.append(bits[:, 0, end] - bits[:, number, end] - over - TOLD * (size + 1))
    return np.stack(saved, 1)


def prediction_error(wave, rate: int):
    """Return the size of the error (T,) of linear prediction, which is fitted anew for each FITTED seconds."""
    size, error = round(FITTED * rate), np.zeros(len(wave))
    for at in range(0, len(wave), size):
        begin = max(0, at - size)
        part = wave[begin : at + 2 * size]
        inside = np.convolve(part, filter_of(part, min(ORDER, len(part) - 1)))[at - begin : at - begin + size]
        error[at : at + size] = np.abs(inside[: len(error) - at])
    error[:ORDER] = 0  # which nothing comes before
    return error


def surrounding(error, near: int, far: int):
    """Return the highest error (T,) from `near` to `far` samples before and after each sample."""
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(error, far), far - near).max(1)
    before, after = windows[: len(error)], windows[far + near + 1 :][: len(error)]
    return np.maximum(before, np.pad(after, (0, len(error) - len(after))))
