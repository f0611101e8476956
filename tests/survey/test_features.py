"""`gen features`: tables, frames and pages of folders whose contents are known."""

import csv
import json
import re
import sys

import numpy as np
import pytest
import soundfile

from gen.base import processes
from gen.pages import features as page
from gen.pages import lanes
from gen.sound import features
from gen.survey import features as survey
from tests.sound.test_features import clicks, noise, sine

RATE = 8000


@pytest.fixture
def folder(tmp_path):
    """Return a folder of a tone and two noises, by label, and a file that is none."""
    for name, wave in {
        "tone/a.wav": sine(rate=RATE),
        "noise/b.flac": noise(rate=RATE),
        "noise/c.wav": noise(1),
    }.items():
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(tmp_path / "in" / name, wave, RATE)
    (tmp_path / "in" / "noise" / "bad.wav").write_text("no sound")
    return tmp_path / "in"


def read(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def test_a_row_a_file_with_its_label_and_a_bad_file_is_skipped_and_named(folder, gen):
    code, out, err = gen("features", "in", f"data.rate={RATE}", "data.labels=folder", "families=spectral+pitch")
    assert code == 0
    assert err.startswith("skipped in/noise/bad.wav: isn't audio that can be read")
    assert out.rstrip().endswith("features.csv")
    assert re.search(r"centroid \(Hz\) +4\d\d", out)
    rows = read("features.csv")
    assert [(row["file"], row["label"]) for row in rows] == [
        *(("noise/b.flac", "noise"), ("noise/c.wav", "noise"), ("tone/a.wav", "tone"))
    ]
    assert [float(row["seconds"]) for row in rows] == [2, 2, 2]
    assert float(rows[2]["centroid_mean"]) == pytest.approx(440, rel=0.1)
    assert float(rows[2]["f0_mean"]) == pytest.approx(440, rel=0.01)
    assert rows[0]["f0_mean"] == rows[0]["f0_deviation"] == ""
    assert float(rows[0]["flatness_mean"]) == pytest.approx(0.56, abs=0.03)


def test_all_frames_lie_in_one_file_with_their_names_times_and_hertz(folder, gen):
    code, out, _ = gen("features", "in", f"data.rate={RATE}", "frames=on", "families=mel+level", "data.labels=folder")
    assert code == 0
    assert "features.npz" in out
    with np.load("features.npz", allow_pickle=False) as kept:
        assert list(kept["files"]) == ["noise/b.flac", "noise/c.wav", "tone/a.wav"]
        assert list(kept["labels"]) == ["noise", "noise", "tone"]
        assert list(kept["starts"]) == [0, 201, 402, 603]
        assert kept["times"][[0, 1, 200, 201, 602]] == pytest.approx([0, 0.01, 2, 0, 2])
        assert kept["hertz_mel"] == pytest.approx(features.hertz("mel", RATE))
        wave, _ = soundfile.read(folder / "tone" / "a.wav")
        alone = features.frames(wave, RATE, ["mel", "level"])
        assert tuple(kept["names"]) == alone.names
        np.testing.assert_allclose(kept["values"][402:], alone.values, rtol=1e-5, atol=1e-4)
    assert [p.name for p in folder.parent.iterdir() if p.name.startswith(".")] == []


def test_many_processes_measure_the_same(folder, monkeypatch):
    (folder / "noise" / "d.wav").write_bytes((folder / "noise" / "c.wav").read_bytes())
    told = (folder, RATE, "none", ("level",), 0.01)
    alone = list(survey.rows(*told))
    monkeypatch.setattr(survey, "LITTLE", 0)
    monkeypatch.setattr(survey, "cores", lambda: 2)
    for one, other in zip(alone, survey.rows(*told), strict=True):
        assert (one.file, one.seconds, one.frames, one.fault) == (other.file, other.seconds, other.frames, other.fault)
        np.testing.assert_array_equal(one.values, other.values)


def test_results_come_in_order_and_few_items_are_taken_ahead():
    taken = []

    def items():
        for item in ("3", "-1", "2", "x", *"1234567"):
            taken.append(item)
            yield item

    results = processes.ordered(int, items(), 2)
    assert [next(results) for _ in range(3)] == [3, -1, 2]
    assert len(taken) <= 8
    with pytest.raises(ValueError, match="invalid literal for int"):
        next(results)


def test_a_page_and_a_plot_show_it_on_one_time_axis(folder, gen):
    pytest.importorskip("matplotlib")
    soundfile.write(folder.parent / "beat.wav", clicks([0.5, 1.5], 2, RATE) + sine(rate=RATE, peak=0.01), RATE)
    code, out, _ = gen("features", "beat.wav", "families=level", "page=beat.html", "png=plots")
    assert code == 0
    assert [line.strip() for line in out.splitlines()[-3:]] == ["features.csv", "beat.html", "plots/beat.wav.png"]
    text = (folder.parent / "beat.html").read_text()
    for name in ("Waveform", "Spectrogram", "Scalogram", "MFCC", "Chroma", "Fundamental", "Onset strength"):
        assert f'<span class="name">{name}' in text
    data = json.loads(re.search(r'id="data">(.*?)</script>', text)[1])
    assert data["sounds"][0]["seconds"] == 2
    assert text.count("data:image/png") == 4
    assert (folder.parent / "plots" / "beat.wav.png").read_bytes().startswith(b"\x89PNG")


def test_lanes_show_where_sounds_begin_and_how_high_they_are():
    wave = np.concatenate([np.zeros(RATE), sine(440, 1, RATE), sine(880, 1, RATE)])
    spectrogram, scalogram, _, chroma, *curves = lanes.lanes(wave, RATE)
    for picture in (spectrogram, scalogram):
        rows, columns = picture.ink.shape
        heights = [rows - picture.ink[:, round(columns * share)].argmax() for share in (0.5, 0.83)]
        assert picture.ink[:, columns // 6].max() < 0.1
        assert heights[1] > heights[0]
    assert 11 - chroma.ink[:, len(chroma.ink[0]) // 2].argmax() == features.NOTES.index("A")
    pitch, onset = curves[1], curves[4]
    assert np.isnan(pitch.values[: len(pitch.values) // 4]).all()
    assert np.nanmedian(pitch.values[len(pitch.values) // 4 * 3 :]) == pytest.approx(880, rel=0.02)
    assert onset.dots[0] == pytest.approx(1, abs=0.03)


def test_what_a_spreadsheet_would_take_for_a_formula_is_none(tmp_path, gen):
    soundfile.write(tmp_path / "=cmd.wav", noise(0.1), RATE)
    assert gen("features", ".", "families=level")[0] == 0
    assert read("features.csv")[0]["file"] == "./=cmd.wav"


@pytest.mark.parametrize("wave", [np.zeros(RATE), np.zeros(20), np.full(RATE, 0.2)])
def test_silence_and_next_to_nothing_have_a_row_a_page_and_no_fault(tmp_path, gen, wave):
    soundfile.write(tmp_path / "quiet.wav", wave, RATE)
    code, _, err = gen("features", "quiet.wav", "families=all", "page=quiet.html")
    assert (code, err) == (0, "")
    row = read("features.csv")[0]
    assert all(np.isfinite(float(row[name])) for name in row if name != "file" and not name.startswith("f0"))
    assert page.MARK in (tmp_path / "quiet.html").read_text()


@pytest.mark.parametrize(("package", "named"), [("librosa", "librosa"), ("pywt", "PyWavelets")])
def test_a_package_that_is_missing_is_told_in_a_line(folder, gen, monkeypatch, package, named):
    features.library.cache_clear()
    monkeypatch.setitem(sys.modules, package, None)  # what Python itself takes for not there
    code, _, err = gen("features", "in")
    features.library.cache_clear()
    assert code == 1
    assert re.fullmatch(rf"features: \w+( \w+)? needs? {named}; pip install 'gen\[analysis\]'\n", err)
    assert not (folder.parent / "features.csv").exists()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["in", "families=mfcc+melody"], "families=mfcc+melody: 'melody' is none; there are mfcc, mel, chroma, "),
        (["in", "hop=0"], "hop=0.0: a frame follows the last after 0.001 to 1 s"),
        (["in", "data.rate=10"], "data.rate=10: a rate is 1000 to 768000 Hz"),
        (["in", "data.rate=high"], "data.rate=high: this must be of type int"),
        (["in", "frames=on", "out=x.csv"], "frames=True, out=x.csv: all frames are written as .npz"),
        (["in", "out=x.npz"], "frames=False, out=x.npz: all frames are written as .npz"),
        (["in", "out=mine.csv"], "mine.csv: is there already, and no table of gen; move it"),
        (["in", "page=mine.csv"], "mine.csv: is there already, and no page of gen; move it"),
        (["in", "frames=on", "out=mine.npz"], "mine.npz: is there already, and no frames of gen; move it"),
        (["in", "data.labels=(x)*.wav"], "noise/b.flac: doesn't match data.labels=(x)*.wav"),
        (["in/noise/bad.wav"], "no recording can be used: in/noise/bad.wav: isn't audio that can be read"),
        (["nan.wav"], "no recording can be used: nan.wav: holds NaN or infinity at 0.00 s; export it again"),
        (["empty"], "empty: is an empty folder; put recordings there"),
        (["nowhere"], "nowhere: there is no such folder or file"),
        (["many", "page=a.html"], "many: holds 25 files, and page= and png= show 24 at most; give some of them"),
    ],
)
def test_bad_input_is_told_in_a_line_and_nothing_is_written(folder, gen, given, said):
    home = folder.parent
    (home / "empty").mkdir()
    (home / "many").mkdir()
    for number in range(25):
        (home / "many" / f"{number}.wav").touch()
    soundfile.write(home / "nan.wav", np.full(9, np.nan), RATE, "FLOAT")
    for name in ("mine.csv", "mine.npz"):
        (home / name).write_text("mine")
    before = sorted(home.rglob("*"))
    code, _, err = gen("features", *given)
    assert code == 1
    assert err.count("\n") == 1
    assert said in err
    assert sorted(home.rglob("*")) == before
    assert (home / "mine.csv").read_text() == (home / "mine.npz").read_text() == "mine"
