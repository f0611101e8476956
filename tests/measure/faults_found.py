"""Planted faults found and mended: `python -m tests.measure.faults_found FOLDER LIST RUN`

FOLDER holds recordings, LIST is a file of the names of those that the model in RUN was not trained on. Into passages
that sound are planted, about one a second, by a fixed seed: clicks (1 to 8 samples, 2 to 8 times as loud as what is
around them), dropouts (3 to 20 ms) and, in another copy, splices (20 to 200 ms left out). Told are the share found
within 5 ms, the false alarms a minute (what was recorded may hold clicks), beside a plain detector, second differences
over their running median, at as many false alarms; and the SNR of the recordings before and after `gap=auto`.
"""

import sys
import tempfile
from pathlib import Path

import numpy as np
import soundfile

import gen
from gen.judging import faults
from gen.judging.clicks import Breaks
from gen.judging.surprise import scorer, surprise
from gen.repair import found, mend
from gen.sound import audio

SOUNDS = -45.0  # dBFS around a fault
APART = (0.75, 1.25)  # seconds
NEAR = 0.005  # seconds
LONGEST = 60.0  # seconds of a recording
MEDIAN = 400  # samples


def planted(wave, rate: int, random, kinds) -> tuple:
    """Return a wave with faults of these kinds, and where: (second, kind)."""
    wave, there, at = wave.copy(), [], rate // 2
    while at < len(wave) - rate // 2:
        level = wave[at - rate // 40 : at + rate // 40].std()
        if level > 10 ** (SOUNDS / 20):
            kind = str(random.choice(kinds))
            if kind == faults.CLICK:
                size = int(random.integers(1, 9))
                wave[at : at + size] += (
                    random.choice([-1, 1]) * random.uniform(2, 8) * level * np.hanning(size + 2)[1:-1]
                )
            elif kind == faults.DROPOUT:
                wave[at : at + int(random.uniform(0.003, 0.02) * rate)] = 0
            else:
                wave = np.concatenate([wave[:at], wave[at + int(random.uniform(0.02, 0.2) * rate) :]])
            there.append((at / rate, kind))
        at += int(random.uniform(*APART) * rate)
    return wave, there


def matched(moments, there) -> tuple:
    """Return which faults are found at these moments, and how many moments are false alarms."""
    hits = [any(abs(moment - second) < NEAR for moment in moments) for second, _ in there]
    false = [moment for moment in moments if all(abs(moment - second) > 5 * NEAR for second, _ in there)]
    return hits, len(false)


def plain_score(wave):
    """Return second differences (T,) beside their running median."""
    size = np.abs(np.diff(wave, 2, prepend=[0, 0]))
    parts = [np.median(size[max(0, at - MEDIAN) : at + 2 * MEDIAN]) for at in range(0, len(wave), MEDIAN)]
    return size / (np.repeat(parts, MEDIAN)[: len(wave)] + 1e-3)


def plain_moments(score, rate: int, threshold: float) -> list:
    """Return the moments in seconds at which a score is over a threshold, those within NEAR as one."""
    found_at: list = []
    for at in np.flatnonzero(score > threshold) / rate:
        if not found_at or at - found_at[-1] > NEAR:
            found_at.append(at)
    return found_at


def told(kinds, all_there, moments) -> tuple:
    """Return the share found of each kind, and the false alarms in all."""
    hits = [matched(m, there) for m, there in zip(moments, all_there, strict=True)]
    flat = [
        (hit, kind)
        for (found_, _), there in zip(hits, all_there, strict=True)
        for hit, (_, kind) in zip(found_, there, strict=True)
    ]
    shares = {kind: np.mean([hit for hit, of in flat if of == kind]) for kind in kinds}
    return shares, sum(false for _, false in hits)


def snr(real, made) -> float:
    return float(10 * np.log10(np.sum(real**2) / np.sum((real - made) ** 2)))


def main(folder, names, run):
    """Print the figures of both sets of faults."""
    trained = gen.load(run)
    engine, rate = scorer(trained, run), trained.rate
    listed = [Path(folder, name) for name in Path(names).read_text().split("\n") if name]
    waves = [audio.read(path, rate)[: round(LONGEST * rate)].astype(float) for path in listed]
    minutes = sum(map(len, waves)) / rate / 60
    for kinds in ((faults.CLICK, faults.DROPOUT), (faults.SPLICE,)):
        random, there, moments, scores, levels = np.random.default_rng(1), [], [], [], []
        with tempfile.TemporaryDirectory() as home:
            path = Path(home, "a.wav")
            for wave in waves:
                broken, planted_at = planted(wave, rate, random, kinds)
                soundfile.write(path, broken, rate, "FLOAT")
                breaks = Breaks(trained, engine, path)
                surprise(trained, engine, path, "a.wav", None, also=breaks)
                both = faults.together(breaks.end(), faults.plain(path))
                there.append(planted_at)
                moments.append([f.begin for f in both])
                scores.append(plain_score(broken))
                if faults.SPLICE not in kinds:
                    kept = [f for f in both if f.kind != faults.SPLICE]
                    recording = mend.Recording(path)
                    if kept:
                        mend.mend(recording, *found.mendable(recording, kept, mend.chosen(mend.AR, rate), print))
                    levels.append((snr(wave, broken), snr(wave, recording.wave(0, len(wave))[:, 0])))
        shares, false = told(kinds, there, moments)
        low, high = 0.0, max(score.max() for score in scores)
        for _ in range(20):
            middle = (low + high) / 2
            plainly = told(kinds, there, [plain_moments(score, rate, middle) for score in scores])
            low, high = (middle, high) if plainly[1] > false else (low, middle)
        plainly = told(kinds, there, [plain_moments(score, rate, high) for score in scores])
        for kind in kinds:
            print(f"{kind}: found {shares[kind]:.0%}, by the plain detector {plainly[0][kind]:.0%}")
        print(f"false alarms a minute: {false / minutes:.1f}, {plainly[1] / minutes:.1f}")
        if levels:
            before, after = np.mean(levels, 0)
            print(f"SNR of the recordings: {before:.1f} dB before, {after:.1f} after gap=auto", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
