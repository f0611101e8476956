"""What a take is asked to sound like: constants, tables, a shift; and what can't be asked."""

import numpy as np
import pytest
import soundfile

import gen as package
from gen.sampling import address, play
from gen.sampling.settings import Settings
from gen.sound import midi
from tests.small import curves, save_run
from tests.sound.test_midi import note, song

RATE = 8000


def test_a_note_is_a_frequency():
    assert [round(play.hertz(text), 3) for text in ("A4", "A3", "C4", "C#4", "Bb2", "B-1", "440", "61.7")] == [
        440, 220, 261.626, 277.183, 116.541, 15.434, 440, 61.7,
    ]  # fmt: skip
    for bad in ("H2", "A", "a4", "0", "nan", "1e9", "A4 "):
        with pytest.raises(ValueError, match=rf"^pitch={bad}: this is a note"):
            play.hertz(bad)


def test_constants_are_told_all_the_time():
    told = curves("pitch+loudness")
    rows = play.asked(told, pitch="A3", loudness=-30.0)
    frames = told.whole(rows, ends=False)
    assert (frames == frames[0]).all()
    pitch, voiced, loudness = frames[0, 3:6] * told.deviation + told.mean
    assert abs(2**pitch - 220) < 0.01
    assert abs(voiced - 1) < 1e-5
    assert abs(loudness + 30) < 1e-4
    moved = told.whole(play.asked(told, pitch="A3", loudness=-30.0, shift=12.0), ends=False)
    assert abs(2 ** (moved[0, 3] * 0.5 + 7.8) - 440) < 0.01


def test_a_table_is_written_and_read_and_leads_from_row_to_row(tmp_path):
    told = curves("pitch+loudness")
    wave = 0.3 * np.sin(2 * np.pi * 220 * np.arange(RATE) / RATE).astype(np.float32)
    wave[RATE // 2 :] = 0
    table = play.controls(wave, RATE, ["pitch", "loudness"])
    play.write(tmp_path / "a.csv", table)
    again = play.read(tmp_path / "a.csv")
    assert again.names == ["f0", "voiced", "loudness"]
    np.testing.assert_allclose(again.values, table.values, atol=1e-4)
    np.testing.assert_allclose(play.asked(told, curves=again)[5:45, 0], np.log2(220), atol=0.02)
    (tmp_path / "b.csv").write_text("seconds,f0,loudness\n0,110,-50\n1,440,-30\n1.5,,-30\n2,440,-30\n")
    rows = play.asked(told, curves=play.read(tmp_path / "b.csv"))
    assert len(rows) == 201
    assert abs(2 ** rows[50, 0] - 220) < 0.01
    assert abs(rows[50, 2] + 40) < 1e-9
    assert rows[[50, 120, 160, 200], 1].tolist() == [1, 1, 0, 1]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "its first line names the columns"),
        ("f0,loudness\n1,2\n", "its first line names the columns"),
        ("seconds,f0,f0\n0,1,2\n", "its first line names the columns"),
        ("seconds,f0\n", "holds no row behind its first line"),
        ("seconds,f0\n0,100\n0,200\n", "line 3: its time is not after that of the line before"),
        ("seconds,f0\n1,100\n0.5,200\n", "line 3: its time is not after"),
        ("seconds,f0\n-1,100\n", "line 2: its time is not after"),
        ("seconds,loudness\n0,-20\n1,\n", "line 3: loudness is '', and no number; fill the gap"),
        ("seconds,loudness\n0,nan\n", "line 2: loudness is 'nan', and no number"),
        ("seconds,f0\n0,loud\n", "line 2: f0 is 'loud', and no number"),
        ("seconds,f0\n0,0\n", "line 2: f0 is 0; leave it empty where there is no pitch"),
        ("seconds,f0\n0,100,3\n", "line 2 has 3 columns, and the first line 2"),
        ("seconds,f0\ninf,100\n", "line 2: seconds is 'inf', and no number"),
    ],
)
def test_a_table_that_is_none_is_refused_with_its_line(tmp_path, text, line):
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(ValueError, match=r"a\.csv: ") as told:
        play.read(tmp_path / "a.csv")
    assert line in str(told.value)


def test_what_is_no_text_is_no_table(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(ValueError, match=r"a\.csv: isn't a table in CSV; gen controls writes one"):
        play.read(tmp_path / "a.csv")


def test_takes_that_are_played_are_made_again_and_longer(gen, tmp_path):
    save_run("run", told=curves("pitch+loudness"))
    soundfile.write("hum.wav", 0.3 * np.sin(np.arange(4000) * 0.2), RATE)
    code, out, err = gen("controls", "hum.wav", "rate=8000", "out=mine.csv")
    assert (code, out) == (0, "mine.csv\n"), err
    for keys, seconds in (
        (["pitch=A3", "loudness=-20", "seconds=0.3"], 0.3),
        (["curves=mine.csv", "shift=-3"], 0.5),
        (["follow=hum.wav", "shift=2.5", "loudness=-30"], 0.5),
    ):
        code, out, err = gen("sample", "run", *keys, "count=1")
        assert code == 0, err
        take = out.strip()
        assert len(soundfile.read(take)[0]) == round(seconds * RATE)
        assert gen("again", take)[1].splitlines()[1] == f"the same bytes as {take}"
        longer = [key for key in keys if "seconds" not in key] + [f"seconds={seconds + 0.2}", "out=longer.wav"]
        assert gen("sample", "run", *longer)[0] == 0
        assert gen("extend", take, "seconds=0.2", "out=made.wav")[0] == 0
        assert (tmp_path / "made.wav").read_bytes() == (tmp_path / "longer.wav").read_bytes()
    assert address.read(take)["shift"] == 2.5


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        (["pitch=A4"], "pitch=A4: this model is told loudness; train one with control=pitch"),
        (["loudness=50"], "loudness=50.0: this is a level of -120 to 20 dB"),
        (["shift=2"], "shift=2.0: this model is told loudness"),
        (["shift=1000"], "shift=1000.0: shift is in semitones"),
        (["curves=a.csv", "follow=a.wav"], "a take follows a recording, a table or notes; give one of them"),
        (["curves=a.csv"], "curves=a.csv: has a column f0, and this model is told loudness"),
        (["curves=none.csv"], "none.csv: No such file or directory"),
    ],
)
def test_what_cannot_be_played_is_refused_in_a_line(gen, tmp_path, keys, line):
    save_run("run", told=curves("loudness"))
    (tmp_path / "a.csv").write_text("seconds,f0\n0,100\n1,100\n")
    soundfile.write("a.wav", np.ones(400) / 2, RATE)
    code, _, err = gen("sample", "run", "out=made.wav", *keys)
    assert (code, err.count("\n")) == (1, 1), err
    assert line in err
    assert not (tmp_path / "made.wav").exists()


def test_from_python_it_is_the_same(tmp_path):
    trained = package.load(save_run(tmp_path / "run", told=curves("loudness")))
    one = trained.sample(0.1, loudness=-10.0)
    assert not np.array_equal(one, trained.sample(0.1, loudness=-50.0))
    assert np.array_equal(
        one, trained.sample(0.1, curves=play.Table(["loudness"], np.array([0.0, 5.0]), np.full((2, 1), -10.0)))
    )
    assert trained.told(Settings()) is None


def test_channels_of_midi_are_streams_made_again_alone(gen, tmp_path):
    save_run("run", told=curves("pitch+loudness"))
    song("two.mid", note(57, channel=0), note(64, channel=1) + note(60, channel=1))
    code, out, err = gen("sample", "run", "midi=two.mid", "shift=12")
    assert code == 0, err
    takes = out.split()
    assert len(takes) == 2
    assert len(soundfile.read(takes[0])[0]) == round(1.1 * RATE)  # two beats, and the last one dies away
    for take in takes:
        assert gen("again", take)[1].splitlines()[1] == f"the same bytes as {take}"
    third = gen("sample", "run", "midi=two.mid", "shift=12", "stream=2", "out=third.wav")[0]
    assert third == 0
    assert "plays no MIDI; leave midi= out" in gen("again", played("a.wav", gen), "midi=two.mid")[2]
    save_run("run", told=curves("loudness"))
    assert "midi=two.mid: this model is told loudness; train one with" in gen("sample", "run", "midi=two.mid")[2]


def test_channels_of_midi_are_one_take_where_a_model_is_told_spectra(gen, tmp_path):
    song("two.mid", note(57, channel=0), note(64, channel=1))
    told = curves("constant_q")
    (channels,) = play.parts(told, midi.read("two.mid"))
    middle = play.asked(told, midi=channels)[30]
    assert sorted(np.argsort(middle)[-2:]) == [57 - 24, 64 - 24]  # semitones from C1
    assert (play.asked(told, midi=channels) >= told.low).all()
    save_run("run", told=told)
    code, out, err = gen("sample", "run", "midi=two.mid")
    assert code == 0, err
    (take,) = out.split()
    assert len(soundfile.read(take)[0]) == round(0.6 * RATE)
    assert gen("again", take)[1].splitlines()[1] == f"the same bytes as {take}"


def played(path, gen):
    assert gen("sample", "run", "pitch=A3", "seconds=0.1", f"out={path}")[0] == 0
    return path
