"""Two thousand hostile cases: mutated models, resumes, logs, takes, audio and command lines, each run as a command.

Run it as `python -m tests.measure.hostile [CASES [SEED]]`; it takes some ten minutes. A case is as it should be if it
ends within seconds with exit code 0, or with 1 and an error of one line that is no defect of gen; if it writes nothing
but what it was asked to, takes no memory beyond what commands take, and sends no control character to the terminal.
What isn't is printed, and can be had again: a case hangs on SEED and its number alone.
"""

import contextlib
import io
import json
import os
import random
import resource
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np
import soundfile

from gen.__main__ import main as command
from gen.sound import audio
from tests.mutate import damaged, mutated, with_header, written

CASES, SECONDS, MEMORY = 2000, 20, 400_000  # a case's longest time, and growth in kB
TINY = ["model=gru", "model.hidden=16", "model.embedding=8", "lanes=4", "window=32", "data.rate=8000", "data.valid=0.2"]
TRAIN = ["train", "in", *TINY, "name=a", "valid_every=5"]
FORMATS = {"wav": {}, "flac": {}, "ogg": {}, "mp3": {}, "aiff": {}, "float.wav": {"subtype": "FLOAT"}}
WORDS = [
    "", " ", "=", "==", "~", "~steps", "-", "--", "-m", "--cfg", "job", "--multirun", "--info", "--experimental-rerun",
    "steps=", "steps=1e9", "steps=-1", "steps=nan", "minutes=inf", "name=", "name=..", "name=../x", "name=/tmp/x",
    "name=a\nb", "name=\x1b[2J", "seed=1.5", "seed=-1", "seed=99999999999999999999", "lanes=0", "lanes=1000000000",
    "window=0", "data.rate=1", "data.rate=1000000000", "data.segment=inf", "data.segment=nan", "data.valid=2",
    "data.valid=in", "data.valid=/dev/null", "data.labels=(", "data.labels=()", "data.labels=folder", "codec=linear16",
    "codec.bits=99", "codec._target_=os.system", "model=foo", "model=wavernn", "model.hidden=1000000",
    "model.hidden=[]", "model.hidden={}", "model._target_=gen.models.rnn.GRU",
    "+x=1", "++x=1", "hydra.run.dir=/tmp/x", "hydra/launcher=joblib",
    "seconds=1e300", "seconds=-1", "seconds=nan", "count=1000000000", "count=0", "temperature=nan", "temperature=inf",
    "top_p=nan", "label=x", "label=\x1b[2J", "prime=in", "prime=/dev/zero", "prime=nowhere", "out=", "out=/dev/full",
    "out=in", "out=a.mp3", "out=nowhere/a.wav", "engine=x", "weights=x", "guard=maybe", "stream=-1", "stream=1e20",
    "run=nowhere", "run=/dev/zero", "'", '"', "a'b", "${x}", "${oc.env:HOME}", "x=${y}", "[", "{", "seed=glob(*)",
    "\x1b[31m", "é", "日本", "x" * 5000, "in", "runs/a", "takes/seed0-0.wav", "nowhere",
]  # fmt: skip
NAMES = ["train", "data", "sample", "again", "extend", "evaluate", "report", "bench", "tones", "sing", "", "--help"]


def make(folder: Path):
    """Make the recordings, a run and takes that the cases begin from."""
    (folder / "in").mkdir(parents=True)
    for index in range(24):
        wave = 0.5 * np.sin(np.arange(1500) * (0.1 + 0.01 * index))
        soundfile.write(folder / "in" / f"{index}.wav", wave, 8000)
    for name, how in FORMATS.items():
        soundfile.write(folder / f"sound.{name}", 0.3 * np.sin(np.arange(20_000) / 9), 16000, **how)
    os.chdir(folder)
    for words in ([*TRAIN, "steps=5"], ["sample", "runs/a", "seconds=0.2", "count=1", "out=takes"]):
        run(words)


def run(words) -> tuple:
    """Run a command as if it were typed; return its exit code and what it said on standard error and output."""
    sys.argv = ["gen", *words]
    out, err = io.TextIOWrapper(io.BytesIO(), write_through=True), io.StringIO()
    code = 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            command()
        except SystemExit as stop:
            code = stop.code or 0
            if isinstance(code, str):
                err.write(code + "\n")
                code = 1
    return code, err.getvalue(), out.buffer.getvalue().decode(errors="replace")


def a_model(chance) -> list:
    path = Path("runs/a/model.safetensors")
    path.write_bytes((with_header if chance.random() < 0.7 else damaged)(path.read_bytes(), chance))
    words = ["sample", "runs/a", "seconds=0.05", "count=1", "out=made"]
    return chance.choice([words, ["evaluate", "runs/a"], words])


def a_resume(chance) -> list:
    path = Path("runs/a/resume.safetensors")
    path.write_bytes((with_header if chance.random() < 0.7 else damaged)(path.read_bytes(), chance))
    return [*TRAIN, "steps=7"]


def a_log(chance) -> list:
    path = Path("runs/a/log.jsonl")
    lines = path.read_text().splitlines()
    at = chance.randrange(len(lines))
    lines[at] = written(mutated(json.loads(lines[at]), chance))
    path.write_bytes("\n".join(lines).encode(errors="surrogateescape"))
    if chance.random() < 0.3:
        path.write_bytes(damaged(path.read_bytes(), chance))
    return chance.choice([[*TRAIN, "steps=7"], ["report", "runs/a", "seconds=0.05", "count=1", "out=made.html"]])


def a_take(chance) -> list:
    path = Path("takes/seed0-0.wav")
    if chance.random() < 0.3:
        path.write_bytes(damaged(path.read_bytes(), chance))
    else:
        told = written(mutated(json.loads(audio.comment(path)), chance))
        take = audio.Take(path, 8000, told[:60_000].encode(errors="replace").decode())
        take.write(np.zeros(100, np.float32))
        take.keep()
    words = [["again", str(path), "out=made.wav"], ["extend", str(path), "seconds=0.05", "out=made.wav"]]
    return chance.choice([*words, ["report", "takes", "out=made.html"]])


def a_recording(chance) -> list:
    name = chance.choice(list(FORMATS))
    Path(f"in/odd.{name}").write_bytes(damaged(Path(f"sound.{name}").read_bytes(), chance))
    if chance.random() < 0.2:
        return ["sample", "runs/a", f"prime=in/odd.{name}", "seconds=0.05", "out=made.wav"]
    return ["train", "in", *TINY, "steps=1", "valid_every=1", "name=made"]


def a_line(chance) -> list:
    return [chance.choice(NAMES), *chance.choices(WORDS, k=chance.randrange(1, 4)), *chance.choice([[], ["steps=1"]])]


KINDS = {"model": a_model, "resume": a_resume, "log": a_log, "take": a_take, "audio": a_recording, "line": a_line}


def judge(code, err: str, out: str, spent: float, grown: int, made: set) -> str:
    """Return what is wrong with how a case ended, or nothing."""
    lines = [line for line in err.splitlines() if line.strip()]
    if "Traceback" in err or "defect" in err:
        return "a defect: " + lines[-1][:200]
    if code not in (0, 1):
        return f"exit code {code}"
    if code == 1 and not lines:
        return "exit code 1 without a word"
    if spent > SECONDS:
        return f"{spent:.0f} s"
    if grown > MEMORY:
        return f"{grown / 1e3:.0f} MB"
    if any(ord(c) < 32 and c not in "\n\t" for c in err + out):
        return "control characters"
    return f"wrote {sorted(made)[:3]}" if made else ""


def case(number: int, seed: int, base: Path, folder: Path) -> str:
    """Run a case in a copy of `base`; return its kind and what is wrong with it, or nothing."""
    chance = random.Random(f"{seed} {number}")
    kind = list(KINDS)[number % len(KINDS)]
    shutil.copytree(base, folder)
    os.chdir(folder)
    words = KINDS[kind](chance)
    before = {path.name for path in folder.parent.iterdir()}
    memory, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()

    def late(*_):
        raise TimeoutError("too late")

    signal.signal(signal.SIGALRM, late)
    signal.alarm(2 * SECONDS)
    try:
        code, err, out = run(words)
    except BaseException as error:
        code, err, out = 1, f"Traceback: {type(error).__name__}: {error}", ""
    signal.alarm(0)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory
    made = {path.name for path in folder.parent.iterdir()} - before
    wrong = judge(code, err, out, time.monotonic() - began, grown, made)
    os.chdir(base)
    shutil.rmtree(folder)
    return f"{kind} {number}: {wrong}: gen {' '.join(words)[:150]!r}" if wrong else ""


def main(cases=CASES, seed=0):
    """Print each case that isn't as it should be, and how many those are of each kind."""
    counts = Counter()
    with tempfile.TemporaryDirectory() as place:
        os.environ["GEN_CACHE"] = f"{place}/cache"
        make(Path(place) / "base")
        for number in range(int(cases)):
            if found := case(number, int(seed), Path(place) / "base", Path(place) / "case"):
                counts[found.split()[0]] += 1
                print(found, flush=True)
        os.chdir("/")
    print(f"{cases} cases, wrong: {sum(counts.values())} {dict(counts)}")


if __name__ == "__main__":
    main(*sys.argv[1:])
