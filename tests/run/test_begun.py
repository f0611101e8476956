"""What a training that is begun must find again, and what may have changed since."""

import numpy as np
import pytest
import soundfile

from gen.run import checkpoint
from gen.run.resume import BOOK
from tests.cli.test_commands import TINY, refused, tone


@pytest.fixture
def begun(gen, tmp_path):
    """Return the command of a training that is begun on tmp_path/in, but for its folder."""
    for index in range(24):
        tone(tmp_path / "in" / f"{index:02d}.wav", hz=200 + 10 * index)
    command = [*TINY, "steps=4", "name=a"]
    code, _, err = gen("train", "in", *command)
    assert code == 0, err
    return command


def test_a_slash_behind_the_folder_is_the_same_folder(gen, begun):
    for folder in ("in/", "./in", "in"):
        code, _, err = gen("train", folder, *begun, "steps=8")
        assert code == 0, err


def test_what_differs_is_told_with_its_own_remedy_alone(gen, begun):
    for word, told in (
        ("seed=1", "seed=1: runs/a was begun with seed=0"),
        ("data.tail=0.1", "data.tail=0.1: runs/a was"),
    ):
        code, _, err = gen("train", "in", *begun, "steps=8", word)
        assert (code, err.count("\n")) == (1, 1)
        assert err.startswith(told)
        assert err.endswith("; go on with that, or give another name=\n")


def test_other_audio_of_the_same_names_and_lengths_is_refused(gen, tmp_path, begun):
    path = tmp_path / "in" / "07.wav"
    wave, rate = soundfile.read(path)
    soundfile.write(path, 0.9 * np.flip(wave), rate)
    refused(gen("train", "in", *begun, "steps=8"), "was begun on other recordings", "bring them back")


def test_a_run_of_before_knows_neither_a_test_part_nor_a_hash(gen, tmp_path, begun):
    path = tmp_path / "runs" / "a" / "resume.safetensors"
    tensors, book, _ = checkpoint.read(path, BOOK)
    assert len(book["corpus"]) == 4
    del book["settings"]["data"]["test"]
    checkpoint.save(path, tensors, {**book, "corpus": book["corpus"][:3]})
    refused(gen("train", "in", *begun, "steps=8", "data.test=0.1"), "data.test=0.1: ", "begun with data.test=0.0")
    code, _, err = gen("train", "in", *begun, "steps=8")
    assert code == 0, err
    assert "goes on from step 4" in err
    assert len(checkpoint.read(path, BOOK).header["corpus"]) == 4


@pytest.mark.parametrize(("path", "name"), [("piano.v2/", "piano.v2-gru"), ("piano.v2/a.b.wav", "a.b-gru")])
def test_a_run_is_named_after_the_folder_or_the_file(gen, tmp_path, path, name):
    tone(tmp_path / "piano.v2" / "a.b.wav", seconds=1)
    code, _, err = gen("train", path, *TINY, "steps=2")
    assert code == 0, err
    assert [run.name for run in (tmp_path / "runs").iterdir()] == [name]
