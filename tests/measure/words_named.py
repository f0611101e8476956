"""Are words that a model says after held-out recordings still those words? Named by classifiers, the real ones beside.

Run it as `python -m tests.measure.words_named RUN DIGITS HELD_OUT CLASSIFIER ...`: a run trained with control=mel on
the folder DIGITS, whose recordings are called 7_theo_3.wav, the file of names held out from it, and runs of
`gen classifier` that never saw those either.
"""

import sys
from pathlib import Path

import numpy as np

import gen
from gen.base.terminal import track
from gen.sound import audio, features
from gen.sound.curves import STEP

COUNT = 100
TEMPERATURES = 1.0, 0.8


def apart(real, made, rate: int) -> float:
    """Return how far two waves are apart in their mel bands, the root of the mean square in dB."""
    a, b = (features.frames(wave, rate, ["mel"], STEP).values for wave in (real, made))
    return float(np.sqrt(np.mean((a - b[: len(a)]) ** 2)))


def main(run, folder, held_out, *classifiers):
    """Print how many of COUNT words, drawn by a seed, each classifier names right: real, and followed."""
    model, ears = gen.load(run), [gen.load(classifier) for classifier in classifiers]
    names = np.random.default_rng(0).permutation(sorted(Path(held_out).read_text().split()))[:COUNT]
    real = [audio.read(Path(folder, name), model.rate) for name in names]
    made = {"real": real}
    for temperature in TEMPERATURES:
        made[f"followed, temperature {temperature:g}"] = [
            model.sample(follow=wave, seed=seed, temperature=temperature)
            for seed, wave in enumerate(track(real, f"following at {temperature:g}", len(real)))
        ]
    for name, waves in made.items():
        right = [
            np.mean([ear.classify(wave, model.rate)[0] == word[0] for wave, word in zip(waves, names, strict=True)])
            for ear in ears
        ]
        far = np.mean([apart(a, b, model.rate) for a, b in zip(real, waves, strict=True)])
        told = ", ".join(f"{share:.0%} by {Path(ear).name}" for share, ear in zip(right, classifiers, strict=True))
        print(f"{name}: named right {told}; log-mel distance {far:.1f} dB")


if __name__ == "__main__":
    main(*sys.argv[1:])
