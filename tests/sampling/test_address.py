import hashlib
import json
import math
import os
import random

import numpy as np
import pytest
import soundfile

import gen
from gen.sampling import address
from gen.sampling.trained import Trained
from tests.mutate import mutated, written
from tests.small import save_run

SETTINGS = {"seed": 5, "temperature": 0.9, "top_p": 0.95, "label": None, "engine": "compiled", "weights": "bfloat16"}


def save(folder, scale=1.0):
    save_run(folder, ["hi", "lo"], scale)


@pytest.fixture
def told(gen):
    """Return a function that runs a command where a run `run` lies: its exit code, and what it printed or its error."""
    save("run")

    def run(*args):
        code, out, err = gen(*args)
        return code, err.strip() if code else out

    return run


@pytest.mark.parametrize(
    ("form", "extra"),
    [("wav", []), ("flac", ["label=lo", "weights=float32"]), ("wav", ["prime=heard.wav", "temperature=0.8"])],
)
def test_a_take_is_made_again_byte_for_byte_and_longer_as_if_at_once(told, tmp_path, form, extra):
    soundfile.write("heard.wav", 0.3 * np.sin(np.arange(3000) / 9), 16000)
    common = ["sample", "run", "seed=3", "top_p=0.95", f"format={form}", *extra]
    code, out = told(*common, "seconds=0.2", "count=3", "stream=2")
    assert code == 0
    for take in out.split():
        assert told("again", take) == (0, f"{take[: -1 - len(form)]}-again.{form}\nthe same bytes as {take}\n")
    longer = told(*common, "seconds=0.45", "count=3", "stream=2", "out=longer")[1].split()
    for take, want in zip(out.split(), longer, strict=True):
        assert told("extend", take, "seconds=0.25", f"out=made.{form}")[0] == 0
        assert (tmp_path / f"made.{form}").read_bytes() == (tmp_path / want).read_bytes()


@pytest.mark.parametrize("command", ["again", "extend"])
def test_out_is_neither_the_take_itself_nor_of_another_format(told, tmp_path, command):
    take = told("sample", "run", "seconds=0.1", "out=a.wav")[1].strip()
    before = (tmp_path / take).read_bytes()
    assert "is the take itself" in told(command, take, f"out={tmp_path / take}")[1]
    assert "give a name on .wav" in told(command, take, "out=b.flac")[1]
    assert (tmp_path / take).read_bytes() == before
    assert not (tmp_path / "b.flac").exists()


def test_a_changed_model_prime_or_take_is_refused(told, tmp_path):
    soundfile.write("heard.wav", np.zeros(100), 8000)
    take = told("sample", "run", "seconds=0.2", "count=1", "prime=heard.wav")[1].strip()
    soundfile.write("heard.wav", np.ones(100) / 2, 8000)
    assert "another prime" in told("again", take)[1]
    soundfile.write("heard.wav", np.zeros(100), 8000)
    samples, _ = soundfile.read(take, dtype="int16")
    with soundfile.SoundFile("changed.wav", "w", 8000, 1, "PCM_16") as file:
        file.comment = soundfile.SoundFile(take).comment
        samples[700] += 1
        file.write(samples)
    assert "changed-again.wav differs from it, from sample 700 on" in told("again", "changed.wav")[1]
    save("run", 0.9)
    assert "another run" in told("again", take)[1]
    save("moved")
    assert told("again", take, "run=moved")[0] == 0
    assert "give run= where it is now" in told("again", take, "run=nowhere")[1]
    (tmp_path / "run").rename(tmp_path / "other")
    assert told("again", f"other/{take.removeprefix('run/')}")[0] == 1  # it is another model by now
    save("other")
    assert told("again", f"other/{take.removeprefix('run/')}")[0] == 0
    assert "carries no address" in told("again", "heard.wav")[1]
    assert told("again", "missing.wav")[1] == "missing.wav: No such file or directory"


def test_an_address_says_what_a_take_was_made_with(told):
    take = told("sample", "run", "seconds=0.1", "seed=5", "temperature=0.9", "top_p=0.95", "count=2")[1].split()[1]
    found = address.read(take)
    assert {key: found[key] for key in SETTINGS} == SETTINGS
    assert (found["stream"], found["prime"], found["model"]["path"]) == (1, None, "run")
    assert len(gen.load("run").sample(seconds=0.1)) == 800


def test_a_take_that_will_be_replaced_is_told_and_no_other_file_is(gen, tmp_path):
    run = save_run(tmp_path / "run")
    (tmp_path / "mine.wav").write_bytes(b"mine")
    code, _, err = gen("sample", run, "out=mine.wav", "seconds=0.1")
    assert (code, err.count("\n")) == (1, 1)
    assert "mine.wav: is there already, and no take of gen sample; give another name" in err
    assert (tmp_path / "mine.wav").read_bytes() == b"mine"
    assert gen("sample", run, "out=a.wav", "seconds=0.1")[2].count("replaced") == 0
    assert (
        "a.wav: the take that is there will be replaced" in gen("sample", run, "out=a.wav", "seconds=0.1", "seed=2")[2]
    )


@pytest.mark.parametrize(("command", "name"), [("again", "a-again.wav"), ("extend", "a-extended.wav")])
def test_out_may_be_a_folder_as_for_sample(told, tmp_path, command, name):
    told("sample", "run", "seconds=0.1", "out=a.wav")
    (tmp_path / "d.wav").mkdir()
    for folder in ("new/folder", "d.wav"):  # a folder is one whatever it is called
        code, out = told(command, "a.wav", f"out={folder}")
        assert (code, out.splitlines()[0]) == (0, f"{folder}/{name}")
    assert [p.name for p in (tmp_path / "d.wav").iterdir()] == [name]


def test_a_take_that_goes_on_from_nothing_is_not_made_again_from_a_recording(told, tmp_path):
    soundfile.write("heard.wav", np.zeros(100), 8000)
    told("sample", "run", "seconds=0.1", "out=a.wav")
    for command in ("again", "extend"):
        assert "goes on from no recording" in told(command, "a.wav", "prime=heard.wav")[1]
    assert not list(tmp_path.glob("a-*"))


def test_an_address_is_of_the_model_that_was_loaded(told, monkeypatch, tmp_path):
    before = hashlib.sha256((tmp_path / "run" / "model.safetensors").read_bytes()).hexdigest()
    stream = Trained.stream

    def replaced_meanwhile(*given, **settings):
        save("run", 0.9)
        return stream(*given, **settings)

    monkeypatch.setattr(Trained, "stream", replaced_meanwhile)
    take = told("sample", "run", "seconds=0.1", "out=a.wav")[1].strip()
    monkeypatch.undo()
    assert address.read(tmp_path / take)["model"]["sha256"] == before[:32]


def rewritten(path, text, take="a.wav"):
    """Write the samples of a take to `path` with another comment."""
    samples, rate = soundfile.read(take, dtype="int16")
    with soundfile.SoundFile(path, "w", rate, 1, "PCM_16") as file:
        file.comment = text
        file.write(samples)


@pytest.fixture
def taken(told, tmp_path):
    """Return the address of a take a.wav of the model in `run`."""
    told("sample", "run", "seconds=0.1", "out=a.wav")
    return json.loads(soundfile.SoundFile("a.wav").comment)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("seed", -1), ("seed", 2**64), ("seed", 1.5), ("seed", "0"), ("seed", None), ("seed", True), ("seed", [0]),
        ("stream", -1), ("stream", 2**63), ("stream", None), ("temperature", "1"), ("temperature", -1),
        ("temperature", math.nan), ("temperature", math.inf), ("temperature", 10**400), ("temperature", None),
        ("top_p", 0), ("top_p", 2), ("top_p", math.nan), ("top_p", {}), ("label", 7), ("label", ["hi"]),
        ("engine", "fast"), ("engine", None), ("weights", "int8"), ("weights", []), ("guard", "on"), ("guard", None),
        ("prime", "heard.wav"), ("prime", {"path": "heard.wav"}), ("prime", {"path": "", "sha256": "0" * 32}),
        ("model", None), ("model", "run"), ("model", {"path": 5, "sha256": "0" * 32}), ("gen", None), ("gen", 1),
        ("model", {"path": "run", "sha256": "0" * 31}), ("model", {"path": "run\0", "sha256": "0" * 32}),
    ],
)  # fmt: skip
def test_every_field_of_an_address_is_checked(told, taken, tmp_path, key, value):
    rewritten("b.wav", json.dumps({**taken, key: value}))
    for command in (["again", "b.wav"], ["extend", "b.wav"], ["sample", "run", "out=b.wav"]):
        code, err = told(*command)
        assert code == 1
        assert err.startswith(("b.wav: carries ", "out=b.wav: is there already"))
        assert "\n" not in err
    assert {path.name for path in tmp_path.iterdir()} == {"run", "a.wav", "b.wav"}


@pytest.mark.parametrize(
    "text",
    ["[" * 50_000, '{"model": ' * 9000 + "1" + "}" * 9000, "{}", "null", "5", '"model"', "by hand", "x" * 70_000],
)
def test_a_comment_that_is_no_address_is_refused(told, taken, tmp_path, text):
    rewritten("b.flac", text)
    assert told("again", "b.flac")[1].startswith("b.flac: carries no address")


def test_what_an_address_names_is_a_regular_file(told, taken, tmp_path):
    os.mkfifo("pipe")
    for key in ("model", "prime"):
        for path in ("pipe", "/dev/zero", "/dev/stdin"):
            rewritten("b.wav", json.dumps({**taken, key: {"path": path, "sha256": "0" * 32}}))
            assert "is no regular file" in told("again", "b.wav")[1]
        rewritten("b.wav", json.dumps({**taken, key: {"path": str(tmp_path), "sha256": "0" * 32}}))
        assert told("again", "b.wav")[0] == 1
    assert "is no regular file" in told("again", "a.wav", "run=pipe")[1]


def test_a_hundred_mutated_addresses_are_each_refused_in_a_line_or_harmless(told, taken, tmp_path):
    chance, refused = random.Random(0), 0
    for _ in range(100):
        rewritten("b.flac", written(mutated(taken, chance)))
        code, out = told("again", "b.flac")
        refused += code
        assert code == 0 or (out.isprintable() and "a defect" not in out and not out.startswith("the memory")), out
        for path in tmp_path.glob("b-*"):
            path.unlink()
    assert refused > 80
    assert {path.name for path in tmp_path.iterdir()} == {"run", "a.wav", "b.flac"}


@pytest.mark.parametrize(
    ("command", "told_of"),
    [
        (["extend", "a.wav", "seconds=1e300"], "seconds=1e+300: a take in a file has 24 hours at most"),
        (["extend", "a.wav", "seconds=90000"], "seconds=90000.1: a take in a file has 24 hours at most"),
        (["extend", "a.wav", "seconds=nan"], "seconds=nan: this is how much longer"),
        (["extend", "a.wav", "seconds=1e-9"], "seconds=1e-09: is less than one sample at 8000 Hz"),
        (["sample", "run", "seconds=1e300", "out=b"], "seconds=1e+300: a take in a file has 24 hours at most"),
        (["again", "a.wav", "out=-"], "out=-: a take is made again as a file"),
        (["again", "a.wav", "out="], "out=: holds no path"),
        (["again", "a.wav", "out=run/model.safetensors"], "is there already, and no folder"),
        (["again", "run"], "run: is no regular file"),
    ],
)
def test_a_take_that_cannot_be_made_is_refused_in_one_line_and_nothing_is_written(
    told, taken, tmp_path, command, told_of
):
    code, err = told(*command)
    assert code == 1
    assert told_of in err
    assert "\n" not in err
    assert {path.name for path in tmp_path.iterdir()} == {"run", "a.wav"}
