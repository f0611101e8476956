"""How clean a 16-bit model sings: the noise of its take of a 1 kHz tone at -20 dBFS, beside that of 8-bit mu-law.

Run it as `python -m tests.measure.wavernn_noise [MINUTES]`: it trains `model=wavernn` on it in a temporary folder.
"""

import os
import subprocess
import sys
import tempfile

import numpy as np
import soundfile

import gen
from gen.sound.codec import MuLaw

RATE, HZ, LEVEL_DB, NEAR = 16000, 1000.0, -20.0, 50.0


def noise_db(wave):
    """Return the RMS of a wave without the NEAR Hz on both sides of the tone, and of the tone, in dBFS.

    A tone whose phase drifts by a few Hz is a tone still; what it is made of besides is noise.
    """
    window = np.hanning(len(wave))
    power = 2 * np.abs(np.fft.rfft(wave * window)) ** 2 / (len(wave) * np.sum(window**2))
    near = np.abs(np.fft.rfftfreq(len(wave), 1 / RATE) - HZ) < NEAR
    return tuple(10 * np.log10(power[part].sum() + 1e-20) for part in (~near, near))


def main(minutes: float = 8.0):
    """Print the three noises."""
    amplitude = np.sqrt(2) * 10 ** (LEVEL_DB / 20)
    tone = amplitude * np.sin(2 * np.pi * HZ / RATE * np.arange(4 * RATE))
    with tempfile.TemporaryDirectory() as folder:
        os.mkdir(f"{folder}/tone")
        for index in range(8):
            soundfile.write(f"{folder}/tone/{index}.wav", tone, RATE)
        command = [sys.executable, "-m", "gen", "train", "tone", "model=wavernn", f"minutes={minutes}", "name=tone"]
        subprocess.run([*command, "data.tail=0", "valid_every=100000"], cwd=folder, check=True)
        take = gen.load(f"{folder}/runs/tone").sample(seconds=1.0, seed=0)[RATE // 4 :]
    law = MuLaw(8, 0.0)
    for name, wave in {
        "8-bit mu-law": law.decode(law.encode(tone)),
        "16-bit file": np.rint(tone * 32768) / 32768,
        "wavernn's take": take,
    }.items():
        print("{:15} noise {:7.1f} dBFS, tone {:6.1f} dBFS".format(name, *noise_db(wave)))


if __name__ == "__main__":
    main(*map(float, sys.argv[1:]))
