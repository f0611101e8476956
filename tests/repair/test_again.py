import json
import random
import re
import shutil

import pytest
import soundfile

from gen.repair import continuation
from gen.sampling.trained import Trained
from tests.mutate import mutated, written
from tests.repair.test_mend import record
from tests.small import save_run


@pytest.fixture(autouse=True)
def few(monkeypatch):
    """Let few streams be tried, which takes less time."""
    monkeypatch.setattr(continuation, "STREAMS", 8)


@pytest.fixture
def told(gen):
    """Return a function that runs a command beside a take a.wav of the model in `run`: its code, and what it says."""
    save_run("run")
    soundfile.write("a.wav", Trained("run").sample(seconds=0.6, seed=5), 8000)

    def run(*args):
        code, out, err = gen(*args)
        return code, err.strip() if code else out

    return run


def test_what_was_mended_is_made_again_byte_for_byte_from_its_address(told, tmp_path):
    made = told("repair", "a.wav", "gap=0.3:0.36 0.1:0.105", "run=run", "count=2", "seed=3", "temperature=0.8")[1]
    assert told("again", made.split()[1]) == (
        0,
        "a-repaired-1-again.wav\nthe same bytes as a-repaired-1.wav\n",
    )
    assert (tmp_path / "a-repaired-1-again.wav").read_bytes() == (tmp_path / "a-repaired-1.wav").read_bytes()
    for name in ("a.wav", "run", "a-repaired-0.wav"):
        (tmp_path / "moved").mkdir(exist_ok=True)
        shutil.move(name, "moved")
    err = told("again", "moved/a-repaired-0.wav")[1]
    assert err == (
        "moved/a-repaired-0.wav: was made with recording a.wav, which isn't there; give recording= where it is now"
    )
    now = ["recording=moved/a.wav", "run=moved/run"]
    assert told("again", "moved/a-repaired-0.wav", *now)[0] == 0
    same = (tmp_path / "moved/a-repaired-0.wav").read_bytes()
    assert (tmp_path / "moved/a-repaired-0-again.wav").read_bytes() == same


def test_gaps_that_were_found_or_labelled_are_again(told, tmp_path):
    wave, _ = soundfile.read("a.wav")
    wave[2000:2080] = 0
    soundfile.write("b.flac", wave, 8000)
    (tmp_path / "l.txt").write_text("0.1\t0.11\tclick\n")
    assert told("repair", "b.flac", "gap=auto")[0] == 0
    assert told("again", "b-repaired.flac")[0] == 0
    assert told("repair", "b.flac", "gap=l.txt", "method=cut", "out=c.flac")[0] == 0
    assert told("again", "c.flac")[0] == 0
    (tmp_path / "l.txt").write_text("0.1\t0.12\tclick\n")
    code, err = told("again", "c.flac")
    assert (code, err.count("\n")) == (1, 0)
    assert err.startswith("c.flac: was made with another labels than l.txt (")


def test_what_changed_since_or_does_not_belong_to_it_is_one_line(told, tmp_path):
    told("repair", "a.wav", "gap=0.1:0.105")
    assert told("again", "a-repaired.wav", "prime=a.wav")[1] == (
        "prime=a.wav: a-repaired.wav is no take; leave prime= out"
    )
    assert "was made without such a file; leave run= out" in told("again", "a-repaired.wav", "run=run")[1]
    assert "is the recording itself" in told("again", "a-repaired.wav", "out=a-repaired.wav")[1]
    told("sample", "run", "seconds=0.1", "out=take.wav")
    assert "take.wav is a take; leave recording= out" in told("again", "take.wav", "recording=a.wav")[1]
    samples, _ = soundfile.read("a-repaired.wav", dtype="int16")
    with soundfile.SoundFile("changed.wav", "w", 8000, 1, "PCM_16") as file:
        file.comment = soundfile.SoundFile("a-repaired.wav").comment
        samples[700] += 1
        file.write(samples)
    assert "changed-again.wav differs from it, from sample 700 on" in told("again", "changed.wav")[1]
    record(tmp_path / "a.wav")
    err = told("again", "a-repaired.wav")[1]
    assert "\n" not in err
    assert "was made with another recording than a.wav" in err


def test_of_several_versions_the_likeliest_is_told(gen, tmp_path):
    run = save_run(tmp_path / "run")
    soundfile.write("a.wav", Trained(run).sample(seconds=0.6, seed=5), 8000)
    code, out, err = gen("repair", "a.wav", "gap=0.3:0.36", f"run={run}", "count=4")
    assert (code, len(out.split())) == (0, 4)
    costs = [float(line.split("costs ")[1].split()[0]) for line in err.splitlines()[:4]]
    assert len({(tmp_path / name).read_bytes() for name in out.split()}) == 4
    line = err.splitlines()[4]
    assert line.startswith("the likeliest first, by the bits/sample that what follows the gaps costs: ")
    ranked = re.findall(r"([\d.]+) after ([\w.-]+)", line)
    assert [float(bits) for bits, _ in ranked] == sorted(costs)
    assert {name: float(bits) for bits, name in ranked} == dict(zip(out.split(), costs, strict=True))


def test_mutated_addresses_are_each_refused_in_a_line_or_harmless(told, tmp_path):
    told("repair", "a.wav", "gap=0.1:0.105")
    comment = json.loads(soundfile.SoundFile("a-repaired.wav").comment)
    samples, _ = soundfile.read("a-repaired.wav", dtype="int16")
    chance, refused = random.Random(0), 0
    for _ in range(30):
        with soundfile.SoundFile("b.wav", "w", 8000, 1, "PCM_16") as file:
            file.comment = written(mutated(comment, chance))
            file.write(samples)
        code, out = told("again", "b.wav")
        refused += code
        assert code == 0 or (out.isprintable() and "a defect" not in out), out
        for path in tmp_path.glob("b-*"):
            path.unlink()
    assert refused > 15
