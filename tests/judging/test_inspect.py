import csv
import shutil

import numpy as np
import pytest
import soundfile

from gen.judging import inspect
from tests.small import save_run

FEW = ["longest=0.1", "reach=0.02", "count=4"]


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("inspect")
    save_run(folder / "plain")
    save_run(folder / "told <b>", classes=["a", "b"], scale=0.9)
    wave = 0.3 * np.sin(np.arange(8000) / 9) ** 3
    soundfile.write(folder / "one.wav", wave, 8000)
    return folder


def table(path):
    with path.open() as file:
        return list(csv.reader(file))


def test_runs_are_looked_into_side_by_side_over_a_recording(gen, runs, tmp_path):
    names = [str(runs / "plain"), str(runs / "told <b>")]
    code, out, err = gen("inspect", *names, runs / "one.wav", *FEW)
    assert (code, err) == (0, "")
    assert out.split()[-3:] == ["inspect/memory.csv", "inspect/gradients.csv", "inspect/inspect.html"]
    memory, gradients = (table(tmp_path / "inspect" / name) for name in ("memory.csv", "gradients.csv"))
    assert (tuple(memory[0]), tuple(gradients[0])) == (inspect.MEMORY, inspect.GRADIENTS)
    assert {row[0] for row in memory[1:]} == {row[0] for row in gradients[1:]} == set(names)
    own = [int(row[1]) for row in gradients[1:] if row[0] == names[0]]
    assert own == [1, 2, 3, 4, 6, 8, 11, 16, 23, 32, 45, 64, 91, 128]
    page = (tmp_path / "inspect" / "inspect.html").read_text()
    assert page.count("<figure>") == 2
    assert "told &lt;b&gt;" in page
    assert "<b>" not in page
    assert "http" not in page.replace("http-equiv", "")
    again, _, _ = gen("inspect", *names, runs / "one.wav", *FEW)
    assert again == 0
    assert table(tmp_path / "inspect" / "memory.csv") == memory
    (tmp_path / "inspect" / "inspect.html").write_text("mine")
    code, _, err = gen("inspect", *names, runs / "one.wav", *FEW)
    assert (code, err.count("\n")) == (1, 1)
    assert "inspect.html: is there already" in err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["plain", "one.wav", "two.wav"], "at most one recording"),
        (["one.wav"], "give one run or several"),
        (["plain", "one.wav", "count=1"], "count=1: 4 to 4,096"),
        (["plain", "one.wav", "longest=100"], "longest=100.0, reach=0.25: longest is 0.01 to 60 s"),
        (["plain", "one.wav", "reach=9"], "reach=9.0"),
        (["plain", "longest=0.1", "reach=0.02"], "doesn't say what it was trained on"),
        (["gone", "one.wav"], "gone"),
    ],
)
def test_what_cant_be_looked_into_is_named(gen, runs, tmp_path, words, told):
    shutil.copytree(runs / "plain", tmp_path / "plain")
    for name in ("one.wav", "two.wav"):
        shutil.copy(runs / "one.wav", tmp_path / name)
    code, _, err = gen("inspect", *words)
    assert (code, err.count("\n")) == (1, 1)
    assert told in err
    assert not (tmp_path / "inspect").exists()
