"""Is the judge right before it judges? `python -m tests.measure.judge_right FOLDER`, in which the corpora lie.

On digits, speech and piano: recordings of the training part, made worse, in the order in which one hears it; two halves
of the held-out recordings; labels that are shuffled; and a copy of what was trained on.
"""

import io
import sys
import time
from pathlib import Path

import numpy as np
import soundfile

from gen.base import terminal
from gen.judging import anchors, distances, judge
from gen.judging.protocol import Protocol
from gen.judging.reference import Reference
from gen.sound.codec import MuLaw
from gen.sound.hearing import fitted
from tests.small import node_of, usual

CORPORA = {
    "digits": {"rate": 8000, "labels": r"(\d)_*.wav"},
    "speech_kerstin": {"rate": 16000},
    "piano_wtc": {"rate": 16000},
}
KBITS = {8000: (8, 64), 16000: (8, 160)}  # kbit/s of an MP3 at these rates, the least and the most
COUNT, SEED, LONG = 200, 0, 10.0
ORDER = ("recordings", "MP3, 64 kbit/s", "MP3, 16 kbit/s", "noise at 20 dB", "noise at 10 dB", "noise at 0 dB", "noise")


def mp3(waves, rate: int, kbits: float) -> list:
    """Return waves (T,) as they sound from one MP3 of a constant bitrate, one after the other.

    Encoding delays some bitrates by a thousand samples, which is undone: on its own each would begin with a gap.
    """
    least, most = KBITS[rate]
    file, whole = io.BytesIO(), np.concatenate([*waves, np.zeros(rate)])
    told = {"bitrate_mode": "CONSTANT", "compression_level": (most - kbits) / (most - least)}
    soundfile.write(file, np.clip(whole, -1, 1), rate, format="MP3", **told)
    file.seek(0)
    heard = fitted(soundfile.read(file)[0], len(whole))
    likeness = np.fft.irfft(np.fft.rfft(heard) * np.conj(np.fft.rfft(whole)), len(whole))
    heard = heard[int(likeness[: rate // 2].argmax()) :]
    return np.split(heard[: len(whole) - rate], np.cumsum([len(wave) for wave in waves])[:-1])


def noisy(waves, noise, decibels: float) -> list:
    """Return waves (T,), each with a `noise` so many dB under it."""
    powers = [np.mean(wave**2) / max(1e-12, np.mean(n**2)) for wave, n in zip(waves, noise, strict=True)]
    return [w + n * np.sqrt(p) * 10 ** (-decibels / 20) for w, n, p in zip(waves, noise, powers, strict=True)]


def worse(reference) -> dict:
    """Return the second set of recordings made worse in each way, ORDER first."""
    waves, rate = [w.astype(np.float64) for w in reference.second.waves], reference.rate
    noise = [anchors.noise(reference.colour, reference.size, rate, len(waves), seed) for seed in (SEED + 11, SEED + 12)]
    white = [np.random.default_rng(i).standard_normal(reference.size) for i in range(len(waves))]
    law = MuLaw(8, 0.0)
    return {
        "recordings": waves,
        **{f"MP3, {kbits} kbit/s": mp3(waves, rate, kbits) for kbits in (64, 16)},
        **{f"noise at {db} dB": noisy(waves, noise[0], db) for db in (20, 10, 0)},
        "noise": noise[1],
        "8-bit mu-law": [law.decode(law.encode(wave)) for wave in waves],
        **{f"white noise at {db} dB": noisy(waves, white, db) for db in (20, 10, 0)},
        "half as loud": [wave / 2 for wave in waves],
        "silence": [np.zeros(reference.size) for _ in waves],
    }


def apart(reference, heard) -> float:
    """Return the energy distance of sounds from the recordings that they are made of, the second set, on its scale.

    No sound is compared with the recording that it is made of. What two sets of recordings differ by, by chance, is
    then in none of these distances; it hides what an MP3 changes.
    """
    return paired(reference.second.rows, heard.rows) / float((reference.one - reference.zero)[0])


def paired(one, other) -> float:
    """Return the energy distance of sounds' rows (N, K, D) from those (N, L, D) of what they are made of, in order.

    No sound is compared with its own.
    """
    kernels = [distances.alike(*rows, distances.nearness) for rows in ((one, one), (other, other), (one, other))]
    inside, others, both = (kernel.sum() - kernel.trace() for kernel in kernels)
    return float((inside + others - 2 * both) / (len(one) * (len(one) - 1)))


def ordered(reference):
    """Print where each of `worse` is placed, how far it is from what it is made of, and whether ORDER is the order."""
    places, paired = {}, {}
    for name, waves in worse(reference).items():
        heard = reference.hear(waves)
        placed = judge.place(reference, heard, SEED)
        places[name], paired[name] = placed["takes"], apart(reference, heard)
        low, high = placed["interval"]
        print(f"  {name:22s} {places[name]:8.5f}  {low:7.4f} to {high:7.4f}, from its own {paired[name]:8.5f}")
    for what, found in (("places", places), ("distances from their own", paired)):
        steps = np.diff([found[name] for name in ORDER])
        least = f"the smallest step {steps.min():.6f}, {ORDER[int(steps.argmin()) + 1]}"
        print(f"  {what} in order: {bool((steps > 0).all())}, {least}")


def halves(reference):
    """Print where one half of the held-out recordings is placed, the other being the recordings."""
    found = judge.halves(reference, SEED)
    low, high = judge.interval(found)
    bounds = f"{low:.4f} to {high:.4f}"
    print(
        f"  one half of the held-out recordings from the other: {found[0]:.4f}, {bounds}, 0 inside: {low <= 0 <= high}"
    )


def shuffled(reference):
    """Print how often real recordings are named right, by their labels, and by these shuffled."""
    for name, labels in (
        ("own", reference.labels),
        ("shuffled", np.random.default_rng(1).permutation(reference.labels)),
    ):
        told = judge.named(reference, reference.real, labels, SEED)
        print(f"  {name} labels: " + ", ".join(f"{key} {each['takes']:.1f} %" for key, each in told.items()))


def copied(reference):
    """Print whether copies of what was trained on are told from other recordings, a fifth of the takes being such."""
    for share in (1.0, 0.2, 0.0):
        count = round(share * len(reference.real.waves))
        waves = reference.second.waves[:count] + reference.real.waves[count:]
        told = judge.near(reference, reference.real._replace(waves=waves), SEED)
        near = f"nearer than 19 of 20 recordings {told[judge.HEART]['takes']:.1f} %"
        print(f"  copies {share:.0%}: {near}, by heart: {judge.by_heart(told)}")


def main(folder, *wanted):
    """Print what the judge makes of each corpus in `folder`."""
    nodes = {name: node_of("classifier", name) for name in ("lstm", "svm_spectral")}
    for name in wanted or CORPORA:
        for part in ("valid", "test"):
            split = Path(folder) / "splits" / f"{name}_test.txt"
            data = {**usual("data/folder"), **CORPORA[name], "path": str(Path(folder) / name), "test": str(split)}
            began = time.perf_counter()
            protocol = Protocol(part, COUNT, None, LONG, SEED)
            made = Reference(data, nodes, protocol, terminal.say, terminal.track)
            real = f"{len(made.real.waves)} excerpts of {made.seconds:g} s"
            print(f"{name}, {part}: {real}, ready after {time.perf_counter() - began:.0f} s")
            ordered(made)
            halves(made)
            if made.ears:
                shuffled(made)
            copied(made)


if __name__ == "__main__":
    main(*sys.argv[1:])
