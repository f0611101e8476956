"""The command line as a person meets it: what it prints, where it writes, what it says to bad input."""

import io
import json
import pickle
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest
import soundfile

from gen.__main__ import main
from gen.cli.help import commands
from gen.run import checkpoint
from gen.training import trial
from tests.conftest import full_disk, make_cache
from tests.small import CONF, MODELS, save_run

TINY = ["model=gru", "model.hidden=16", "model.embedding=8", "lanes=4", "window=32", "data.rate=8000", "data.valid=0.2"]


def tone(path, seconds=0.25, rate=8000, hz=440.0, **how):
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, 0.5 * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate), rate, **how)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Two trained runs: `plain`, and `notes` with the labels high and low."""
    folder = tmp_path_factory.mktemp("commands")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GEN_CACHE", str(make_cache(folder / "cache")))
        patch.chdir(folder)
        for index in range(12):
            tone(folder / "in" / "low" / f"{index}.wav", hz=200 + index)
            tone(folder / "in" / "high" / f"{index}.wav", hz=800 + index)
        for name, extra in {"plain": [], "notes": ["data.labels=folder"]}.items():
            patch.setattr(sys, "argv", ["gen", "train", "in", *TINY, *extra, "steps=12", f"name={name}"])
            main()
    return folder / "runs"


def refused(result, *parts):
    """Assert that a command ended with exit code 1 and one line that holds `parts`."""
    code, _, err = result
    assert code == 1
    assert err.count("\n") == 1, err
    for part in parts:
        assert part in err


def cut_flac(folder):
    tone(folder / "whole.flac", seconds=2, hz=300)
    whole = (folder / "whole.flac").read_bytes()
    (folder / "whole.flac").unlink()
    (folder / "cut.flac").write_bytes(whole[: len(whole) // 2])


BAD = {
    "nothing here": (lambda f: None, "is an empty folder"),
    "no audio": (lambda f: (f / "notes.txt").write_text("la"), "holds no audio files"),
    "text called wav": (lambda f: (f / "a.wav").write_text("la la la"), "a.wav: isn't audio that can be read"),
    "cut flac": (cut_flac, "cut.flac: "),
    "no frames": (lambda f: soundfile.write(f / "a.wav", np.zeros(0), 8000), "a.wav: holds no audio (0 frames)"),
    "no bytes": (lambda f: (f / "a.wav").write_bytes(b""), "a.wav: is an empty file"),
    "nan": (
        lambda f: soundfile.write(f / "a.wav", np.full(900, np.nan), 8000, "FLOAT"),
        "a.wav: holds NaN or infinity at 0.00 s",
    ),
    "aac": (lambda f: (f / "a.m4a").write_bytes(b"\0\0\0 ftypM4A "), "a.m4a: .m4a can't be read here; convert it"),
    "twins": (lambda f: [tone(f / "a.wav"), tone(f / "a.flac")], "differs only in extension from a.flac"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_folder_that_cannot_be_trained_on_is_refused_in_one_line(gen, tmp_path, case):
    make, told = BAD[case]
    (tmp_path / "in").mkdir()
    make(tmp_path / "in")
    refused(gen("train", "in", *TINY, "steps=5"), told)
    assert not (tmp_path / "runs").exists()


def test_a_pattern_of_labels_and_a_path_are_taken_literally(gen, tmp_path):
    folder = "my [takes], (2) ${x} it's=1"
    for index in range(24):
        tone(tmp_path / folder / f"{index % 3}_{index}.wav", hz=300 + index)
    code, _, err = gen("train", folder, *TINY, "steps=5", r"data.labels=(\d)_*.wav", "name=a b (c)")
    assert code == 0, err
    assert "labels 0 1 2" in err
    assert (tmp_path / "runs" / "a b (c)" / "model.safetensors").exists()


def test_one_bad_file_is_named_and_skipped(gen, tmp_path):
    for index in range(24):
        tone(tmp_path / "in" / f"{index}.wav", hz=300 + index)
    (tmp_path / "in" / "broken.wav").write_text("la")
    code, _, err = gen("train", "in", *TINY, "steps=5")
    assert code == 0
    assert "skipped in/broken.wav: isn't audio that can be read" in err
    assert "24 recordings" in err


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (["seconds=-1"], "seconds=-1.0: seconds is a length over 0"),
        (["temperature=-0.5"], "temperature=-0.5: temperature is 0 (greedy: always the likeliest symbol) or more"),
        (["top_p=0"], "top_p=0.0: top_p is over 0"),
        (["count=0"], "count=0: count is how many takes"),
        (["seed=-1"], "seed=-1"),
        (["label=mid"], "label=mid: this model has no such label; it has high, low"),
        (["prime=nowhere.wav"], "nowhere.wav: No such file"),
        (["format=mp3"], "format=mp3: there are wav and flac"),
        (["out=a.wav", "count=2"], "holds one take"),
        (["twice"], "twice: settings are key=value"),
        (["secondz=1"], "secondz: there is no such key"),
        (["seconds=long"], "seconds=long"),
        (["seconds=nan"], "seconds=nan: seconds is a length over 0"),
        (["seconds=1e300"], "seconds=1e+300: a take in a file has 24 hours at most; inf has no end"),
        (["count=1000000000"], "count=1000000000: count is how many takes, 1 to 100,000"),
        (["seed=1.5"], "seed=1.5: "),
        (["seed=18446744073709551616"], "seed=18446744073709551616: seed is 0 or more, and under 2^64"),
        (["stream=9223372036854775807"], "stream=9223372036854775807, count=4: a stream's number is under 2^63"),
        (["temperature=nan"], "temperature=nan: temperature is 0"),
        (["temperature=inf"], "temperature=inf: temperature is 0"),
        (["temperature=1e-320"], "temperature is 0 (greedy: always the likeliest symbol) or more, from 0.001 to 1000"),
        (["top_p=nan"], "top_p=nan: top_p is over 0"),
        (["engine=fast"], "engine=fast: engine is compiled or reference"),
        (["weights=int8"], "weights=int8: weights are one of float32, bfloat16, float64"),
        (["prime=."], ".: is no regular file"),
        (["prime=/dev/zero"], "/dev/zero: is no regular file"),
        (["out="], "out=: holds no path"),
        (["out=/dev/null"], "out=/dev/null: is there already, and no folder"),
        (["out=takes.mp3"], "out=takes.mp3: takes are written as .wav or .flac"),
    ],
)
def test_a_wrong_setting_of_sampling_is_refused_in_one_line_and_writes_nothing(gen, runs, tmp_path, args, told):
    refused(gen("sample", runs / "notes", "seconds=0.01", f"out={tmp_path / 'takes'}", *args), told)
    assert not (tmp_path / "takes").exists()


def test_a_label_for_a_model_without_labels_is_refused(gen, runs):
    refused(gen("sample", runs / "plain", "label=low"), "label=low: this model was trained without labels")


def test_a_model_file_that_is_no_model_is_refused_in_one_line(gen, runs, tmp_path):
    whole = (runs / "plain" / "model.safetensors").read_bytes()
    path = tmp_path / "model.safetensors"
    path.write_bytes(whole[: len(whole) * 2 // 3])
    refused(gen("sample", path), "model.safetensors: is cut short or damaged")
    tensors, header, _ = checkpoint.read(runs / "plain" / "model.safetensors", checkpoint.HEADER)
    checkpoint.save(path, tensors, {**header, "format": 99})
    refused(gen("sample", path), "has format 99, and this version of gen reads 1")

    class Trap:
        def __reduce__(self):
            return (open, (str(tmp_path / "sprung"), "w"))

    path.write_bytes(pickle.dumps(Trap()))
    refused(gen("sample", path), "is a pickle", "refused unopened")
    assert not (tmp_path / "sprung").exists()
    refused(gen("sample", tmp_path / "nothing"), "nothing: No such file or directory")
    refused(gen("sample", "/dev/null"), "/dev/null: is no regular file")
    refused(gen("sample", runs), "runs: holds no model.safetensors; give a run folder")
    refused(gen("sample"), "give the run to sample")


def test_takes_lie_in_the_run_one_for_each_label_and_come_out_the_same_twice(gen, runs):
    shutil.rmtree(runs / "notes" / "takes", ignore_errors=True)
    code, out, _ = gen("sample", runs / "notes", "seconds=0.1", "count=3")
    assert code == 0
    names = ["high-seed0-0.wav", "low-seed0-1.wav", "high-seed0-2.wav"]
    assert out.split() == [str(runs / "notes" / "takes" / name) for name in names]
    first = (runs / "notes" / "takes" / names[1]).read_bytes()
    info = soundfile.info(io.BytesIO(first))
    assert (info.samplerate, info.frames, info.subtype) == (8000, 800, "PCM_16")
    gen("sample", runs / "notes", "seconds=0.1", "count=3")
    assert sorted(p.name for p in (runs / "notes" / "takes").iterdir()) == sorted(names)
    assert (runs / "notes" / "takes" / names[1]).read_bytes() == first


def test_a_different_take_of_the_same_name_is_not_overwritten(gen, runs, tmp_path):
    gen("sample", runs / "plain", "seconds=0.05", "count=1", "out=takes", "format=flac")
    before = (tmp_path / "takes" / "seed0-0.flac").read_bytes()
    _, out, _ = gen("sample", runs / "plain", "seconds=0.05", "count=1", "out=takes", "format=flac", "temperature=0.5")
    assert out.strip() == "takes/seed0-0-2.flac"
    assert (tmp_path / "takes" / "seed0-0.flac").read_bytes() == before


def test_greedy_is_legal_and_out_may_be_one_file_or_standard_output(gen, runs, tmp_path, monkeypatch):
    assert gen("sample", runs / "plain", "seconds=0.05", "temperature=0", "out=a.flac")[:2] == (0, "a.flac\n")
    gen("sample", runs / "plain", "seconds=0.05", "out=a.wav")
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO()))
    assert gen("sample", runs / "plain", "seconds=0.05", "out=-")[0] == 0
    streamed, _ = soundfile.read(io.BytesIO(sys.stdout.buffer.getvalue()))
    assert np.array_equal(streamed, soundfile.read(tmp_path / "a.wav")[0])


def test_a_take_goes_on_from_a_recording_of_any_rate_and_length(gen, runs, tmp_path, monkeypatch):
    tone(tmp_path / "short.wav", seconds=1 / 8000)
    tone(tmp_path / "long.flac", seconds=1.0, rate=44100)
    monkeypatch.setenv("HOME", str(tmp_path))
    for prime in ("short.wav", "~/long.flac"):
        assert gen("sample", runs / "plain", "seconds=0.05", f"prime={prime}", "out=take.wav")[0] == 0
        assert soundfile.info(tmp_path / "take.wav").frames == 400


def test_evaluate_prints_the_model_beside_the_baselines(gen, runs, monkeypatch):
    monkeypatch.chdir(runs.parent)
    code, out, _ = gen("evaluate", "runs/plain")
    assert code == 0
    for part in ("bits/sample", "uniform", "8.000", "histogram", "first-order Markov", "linear prediction"):
        assert part in out
    assert f"{json.loads((runs / 'plain' / 'evaluate.json').read_text())['bits_per_sample']:.3f}" in out
    refused(gen("evaluate", "runs/plain", "data.files=nowhere.txt"), "nowhere.txt: No such file")
    refused(gen("evaluate"), "give the run to evaluate")


def test_a_sweep_trains_one_run_for_each_value_and_evaluate_collects_them(gen, tmp_path):
    tone(tmp_path / "in" / "long.wav", seconds=12)
    keys = ["data.rate=1000", "lanes=2", "window=16", "model.hidden=8", "steps=4"]
    sweep(tmp_path, "model=gru,elman", "seed=1,2", *keys)
    names = [f"in-{model}-seed-{seed}" for model in ("elman", "gru") for seed in (1, 2)]
    assert sorted(p.name for p in (tmp_path / "runs").iterdir() if p.name[0] != ".") == names
    code, out, _ = gen("evaluate", *(f"runs/{name}" for name in names))
    assert code == 0
    lines = [line.split() for line in out.splitlines() if line.split()]
    shown = [words for words in lines if words[0].startswith("runs/")]
    assert sorted(words[0].removeprefix("runs/") for words in shown) == names
    assert [float(words[1]) for words in shown] == sorted(float(words[1]) for words in shown)
    assert sum(words[0] == "uniform" for words in lines) == 1


def test_a_sweep_ends_with_the_first_training_refused(tmp_path):
    tone(tmp_path / "in" / "long.wav")
    done = sweep(tmp_path, "learning_rate=2,0.001", "model=gru", "data.rate=1000", "steps=4", code=1)
    assert done.stderr.startswith("learning_rate=2.0: this is over 0 and under 1")
    assert not list((tmp_path / "runs").glob("in*"))


def test_a_launcher_makes_the_same_takes_in_other_processes_and_tells_what_fails(tmp_path):
    pytest.importorskip("hydra_plugins.hydra_joblib_launcher")
    keys = ["seconds=0.05", "count=1", "stream=0,1"]
    run = save_run(tmp_path / "run")
    launched = ["hydra/launcher=joblib", "hydra.launcher.n_jobs=2"]
    sweep(tmp_path, *keys, "out=one", words=["sample", run])
    sweep(tmp_path, *keys, "out=two", *launched, words=["sample", run])
    takes = [[(p.name, p.read_bytes()) for p in sorted((tmp_path / name).iterdir())] for name in ("one", "two")]
    assert len(takes[0]) == 2
    assert takes[0] == takes[1]
    done = sweep(tmp_path, *keys, "out=three", "temperature=-1", *launched, words=["sample", run], code=1)
    assert done.stderr.splitlines()[-1].startswith("temperature=-1.0: ")
    assert "Traceback" not in done.stderr


def sweep(folder, *keys, code=0, words=("train", "in")):
    """Run `gen train in -m` in a process of its own, where Hydra's logging has not been set up before."""
    command = [sys.executable, "-m", "gen", *map(str, words), "-m", *keys]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == code, done.stderr
    return done


def test_the_leaderboard_names_every_model_of_a_laptops_size():
    (names,) = re.findall("model: (.*)", (CONF / "experiment" / "leaderboard.yaml").read_text())
    assert sorted(names.split(",")) == MODELS


def test_a_disk_that_fills_up_while_saving_leaves_the_last_checkpoint_whole(gen, tmp_path):
    for index in range(24):
        tone(tmp_path / "in" / f"{index}.wav", hz=300 + index)
    command = ["train", "in", *TINY, "name=full"]
    assert gen(*command, "steps=10")[0] == 0
    run = tmp_path / "runs" / "full"
    before = (run / "resume.safetensors").read_bytes()
    with full_disk(len(before) // 2):
        code, _, err = gen(*command, "steps=20")
    assert code == 1
    assert "runs/full/resume.safetensors: can't be saved" in err.splitlines()[-1]
    assert "the one saved before is whole" in err
    assert "Traceback" not in err
    assert (run / "resume.safetensors").read_bytes() == before
    assert not [p for p in run.rglob("*") if p.name.endswith(".part")]
    assert "goes on from step 10" in gen(*command, "steps=20")[2]


@pytest.mark.parametrize("choice", sorted(f"{p.parent.name}={p.stem}" for p in CONF.glob("*/*.yaml")))
def test_every_choice_of_the_configuration_composes(gen, choice):
    plus = "+" if choice.startswith("experiment") else ""
    command = "classifier" if choice.startswith("classifier") else "train"
    folder = [] if choice == "data=tones" else ["somewhere"]
    code, out, err = gen(command, *folder, plus + choice, "--cfg", "job")
    assert (code, err) == (0, "")
    assert "_target_: gen." in out


@pytest.mark.parametrize("command", list(commands()))
def test_help_teaches(gen, command):
    code, out, _ = gen(command, "--help")
    assert code == 0
    assert out.startswith(f"gen {command}")
    keys = {"train": ["minutes", "model=tiered", "data.labels", "valid:"], "sample": ["temperature", "prime"]}
    assert all(key in out for key in keys.get(command, []))


def test_help_teaches_the_keys_of_the_model_asked_for(gen):
    code, out, _ = gen("train", "model=gru", "--help")
    assert code == 0
    assert "embedding:" in out
    assert "conv:" not in out
    refused(gen("train", "model=foo", "--help"), "model=foo: there is no such model; there are elman, gru, lstm")


def test_data_tells_of_a_folder_and_leaves_other_files_alone(gen, tmp_path, monkeypatch):
    monkeypatch.setattr(trial, "SECONDS", 0.5)
    for index in range(3):
        tone(tmp_path / "in" / f"{index}.wav", seconds=2, hz=200 + 90 * index)
    code, out, _ = gen("data", "in", *TINY)
    assert code == 0
    assert "loses nothing" in out
    assert "(measured)" in out
    assert (tmp_path / "data.html").exists()
    (tmp_path / "data.html").write_text("mine")
    refused(gen("data", "in", *TINY), "data.html: is there already", "out=")
    refused(gen("data"), "give the folder")
    refused(gen("data", "in", "data.rate=16k"), "data.rate=16k: this must be of type int")
    refused(gen("data", "in", "data.rate=0", "out=b.html"), "data.rate=0: a rate is 1000 Hz or more")


def test_help_into_a_pipe_that_closes_is_quiet(tmp_path):
    done = subprocess.run(
        f"{sys.executable} -m gen train --help | head -1", shell=True, cwd=tmp_path, capture_output=True, text=True
    )
    assert (done.stdout, done.stderr) == ("gen train [FOLDER] [key=value ...]\n", "")


@pytest.mark.parametrize(("to", "code", "told"), [("| true", 0, ""), (">&-", 1, "Bad file descriptor")])
def test_an_evaluation_that_nobody_reads_is_kept(runs, to, code, told):
    (runs / "plain" / "evaluate.json").unlink(missing_ok=True)
    command = f"{sys.executable} -m gen evaluate runs/plain {to}"
    done = subprocess.run(["bash", "-o", "pipefail", "-c", command], cwd=runs.parent, capture_output=True, text=True)
    assert done.returncode == code
    assert told in done.stderr
    assert done.stderr.count("\n") == bool(told)
    assert (runs / "plain" / "evaluate.json").exists()


def test_what_was_found_is_told_though_it_cannot_be_written(gen, runs, tmp_path, monkeypatch):
    monkeypatch.setattr(trial, "SECONDS", 0.5)
    for index in range(3):
        tone(tmp_path / "in" / f"{index}.wav", seconds=2, hz=200 + 90 * index)
    code, out, err = gen("data", "in", *TINY, "out=in/0.wav/data.html")
    assert (code, err.count("\n")) == (1, 1)
    assert "in/0.wav/data.html: can't be written (Not a directory); give another place with out=" in err
    assert "loses nothing" in out
    shutil.copytree(runs / "plain", tmp_path / "run")
    (tmp_path / "run" / "evaluate.json").unlink(missing_ok=True)
    (tmp_path / "run" / "evaluate.json").mkdir()
    code, out, err = gen("evaluate", runs / "notes", "run", "nowhere", f"data.path={runs.parent / 'in'}")
    assert (code, err.count("\n")) == (1, 1)
    assert "run/evaluate.json: can't be written" in err
    assert out.count("valid, ") == 2


def test_an_unknown_command_is_refused(gen):
    refused(gen("sing"), "gen sing: there is no such command; there are data, features, tones, tune, train")
    refused(gen("tones"), "give the folder to write to")
