"""What reaches a person: standard streams that are closed, full or cut off, names that hold a terminal's commands."""

import contextlib
import os
import subprocess
import sys

import numpy as np
import pytest
import soundfile

from gen.base import streams, terminal
from gen.training import trial
from tests.small import save_run

EVIL = "in\x1b[31m\u202ered\x07"
SEEN = "in?[31m?red?"
CLOSED = "standard output: can't be written (Bad file descriptor); send it elsewhere\n"
MAIN = f'{sys.executable} -c "import gen.__main__ as m; m.command_line = lambda *_: {{}}; m.main()"'
FULL = "standard output: can't be written (No space left on device); send it elsewhere\n"


def shell(line: str, **environment):
    """Run a line of bash in which $GEN is the command, with its last command's exit code unless a pipe's was worse."""
    environment = {**os.environ, "GEN": f"{sys.executable} -m gen", **environment}
    return subprocess.run(["bash", "-o", "pipefail", "-c", line], capture_output=True, text=True, env=environment)


@pytest.mark.parametrize("command", ["", "train --help", "sample nowhere --cfg job"])
def test_standard_output_that_is_closed_or_full_is_told_in_a_line_and_one_that_is_cut_off_ends_quietly(command):
    for to, told in ((">&-", CLOSED), (">/dev/full", FULL)):
        done = shell(f"$GEN {command} {to}")
        assert (done.returncode, done.stderr) == (1, told)
    done = shell(f"$GEN {command} | true")
    assert (done.returncode, done.stderr) == (0, "")


def unheard(how: str):
    """Return a standard output that nobody reads: one that is closed, or a pipe that is cut off."""
    if how == "closed":
        return os.fdopen(os.open(os.devnull, os.O_RDONLY), "w")
    read, write = os.pipe()
    os.close(read)
    return os.fdopen(write, "w")


@pytest.mark.parametrize(("how", "code", "told"), [("closed", 1, CLOSED), ("cut off", 0, "")])
def test_what_is_made_is_kept_though_nobody_can_be_told(gen, tmp_path, monkeypatch, how, code, told):
    monkeypatch.setattr(trial, "SECONDS", 0.2)
    save_run("run", ["hi"])
    (tmp_path / "in").mkdir()
    for index in range(3):
        soundfile.write(tmp_path / "in" / f"{index}.wav", np.sin(np.arange(9000) * (0.1 + index / 9)) / 2, 8000)
    keys = ["model=gru", "model.hidden=8", "lanes=2", "window=16", "data.rate=8000"]
    for words in (
        ["sample", "run", "seconds=0.05", "count=2", "out=takes"],
        ["sample", "run", "seconds=inf", "out=-"],
        ["data", "in", *keys],
    ):
        with contextlib.suppress(OSError), unheard(how) as stdout:
            monkeypatch.setattr(sys, "stdout", stdout)
            done = gen(*words)
            assert (done[0], done[2]) == (code, told), words
    assert [soundfile.info(take).frames for take in (tmp_path / "takes").iterdir()] == [400, 400]
    assert "linear prediction" in (tmp_path / "data.html").read_text()


def test_streams_that_are_closed_are_not_taken_by_files():
    done = shell(MAIN.format("print(open('/dev/zero').fileno())") + " <&- 2>&-")
    assert (done.returncode, done.stdout) == (0, "3\n")


def test_letters_that_an_encoding_lacks_are_told_otherwise():
    done = shell(MAIN.format("m.streams.show('ü')"), PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stdout) == (0, "\\xfc\n")


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        (EVIL, SEEN),
        ("a\nb\tc\x9b2J\x7f\x00", "a?b?c?2J??"),
        ("\udcff\u2028\u2066", "???"),
        ("Ünï 日本　語\u00a0\u202f नी\u200dत é", "Ünï 日本　語\u00a0\u202f नी\u200dत é"),
    ],
)
def test_what_would_command_a_terminal_is_a_question_mark_and_letters_stay(capfd, text, seen):
    assert streams.plain(text) == seen
    terminal.say(text)
    streams.show(text)
    terminal.table(["", "x"], [(text, text)])
    out, err = capfd.readouterr()
    assert err == f"{seen}\n"
    assert out.startswith(f"{seen}\n")
    assert out.count(seen) == 3


def test_names_of_folders_files_runs_and_labels_send_no_commands(gen, tmp_path):
    folder = tmp_path / EVIL
    (folder / "hi").mkdir(parents=True)
    for index in range(6):
        soundfile.write(folder / "hi" / f"{index}{EVIL}.wav", 0.5 * np.sin(np.arange(9000) * (0.1 + index / 90)), 8000)
    (folder / "hi" / f"{EVIL}.wav").write_text("la")
    save_run(tmp_path / f"{EVIL}run", ["hi"])
    keys = ["model=gru", "model.hidden=8", "lanes=2", "window=16", "data.rate=8000", "steps=2"]
    told = [
        gen("train", EVIL, *keys, "data.labels=folder"),
        gen("train", EVIL, *keys, f"name={EVIL}"),
        gen("train", EVIL, f"model={EVIL}"),
        gen("train", EVIL, f"{EVIL}=1"),
        gen("train", EVIL, EVIL),
        gen("sample", f"{EVIL}run", "seconds=0.05", f"label={EVIL}"),
        gen("sample", f"{EVIL}run", "seconds=0.05", "count=1"),
        gen("again", f"{EVIL}run/takes/hi-seed0-0.wav"),
        gen("evaluate", f"runs/{SEEN}-gru", f"data.path={EVIL}"),
        gen("report", f"{EVIL}run", "seconds=0.05", "count=1"),
        gen(EVIL),
    ]
    assert [code for code, _, _ in told] == [0, 1, 1, 1, 1, 1, 0, 0, 0, 0, 1]
    for _, *outputs in told:
        for text in outputs:
            assert all(c.isprintable() or c == "\n" for c in text), text
    (folder / "hi").rename(folder / EVIL)
    code, _, err = gen("train", EVIL, *keys, "data.labels=folder", "name=b")
    assert (code, err.count("\n")) == (1, 1)
    assert f"makes the label '{SEEN}' of it, which is no name; rename it" in err


def test_names_that_are_no_utf8_are_names(gen, tmp_path):
    folder = os.fsdecode(b"in\xff")
    (tmp_path / folder).mkdir()
    for index in range(6):
        with open(tmp_path / folder / f"{index}\udcfe.wav", "wb") as file:
            soundfile.write(file, 0.5 * np.sin(np.arange(9000) * (0.1 + index / 90)), 8000, format="WAV")
    save_run(tmp_path / folder / "run")
    keys = ["model=gru", "model.hidden=8", "lanes=2", "window=16", "data.rate=8000", "steps=2"]
    for args in (
        ["train", folder, *keys],
        ["sample", f"{folder}/run", "seconds=0.05", "count=1"],
        ["again", f"{folder}/run/takes/seed0-0.wav"],
        ["report", f"{folder}/run", "seconds=0.05", "count=1"],
    ):
        code, _, err = gen(*args)
        assert code == 0, err
