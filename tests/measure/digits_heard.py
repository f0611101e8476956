"""Does a model say the digit it is asked for? A classifier of real recordings names its takes.

Run it as `python -m tests.measure.digits_heard RUN DIGITS HELD_OUT`: a run trained on the folder DIGITS with labels 0
to 9, and the file of the recordings' names held out from it. Needs scikit-learn (`pip install '.[analysis]'`).
"""

import sys
from pathlib import Path

import numpy as np
import soundfile

import gen

BANDS, CEPSTRA, PARTS = 26, 13, 8
FLOOR = 1e-3  # of a recording's greatest frame energy: below is silence, -30 dB


def features(wave, rate):
    """Return mel-cepstra of PARTS equal parts of what is heard in a wave, PARTS * CEPSTRA numbers, and its length."""
    size, hop = rate // 40, rate // 100
    wave = np.pad(wave, (0, max(0, size * 2 - len(wave))))
    frames = np.lib.stride_tricks.sliding_window_view(wave, size)[::hop] * np.hanning(size)
    power = np.abs(np.fft.rfft(frames, 512)) ** 2
    loud = np.flatnonzero(power.sum(1) > FLOOR * power.sum(1).max())
    power = power[loud[0] : loud[-1] + 1]
    mels = np.linspace(0, 2595 * np.log10(1 + rate / 2 / 700), BANDS + 2)
    corners = 700 * (10 ** (mels / 2595) - 1) / rate * 512
    bins = np.arange(power.shape[1])
    low, mid, high = corners[:-2, None], corners[1:-1, None], corners[2:, None]
    up, down = (bins - low) / (mid - low), (high - bins) / (high - mid)
    bands = np.log(power @ np.maximum(0, np.minimum(up, down)).T + 1e-8 * power.sum(1).max())
    cosines = np.cos(np.pi / BANDS * (np.arange(BANDS) + 0.5) * np.arange(1, CEPSTRA + 1)[:, None])
    cepstra = bands @ cosines.T
    parts = np.array_split(cepstra, PARTS) if len(cepstra) >= PARTS else [cepstra] * PARTS
    return np.concatenate([*(p.mean(0) for p in parts), [len(cepstra) / 10]])


def main(run, digits, held_out, count=100, seconds=1.0, seed=0):
    """Print the share of real held-out recordings, and of takes, that the classifier names right."""
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    held = set(Path(held_out).read_text().split())
    table = {True: ([], []), False: ([], [])}
    for path in sorted(Path(digits).glob("*.wav")):
        x, y = table[path.name in held]
        x.append(features(*soundfile.read(path)))
        y.append(int(path.name[0]))
    classifier = make_pipeline(StandardScaler(), SVC(C=10)).fit(*table[False])
    print(f"real held-out recordings: {classifier.score(*table[True]):.1%} of {len(held)} named right")

    model = gen.load(run)
    asked = [int(model.classes[i]) for i in model.label_ids(None, count)]
    takes = model.sample(seconds=seconds, count=count, seed=seed)
    named = classifier.predict([features(take, model.rate) for take in takes])
    print(f"takes: {np.mean(named == asked):.1%} of {count} named right; by digit", end="")
    for digit in range(10):
        print(f" {digit}:{sum(n == a == digit for n, a in zip(named, asked, strict=True))}", end="")
    ends = [np.flatnonzero(np.abs(take) > 0.01) for take in takes]
    print(f"\nends by itself: {sum(len(e) == 0 or e[-1] < len(takes[0]) - 400 for e in ends)} of {count} takes")


if __name__ == "__main__":
    main(*sys.argv[1:])
