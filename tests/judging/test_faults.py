import csv

import numpy as np
import pytest
import soundfile

from gen.judging import faults
from tests.small import save_run
from tests.sound.test_autoregression import notes

RATE = 16000


def damaged(path, **how):
    """Write a chord in two channels, one with a dropout, one cut off at 60 % of its peak; return that level."""
    wave = np.stack([notes(1.0, 0, 44100), notes(1.0, 1, 44100)], 1)
    top = 0.6 * np.abs(wave[:, 1]).max()
    wave[:, 1] = np.clip(wave[:, 1], -top, top)
    wave[10000:10300, 0] = 0
    soundfile.write(path, wave, 44100, **how)
    return top


def test_dropouts_and_cut_peaks_are_plain_to_see(tmp_path, monkeypatch):
    damaged(tmp_path / "a.wav")
    found = faults.plain(tmp_path / "a.wav")
    (gone,) = [f for f in found if f.kind == "dropout"]
    assert (round(gone.begin * 44100), round(gone.end * 44100)) == (10000, 10300)
    clipped = [f for f in found if f.kind == "clipping"]
    assert len(clipped) > 10
    monkeypatch.setattr(faults, "PIECE", 0.25)
    assert faults.plain(tmp_path / "a.wav") == found
    soundfile.write(tmp_path / "b.wav", notes(1.0), RATE)
    assert faults.plain(tmp_path / "b.wav") == []
    soundfile.write(tmp_path / "c.wav", np.zeros(8000), RATE)
    assert faults.plain(tmp_path / "c.wav") == []


def test_a_break_beside_a_dropout_is_part_of_it():
    gone = faults.Fault(1.0, 1.01, "dropout", 160.0)
    at_its_edge, alone = faults.Fault(1.0085, 1.0105, "click", 5.0), faults.Fault(1.1, 1.102, "click", 5.0)
    assert faults.together([at_its_edge, alone], [gone]) == [gone, alone]


def test_score_lists_faults_as_csv_and_as_labels_that_repair_takes(gen, tmp_path):
    run = save_run(tmp_path / "run")
    (tmp_path / "in").mkdir()
    damaged(tmp_path / "in" / "a.wav")
    code, out, _ = gen("score", "in/a.wav", f"run={run}", "faults=on")
    assert code == 0
    assert "dropout" in out
    assert {"score/faults.csv", "score/a.txt"} <= set(out.split())
    lines = list(csv.reader((tmp_path / "score" / "faults.csv").read_text().splitlines()))
    assert tuple(lines[0]) == faults.COLUMNS
    assert ["a.wav", "0.2268", "0.2336", "dropout", "300.0"] in lines
    labels = [line.split("\t") for line in (tmp_path / "score" / "a.txt").read_text().splitlines()]
    assert len(labels) == len(lines) - 1
    (tmp_path / "one.txt").write_text("\n".join("\t".join(label) for label in labels if label[2] == "dropout"))
    assert gen("repair", "in/a.wav", "gap=one.txt")[2].startswith("0.227 to 0.234 s: 6.8 ms filled by ar")


@pytest.mark.parametrize("subtype", ["PCM_24", "FLOAT"])
def test_repair_mends_what_it_finds(gen, tmp_path, subtype):
    top = damaged(tmp_path / "a.wav", subtype=subtype)
    whole = np.stack([notes(1.0, 0, 44100), notes(1.0, 1, 44100)], 1)
    code, _, err = gen("repair", "a.wav", "gap=auto")
    assert code == 0
    assert "above where it was cut off" in err
    before, made = (soundfile.read(tmp_path / name)[0] for name in ("a.wav", "a-repaired.wav"))
    error = [np.sum((wave - whole) ** 2, 0) for wave in (before, made)]
    assert (error[1] < error[0] / 30).all()
    untouched = np.abs(whole).max(1) < 0.5 * top
    untouched[9900:10400] = False
    assert np.array_equal(made[untouched], before[untouched])


def test_what_cannot_be_mended_is_said(gen, tmp_path):
    soundfile.write(tmp_path / "a.wav", np.clip(9 * notes(0.5), -1, 1), RATE)
    code, _, err = gen("repair", "a.wav", "gap=auto")
    assert code == 1
    assert "a.wav: is cut off at full scale in" in err
    assert err.splitlines()[-1] == "a.wav: nothing was found in it to mend; say where with gap="
    soundfile.write(tmp_path / "b.wav", np.zeros(8000), RATE)
    assert gen("repair", "b.wav", "gap=auto")[2] == "b.wav: nothing was found in it to mend; say where with gap=\n"
