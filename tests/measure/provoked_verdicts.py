"""Seven trainings, each provoked to another verdict: python -m tests.measure.provoked_verdicts RECORDINGS [VERDICT ...]

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

from gen.sound import audio
from tests.small import CONF, MULAW, train, usual

RATE, SECONDS = 8000, 3


def recorded(paths, number):
    """Return three seconds of recordings (T,), the same for a number, others for another."""
    wave, at = np.zeros(0), number * 17
    while len(wave) < SECONDS * RATE:
        wave, at = np.concatenate([wave, audio.read(paths[at % len(paths)], RATE)[: SECONDS * RATE]]), at + 1
    return wave[: SECONDS * RATE]


def short(paths, number):
    return recorded(paths, number)[: RATE // 2]


def noise(paths, number):
    return 0.2 * np.random.default_rng(number).standard_normal(RATE)


def late(paths, number):
    return np.concatenate([np.zeros(8 * RATE), recorded(paths, number)])


def hum(paths, number):
    """Return a recording that begins with three seconds of one pattern of 0.15 s, again and again."""
    pattern = 0.3 * np.sin(np.cumsum(np.linspace(0.1, 0.8, round(0.15 * RATE))))
    return np.concatenate([np.tile(pattern, 20), recorded(paths, number)])


def mixed(paths, number):
    """Return a recording, but noise of those held out."""
    return recorded(paths, number) if number % 5 else noise(paths, number)


PROVOKED = {  # the recordings made for it, how many of them, and the training
    "learning": (recorded, 170, {"model": "tiered", "steps": 400}),
    "plateau": (noise, 60, {"model": "gru", "steps": 400}),
    "overfitting": (short, 60, {"model": "tiered", "steps": 400}),
    "held-out part unlike the rest": (mixed, 60, {"model": "tiered", "steps": 400, "valid": "held.txt"}),
    "collapsed to silence": (late, 60, {"model": "tiered", "steps": 600}),
    "noise": (recorded, 60, {"model": "gru", "steps": 200, "learning_rate": 0.5}),
    "stuck in a loop": (hum, 60, {"model": "tiered", "steps": 600}),
}


def last(paths, name, make, count, settings):
    """Train and return the last line of the log that holds a verdict."""
    chosen = yaml.safe_load((CONF / "model" / f"{settings.pop('model')}.yaml").read_text())
    shutil.rmtree("clips", ignore_errors=True)
    for number in range(count):
        audio.write(f"clips/{number:03d}.wav", make(paths, number), RATE)
    Path("held.txt").write_text("".join(f"{number:03d}.wav\n" for number in range(0, count, 5)))
    settings |= {"name": name.replace(" ", "-"), "valid_every": settings["steps"] // 10}
    data = {**usual("data/folder"), "path": "clips", "rate": RATE, "valid": settings.pop("valid", 0.2)}
    run = train(**{**chosen, "data": data, "codec": MULAW, **settings})
    lines = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    return [line for line in lines if "verdict" in line][-1]


def main(folder, *only):
    """Provoke those named in `only`, or all."""
    paths = sorted(p for p in Path(folder).resolve().rglob("*") if p.suffix.lower() in audio.READABLE)
    told, wrong = [], 0
    with tempfile.TemporaryDirectory() as here:
        os.chdir(here)
        for name, (make, count, settings) in PROVOKED.items():
            if not only or name in only:
                line = last(paths, name, make, count, dict(settings))
                wrong += line["verdict"] != name
                told.append(f"provoked {name}: {line['verdict']}: {line['why']} {line['heard']}")
        os.chdir("/")
    print(*told, f"{len(told) - wrong} of {len(told)} verdicts are right", sep="\n")
    sys.exit(wrong > 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
