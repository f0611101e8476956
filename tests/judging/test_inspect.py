import csv
import shutil

import numpy as np
import pytest
import soundfile

from gen.judging import inspect, unit_tables
from gen.judging.traits import TRAITS
from gen.judging.units import Studied, choose
from tests.small import save_run

FEW = ["longest=0.1", "reach=0.02", "count=4", "units=0"]


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("inspect")
    save_run(folder / "plain")
    save_run(folder / "told <b>", classes=["a", "b"], scale=0.9)
    wave = 0.3 * np.sin(np.arange(8000) / 9) ** 3
    soundfile.write(folder / "one.wav", wave, 8000)
    tones = np.repeat(np.tile([0.2, 0.4], 4), 8000)
    soundfile.write(folder / "two.wav", 0.3 * np.sin(np.cumsum(tones)), 8000)
    return folder


def table(path):
    with path.open() as file:
        return list(csv.reader(file))


def test_runs_are_looked_into_side_by_side_over_a_recording(gen, runs, tmp_path):
    names = [str(runs / "plain"), str(runs / "told <b>")]
    code, out, err = gen("inspect", *names, runs / "one.wav", *FEW)
    assert (code, err) == (0, "")
    names_of = ("memory.csv", "gradients.csv", "inputs.csv", "inspect.html")
    assert out.split()[-4:] == [f"inspect/{name}" for name in names_of]
    memory, gradients, inputs = (table(tmp_path / "inspect" / name) for name in names_of[:3])
    assert tuple(map(tuple, (memory[0], gradients[0], inputs[0]))) == (
        inspect.MEMORY,
        inspect.GRADIENTS,
        inspect.INPUTS,
    )
    assert all(float(row[3]) >= 0 for row in inputs[1:])
    assert {row[0] for row in memory[1:]} == {row[0] for row in gradients[1:]} == set(names)
    own = [int(row[1]) for row in gradients[1:] if row[0] == names[0]]
    assert own == [1, 2, 3, 4, 6, 8, 11, 16, 23, 32, 45, 64, 91, 128]
    page = (tmp_path / "inspect" / "inspect.html").read_text()
    assert page.count("<figure>") == 3
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


def test_units_run_along_a_recording_and_are_left_out(gen, runs, tmp_path):
    told = str(runs / "told <b>")
    code, _, err = gen("inspect", told, runs / "two.wav", *FEW, "units=3", "takes=0.02")
    assert (code, err) == (0, "")
    parts, units = (table(tmp_path / "inspect" / name) for name in ("parts.csv", "units.csv"))
    assert (tuple(parts[0]), tuple(units[0])) == (unit_tables.PARTS_CSV, unit_tables.UNITS_CSV)
    assert [row[1:3] for row in parts[1:]] == [["layer 1", "24"], ["layer 2", "24"]]
    assert all(row[3] == parts[1][3] != row[4] for row in parts[1:])
    assert all(float(cell) <= 1 for row in parts[1:] for cell in row[5:7])  # R2 of pitch and level
    assert len(units) == 1 + 48
    most = [max(abs(float(cell)) for cell in row[3:13] if cell) for row in units[1:]]
    assert most == sorted(most, reverse=True)
    assert most[0] <= 1.0001
    assert sum(row[-1] != "" for row in units[1:]) == 3
    assert all(float(row[15]) > 0 for row in units[1:])  # a GRU's gates forget
    page = (tmp_path / "inspect" / "inspect.html").read_text()
    assert page.count('class="lane') == 5
    assert page.count("<h4>Without layer") == page.count("<h4>Nothing left out") + 2 == 3
    assert page.count("<figure>") == 4
    assert "<b>" not in page.replace('<b aria-hidden="true"', "")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["plain", "one.wav", "two.wav"], "at most one recording"),
        (["one.wav"], "give one run or several"),
        (["plain", "one.wav", "count=1"], "count=1: 4 to 4,096"),
        (["plain", "one.wav", "longest=100"], "longest=100.0, reach=0.25: longest is 0.01 to 60 s"),
        (["plain", "one.wav", "reach=9"], "reach=9.0"),
        (["plain", "one.wav", "units=61"], "units=61: 0 (none) to 60"),
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


def test_units_are_chosen_once_for_each_trait_in_turn_and_of_a_pair_one():
    readings = np.full((2, 4, len(TRAITS)), np.nan)
    readings[0, :, 0] = 0.9, -0.95, 0.1, 0.2
    readings[0, :, 1] = 0.1, 0.8, 0.3, -0.5
    readings[1, 2:, 0] = 0.99  # a pair
    part = Studied("a", readings, *[np.zeros(4)] * 4, *[np.zeros(len(TRAITS))] * 2, 3.0)
    assert choose([part], 3) == [(0, 2, 1, 0), (0, 1, 0, 1), (0, 0, 0, 0)]
    assert len(choose([part], 60)) == 4
