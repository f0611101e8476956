"""Six trainings, each provoked to come to another verdict: python -m tests.provoked_verdicts RECORDINGS

RECORDINGS is a folder of speech or music, of which some minutes are changed so that training goes well, or wrong in a
known way. Prints what was provoked beside the last verdict of each, in some minutes; exits with 1 if one is wrong.
"""

import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np
import yaml

from gen import audio, terminal
from gen.train import train
from tests.small import CONF

RATE, CLIPS = 8000, 60


def recorded(folder, number):
    """Return some seconds of a recording (T,), the same for a number."""
    paths = sorted(p for p in Path(folder).rglob("*") if p.suffix.lower() in audio.READABLE)
    return audio.read(paths[number * len(paths) // CLIPS], RATE)[: 4 * RATE]


def noise(folder, number):
    return 0.2 * np.random.default_rng(number).standard_normal(2 * RATE)


def late(folder, number):
    return np.concatenate([np.zeros(2 * RATE), recorded(folder, number)])


def hum(folder, number):
    """Return a recording that begins with three seconds of one pattern of 0.15 s, again and again."""
    pattern = 0.3 * np.sin(np.cumsum(np.linspace(0.1, 0.8, round(0.15 * RATE))))
    return np.concatenate([np.tile(pattern, 20), recorded(folder, number)])


PROVOKED = {
    "learning": (recorded, {"model": "tiered", "steps": 400}),
    "plateau": (noise, {"model": "gru", "steps": 600}),
    "overfitting": (lambda folder, n: recorded(folder, n)[:2000], {"model": "tiered", "steps": 1500}),
    "collapsed to silence": (late, {"model": "tiered", "steps": 600}),
    "noise": (recorded, {"model": "gru", "steps": 300, "learning_rate": 0.5}),
    "stuck in a loop": (hum, {"model": "tiered", "steps": 1500}),
}


def last(folder, name, make, settings):
    """Train and return the last line of the log that holds a verdict."""
    chosen = yaml.safe_load((CONF / "model" / f"{settings.pop('model')}.yaml").read_text())
    shutil.rmtree("clips", ignore_errors=True)
    for number in range(CLIPS):
        audio.write(f"clips/{number:03d}.wav", make(folder, number), RATE)
    data, codec = {"path": "clips", "rate": RATE, "valid": 0.2}, {"_target_": "gen.codec.MuLaw"}
    every = max(1, settings["steps"] // 10)
    run = train(
        **{**chosen, "data": data, "codec": codec, "name": name.replace(" ", "-"), "valid_every": every, **settings}
    )
    lines = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    return [line for line in lines if "verdict" in line][-1]


def main(folder):
    folder, right = Path(folder).resolve(), 0
    with tempfile.TemporaryDirectory() as here:
        os.chdir(here)
        for name, (make, settings) in PROVOKED.items():
            line = last(folder, name, make, dict(settings))
            right += line["verdict"] == name
            terminal.say(f"provoked {name}: {line['verdict']}: {line['why']} ({line['heard']})")
        os.chdir("/")
    print(f"{right} of {len(PROVOKED)} verdicts are right")
    sys.exit(right < len(PROVOKED))


if __name__ == "__main__":
    main(sys.argv[1])
