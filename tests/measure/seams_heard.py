"""The seams of bridges and loops: `python -m tests.measure.seams_heard FOLDER LIST RUN [COUNT [OUT]]`

FOLDER holds recordings, LIST is a file of the names of those that the model in RUN was not trained on. Excerpts of a
few seconds that begin and end where it sounds, drawn by a fixed seed, are bridged, COUNT (10) times, and looped as
often; what is made is kept in the folder OUT, if there is one, of which `gen report OUT` makes a page. Told are the
steps at the seams: of level, between the 10 ms before and after a moment, and of the spectrum, between the 32 ms before
and after it (RMS over mel bands in dB, what isn't heard left out), each the highest of that at the two ends of a
cross-fade and in its middle; and beside them the same at places of the recordings that sound. All at the model's rate.
"""

import sys
import tempfile
from pathlib import Path

import numpy as np
import soundfile

import gen
from gen.repair import bridged, looped, seams
from gen.repair.continuation import FADE
from gen.sound import audio, hearing

SECONDS = 4.0  # of an excerpt that is bridged, twice as many of one that is looped, at most
SOUNDS = -45.0  # dBFS around both ends of an excerpt, and around a place that is compared
NEAR = 0.05  # seconds around it
LEVEL, SPECTRUM = 0.01, 0.032  # seconds before and after a moment
SILENCE = 10 ** (hearing.QUIET / 10)  # of a power: what is under it isn't heard
COMPARED = 100  # places in an excerpt
COLUMNS = "level dB", "spectrum dB"


def mel(wave, rate: int):
    """Return a wave's mel bands in dB."""
    window = np.hanning(len(wave) + 2)[1:-1]
    power = np.abs(np.fft.rfft(wave * window)) ** 2 / window.sum() ** 2
    return 10 * np.log10(hearing.bands(rate, len(power), seams.BANDS) @ power + 1e-12)


def steps(wave, moments, rate: int) -> list:
    """Return the highest step of level and of the spectrum at these moments, samples, in dB."""
    levels, spectra = [], []
    for at in moments:
        near, wide = round(LEVEL * rate), round(SPECTRUM * rate)
        powers = [np.mean(part**2) + SILENCE for part in (wave[at - near : at], wave[at : at + near])]
        levels.append(abs(10 * np.log10(powers[0] / powers[1])))
        both = np.stack([mel(part, rate) for part in (wave[at - wide : at], wave[at : at + wide])])
        both = np.maximum(both, max(both.max() - seams.RANGE, hearing.QUIET - 10))
        spectra.append(hearing.distance(*both))
    return [max(levels), max(spectra)]


def sounds(wave, at: int, rate: int) -> bool:
    """Return whether it sounds around a sample."""
    size = round(NEAR * rate)
    return size <= at <= len(wave) - size and hearing.level(wave[at - size : at + size].std()) > SOUNDS


def excerpts(waves, count: int, rate: int, seconds: float, seed: int) -> list:
    """Return excerpts of waves that begin and end where it sounds."""
    random, found = np.random.default_rng(seed), []
    while len(found) < count:
        wave = waves[random.integers(len(waves))]
        size = min(round(seconds * rate), len(wave) - 2 * rate // 5)
        begin = int(random.integers(rate // 10, len(wave) - size - rate // 10))
        if sounds(wave, begin, rate) and sounds(wave, begin + size, rate):
            found.append(wave[begin : begin + size])
    return found


def around(fade: float, first: int, rate: int) -> list:
    """Return the moments of a cross-fade of so many seconds from sample `first` on: its ends and its middle."""
    size = round(fade * rate)
    return [first, first + size // 2, first + size]


def bridges(parts, run, rate: int, home: Path, out: Path) -> list:
    """Return the steps at both seams of bridges from each excerpt to the next, which are written to `out`."""
    found = []
    for number, (one, two) in enumerate(zip(parts, [*parts[1:], parts[0]], strict=True)):
        for name, wave in (("a.wav", one), ("b.wav", two)):
            soundfile.write(home / name, wave, rate, "FLOAT")
        paths, how = (home / "a.wav", home / "b.wav"), (run, 1.5, None, 0, 0.9)
        (version,) = bridged.versions(*paths, *how, [0])
        made = audio.read(version.write(out / f"bridge-{number}.wav", version.comment, True), rate).astype(float)
        second = len(made) - len(two)
        seams_at = around(FADE, len(one), rate), around(FADE, second - round(FADE * rate), rate)
        found.append([steps(made, moments, rate) for moments in seams_at])
        print(f"bridge {number:2}", *(f"{x:6.1f} {y:6.1f}" for x, y in found[-1]), version.told[0][-20:], flush=True)
    return [seam for both in found for seam in both]


def loops(parts, run, rate: int, home: Path, out: Path) -> list:
    """Return the steps at the seam of the best loop of each excerpt, which are written to `out`."""
    found = []
    for number, wave in enumerate(parts):
        soundfile.write(home / "a.wav", wave, rate, "FLOAT")
        (version,) = looped.versions(home / "a.wav", run, 2.0, None, [0])
        made = audio.read(version.write(out / f"loop-{number}.wav", version.comment, True), rate).astype(float)
        turned = np.concatenate([made[len(made) // 2 :], made[: len(made) // 2]])
        end = len(made) - len(made) // 2
        found.append(steps(turned, around(seams.FADE, end - round(seams.FADE * rate), rate), rate))
        print(f"loop   {number:2} {found[-1][0]:6.1f} {found[-1][1]:6.1f}", version.told[0], flush=True)
    return found


def told(name: str, found):
    """Print the mean, the middle and the highest of steps, and of both the 95th percentile."""
    for column, values in zip(COLUMNS, np.array(found).T, strict=True):
        figures = np.mean(values), *np.percentile(values, (50, 95)), np.max(values)
        print(f"{name:10} {column:12}", "mean {:5.1f}  median {:5.1f}  95 % {:5.1f}  highest {:5.1f}".format(*figures))


def main(folder, names, run, count=10, out=None):
    """Print the steps at each seam, and all beside those of the recordings."""
    rate, count = gen.load(run).rate, int(count)
    paths = [Path(folder, name) for name in Path(names).read_text().split("\n") if name]
    waves = [audio.read(path, rate).astype(float) for path in paths]
    waves = [wave for wave in waves if len(wave) > 3 * rate]
    short, long = (excerpts(waves, count, rate, seconds, 0) for seconds in (SECONDS, 2 * SECONDS))
    random, real = np.random.default_rng(1), {FADE: [], seams.FADE: []}
    for fade in real:
        for part in long:
            places = random.integers(rate // 4, len(part) - rate // 4, COMPARED)
            real[fade] += [steps(part, around(fade, at, rate), rate) for at in places if sounds(part, at, rate)]
    with tempfile.TemporaryDirectory() as home:
        places = Path(home), Path(out or home)
        places[1].mkdir(parents=True, exist_ok=True)
        made = bridges(short, run, rate, *places), loops(long, run, rate, *places)
    for name, fade, found in zip(("bridges", "loops"), real, made, strict=True):
        told(name, found)
        told("recorded", real[fade])


if __name__ == "__main__":
    main(*sys.argv[1:])
