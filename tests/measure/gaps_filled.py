"""Gaps of known recordings filled by each method: `python -m tests.measure.gaps_filled FOLDER LIST [COUNT [RUN [MS]]]`

FOLDER holds recordings, LIST is a file of the names of those that no model was trained on. Of each length, or of those
in MS (such as 100,300), COUNT gaps (200) are made at places that sound, drawn by a fixed seed, and filled, by the model
in RUN as well, at whose rate the recordings are then, and with that of reversed time where it is RUN+BACK. The
SNR is over the gap, the log-spectral distance (LSD) over it and 20 ms on each side, both means over the gaps in dB,
the LSD also less that of `ar`. The judge's distance is that of the seconds around the gaps, as a set, from the same as
they were recorded, on the scale of what these vary by; beside it is how far each of them was moved. Numbers after +-
are half of an interval of 95 %.
"""

import functools
import sys
import time
from pathlib import Path

import numpy as np

import gen
from gen.base.terminal import say
from gen.judging import voice
from gen.judging.statistics import SECONDS, Scale, statistics
from gen.repair import mend
from gen.repair.continuation import HEARD
from gen.repair.modelled import Modelled
from gen.sound import audio
from gen.sound.autoregression import REACH, fill
from gen.sound.hearing import fitted
from tests.measure.judge_right import paired

RATE = 16000  # Hz, without a model
LENGTHS = (0.005, 0.02, 0.05, 0.1, 0.3)  # seconds
MARGIN = 0.1  # seconds at the ends of a recording that have no gap
SOUNDS = -60.0  # dBFS in the gap and 50 ms around it
WINDOW, HOP, AROUND = 512, 128, 0.02  # samples of a frame of the LSD, and between two; seconds around a gap
FLOOR = -80.0  # dBFS of a bin: LSD would measure silence under it
TEMPERATURE = 0.9  # of the model
ALIKE = 0.02  # seconds on each side by which a transplant is chosen


def places(waves, count: int, seconds: float, rate: int, seed: int = 0) -> list:
    """Return `count` gaps in recordings: which of them, and the first sample."""
    random, size, margin = np.random.default_rng(seed), round(seconds * rate), round(MARGIN * rate)
    room = np.array([max(0, len(wave) - 2 * margin - size) for wave in waves], float)
    found: list[tuple] = []
    while len(found) < count:
        which = random.choice(len(waves), p=room / room.sum())
        begin = margin + int(random.integers(room[which]))
        around = waves[which][begin - rate // 20 : begin + size + rate // 20]
        if 20 * np.log10(around.std() + 1e-9) > SOUNDS:
            found.append((which, begin))
    return found


def silence(wave, begin: int, size: int, rate: int):
    return np.zeros(size)


def line(wave, begin: int, size: int, rate: int):
    return np.linspace(wave[begin - 1], wave[begin + size], size + 2)[1:-1]


def ar(wave, begin: int, size: int, rate: int):
    reach = round(REACH * rate)
    return fill(wave[max(0, begin - reach) : begin], size, wave[begin + size : begin + size + reach], rate)


def transplant(wave, begin: int, size: int, rate: int):
    """Return the passage of the same recording whose surroundings are most like those of the gap."""
    side = round(ALIKE * rate)
    sought = np.concatenate([wave[begin - side : begin], np.zeros(size), wave[begin + size : begin + size + side]])
    inside = np.concatenate([np.ones(side), np.zeros(size), np.ones(side)])
    length = 1 << (len(wave) + len(sought)).bit_length()

    def correlated(x, pattern):
        return np.fft.irfft(np.fft.rfft(x, length) * np.fft.rfft(pattern, length).conj(), length)

    count = len(wave) - len(sought) + 1
    distance = (correlated(wave**2, inside) - 2 * correlated(wave, sought))[:count]
    distance[max(0, begin - side - len(sought)) : begin + size + side] = np.inf  # what holds the gap itself
    at = int(np.argmin(distance)) + side
    return wave[at : at + size]


def snr(real, made) -> float:
    """Return the signal-to-noise ratio in dB."""
    return float(10 * np.log10((real @ real + 1e-12) / ((real - made) @ (real - made) + 1e-12)))


def lsd(real, made) -> float:
    """Return the log-spectral distance in dB (Gray and Markel 1976): the mean over frames of the RMS over bins."""
    spectra = []
    for wave in (real, made):
        frames = np.lib.stride_tricks.sliding_window_view(wave, WINDOW)[::HOP] * np.hanning(WINDOW)
        power = np.abs(np.fft.rfft(frames)) ** 2 / np.hanning(WINDOW).sum() ** 2
        spectra.append(np.maximum(FLOOR, 10 * np.log10(power + 1e-20)))
    return float(np.sqrt(((spectra[0] - spectra[1]) ** 2).mean(1)).mean())


def modelled(run, paths, waves):
    """Return the method of the model in `run`, which hears each recording with the label that suits it."""
    run, _, back = run.partition("+")
    trained, facing = gen.load(run), gen.load(back) if back else None
    path_of = {id(wave): path for path, wave in zip(paths, waves, strict=True)}

    @functools.cache
    def filler(number: int):
        path = path_of[number]
        made = Modelled(trained, run, path, None, 0, TEMPERATURE, say)
        if facing:
            made.face(facing, back, path)
        return made

    def model(wave, begin: int, size: int, rate: int):
        reach = round((HEARD + 1) * rate)
        before, after = wave[max(0, begin - reach) : begin], wave[begin + size : begin + size + reach]
        return filler(id(wave)).from_both(before, ar(wave, begin, size, rate), after).wave

    return model


def heard(wave, begin: int, size: int, rate: int):
    """Return what the judge hears (1, D) in the second around a gap."""
    second = round(SECONDS * rate)
    first = max(0, min(begin + size // 2 - second // 2, len(wave) - second))
    around = fitted(wave[first:], second)
    return statistics(around, rate, voice.listen(around, rate))


def measured(method, waves, gaps, size: int, rate: int) -> tuple:
    """Return of each gap (SNR, LSD) of a method, and what the judge hears; and how many seconds a gap took."""
    found, rows, took = [], [], 0.0
    around = max(round(AROUND * rate), WINDOW // 2)
    for which, begin in gaps:
        wave, began = waves[which], time.process_time()
        made = wave.copy()
        made[begin : begin + size] = method(wave, begin, size, rate)
        took += time.process_time() - began
        near = slice(max(0, begin - around), begin + size + around)
        found.append((snr(wave[begin : begin + size], made[begin : begin + size]), lsd(wave[near], made[near])))
        rows.append(heard(made, begin, size, rate))
    return np.array(found), np.stack(rows), took / len(gaps)


def told(seconds: float, name: str, found, beside, apart, took: float):
    """Print the line of a method: its figures, its LSD less that of `beside`, and how far `apart` its seconds are."""
    less = found[:, 1] - beside[:, 1]
    figures = "SNR {:5.1f}  LSD {:5.2f}".format(*found.mean(0))
    sure = f"{less.mean():+5.2f} +- {1.96 * less.std() / np.sqrt(len(less)):4.2f}"
    judged = "judge {:6.3f} +- {:5.3f}  moved {:5.3f}".format(*apart)
    print(f"{1000 * seconds:3.0f} ms  {name:10}  {figures}  {sure}  {judged}  {took:5.2f} s", flush=True)


def distances(one, other) -> tuple:
    """Return the energy distance of seconds (N, 1, D) from what they were, its spread, and how far each is moved.

    The spread is by the jackknife, leaving out one after the other, times 1.96.
    """
    without = [paired(*(np.delete(rows, n, 0) for rows in (one, other))) for n in range(len(one))]
    spread = 1.96 * np.sqrt((len(one) - 1) * np.var(without))
    return paired(one, other), spread, np.linalg.norm(one - other, axis=-1).mean()


def main(folder, names, count=200, run=None, lengths=None):
    """Print a line for each length and method."""
    paths = [Path(folder, name) for name in Path(names).read_text().split("\n") if name]
    rate = gen.load(run.partition("+")[0]).rate if run else RATE
    waves = [audio.read(path, rate).astype(float) for path in paths]
    methods = [ar, silence, line, transplant] + ([modelled(run, paths, waves)] if run else [])
    for seconds in [float(ms) / 1000 for ms in lengths.split(",")] if lengths else LENGTHS:
        gaps, size = places(waves, int(count), seconds, rate), round(seconds * rate)
        real = np.stack([heard(waves[which], begin, size, rate) for which, begin in gaps])
        scale, done = Scale(real[:, 0]), {}
        for method in methods:
            found, rows, took = measured(method, waves, gaps, size, rate)
            done[method.__name__] = found, distances(scale(real), scale(rows)), took
        if run:
            done["auto"] = done["model" if size > mend.LONGEST * rate else "ar"]
        for name, (found, *rest) in done.items():
            told(seconds, name, found, done["ar"][0], *rest)


if __name__ == "__main__":
    main(*sys.argv[1:])
