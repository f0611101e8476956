"""Does a model say what it is told? Held-out sentences followed by their mel alone, and how much of them is understood.

Run it as `python -m tests.measure.words_followed RUN SPEECH HELD_OUT [GUIDANCE ...]`: a run trained with control=mel on
the folder SPEECH, and the file of the recordings' names held out from it; or a folder of another voice and names in it.
STOI (Taal et al. 2011) and extended STOI (Jensen & Taal 2016) are of the package pystoi (`pip install pystoi`), beside
Griffin-Lim's of the same mel and 8-bit mu-law's.
"""

import itertools
import sys
from pathlib import Path

import librosa
import numpy as np
from pystoi import stoi

import gen
from gen.judging import voice
from gen.sampling.settings import Settings
from gen.sound import audio, features
from gen.sound.codec import MuLaw
from gen.sound.curves import STEP

SECONDS, COUNT = 2.5, 8
TEMPERATURES = 1.0, 0.8


def griffin_lim(wave, rate):
    """Return a wave with the mel of another: the spectrum that fits it best, and phases that fit that (1984)."""
    levels = features.frames(wave, rate, ["mel"], STEP).values.T
    window = features.window_size(rate, features.WINDOW)
    points, hop = features.fft_size(rate, features.WINDOW), features.hop_samples(rate, STEP)
    bands = librosa.filters.mel(sr=rate, n_fft=points, n_mels=features.MELS, norm=None)
    power = librosa.util.nnls(bands, 10 ** (levels / 10)) * (window / 2) ** 2
    how = {"n_iter": 60, "hop_length": hop, "win_length": window, "n_fft": points, "random_state": 0}
    return librosa.griffinlim(np.sqrt(power), length=len(wave), **how)


def voiced(waves, rate: int) -> tuple:
    """Return in words what the pitch and the harmonics-to-noise ratio of the voiced frames of waves is."""
    frames = [voice.listen(wave, rate) for wave in waves]
    hertz, ratio = (np.concatenate([getattr(f, name)[f.voiced] for f in frames]) for name in ("hz", "ratio"))
    low, middle, high = np.percentile(hertz, (5, 50, 95))
    return f"pitch {low:.0f} to {high:.0f} Hz around {middle:.0f}", f"harmonics {ratio.mean():.1f} dB over noise"


def main(run, speech, held_out, *guidance):
    """Print what is understood of COUNT sentences, their first SECONDS each."""
    model = gen.load(run)
    held, length = set(Path(held_out).read_text().split()), round(SECONDS * model.rate)
    waves = (audio.read(path, model.rate) for path in sorted(Path(speech).iterdir()) if path.name in held)
    real = [wave[:length] for wave in waves if len(wave) >= length][:COUNT]
    law = MuLaw(8, 0.0)
    made = {"8-bit mu-law": [law.decode(law.encode(wave)) for wave in real]}
    made["Griffin-Lim"] = [griffin_lim(wave, model.rate) for wave in real]
    told, labels = [model.told(Settings(follow=wave))[0] for wave in real], [0] * len(real)
    for temperature, weight in itertools.product(TEMPERATURES, map(float, guidance or (1,))):
        how = {"control": told, "guidance": model.guidance(weight, labels, told=True)}
        symbols = model.sampler().generate(length, range(len(real)), labels, 1, temperature, **how)
        name = f"told, temperature {temperature:g}, guidance {weight:g}"
        made[name] = model.codec.decode(np.concatenate(list(symbols), 1))
    for name, waves in made.items():
        plain, extended = (
            np.mean([stoi(a, b, model.rate, extended=kind) for a, b in zip(real, waves, strict=True)])
            for kind in (False, True)
        )
        mel = [
            [features.frames(w, model.rate, ["mel"], STEP).values for w in pair]
            for pair in zip(real, waves, strict=True)
        ]
        apart = np.mean([np.sqrt(np.mean((a - b) ** 2)) for a, b in mel])
        pitches, ratio = voiced(waves, model.rate)
        print(f"{name}: STOI {plain:.3f}, extended {extended:.3f}, log-mel distance {apart:.1f} dB, {pitches}, {ratio}")
    print("recordings:", *voiced(real, model.rate))


if __name__ == "__main__":
    main(*sys.argv[1:])
