import json

import numpy as np
import pytest
import soundfile

from gen.repair import gaps, mend
from tests.sound.test_autoregression import notes, snr

FORMATS = [
    ("a.wav", "PCM_16", 44100, 2),
    ("a.wav", "PCM_24", 48000, 1),
    ("a.wav", "PCM_U8", 8000, 1),
    ("a.wav", "FLOAT", 44100, 2),
    ("a.wav", "DOUBLE", 32000, 1),
    ("a.flac", "PCM_16", 48000, 2),
    ("a.flac", "PCM_24", 44100, 1),
    ("a.aiff", "PCM_16", 22050, 3),
]


def record(path, subtype="PCM_16", rate=16000, channels=1, seconds=0.5, **how):
    """Write a chord, another one in each channel, and return its samples (T, channels)."""
    wave = np.stack([notes(seconds, seed, rate) for seed in range(channels)], 1)
    soundfile.write(path, wave, rate, subtype, **how)
    return soundfile.read(path, always_2d=True)[0]


@pytest.mark.parametrize(("name", "subtype", "rate", "channels"), FORMATS)
def test_outside_the_gaps_every_sample_is_the_same(gen, tmp_path, name, subtype, rate, channels):
    record(tmp_path / name, subtype, rate, channels)
    kind = {"FLOAT": "float32", "DOUBLE": "float64"}.get(subtype, "int32")
    whole, _ = soundfile.read(tmp_path / name, dtype=kind, always_2d=True)
    broken = whole.copy()
    first, second = (slice(round(a * rate), round(b * rate)) for a, b in ((0.1, 0.102), (0.3, 0.305)))
    broken[first] = broken[second] = 0
    soundfile.write(tmp_path / name, broken, rate, subtype)
    before = (tmp_path / name).read_bytes()
    code, out, err = gen("repair", name, "gap=0.3:0.305 0.1:0.102")
    assert (code, out.strip()) == (0, name.replace(".", "-repaired."))
    assert err.splitlines() == ["0.100 to 0.102 s: 2.0 ms filled by ar", "0.300 to 0.305 s: 5.0 ms filled by ar"]
    assert (tmp_path / name).read_bytes() == before
    info, (made, _) = soundfile.info(out.strip()), soundfile.read(out.strip(), dtype=kind, always_2d=True)
    assert (info.subtype, info.samplerate, info.channels) == (subtype, rate, channels)
    kept = np.ones(len(whole), bool)
    kept[first] = kept[second] = False
    assert np.array_equal(made[kept], broken[kept])
    if subtype != "PCM_U8":
        for part in (first, second):
            assert snr(whole[part].ravel().astype(float), made[part].ravel().astype(float)) > 15


def test_the_same_repair_is_the_same_bytes_and_says_what_it_is(gen, tmp_path):
    record(tmp_path / "a.flac", seconds=0.3)
    gen("repair", "a.flac", "gap=0.1:0.105")
    first = (tmp_path / "a-repaired.flac").read_bytes()
    assert gen("repair", "a.flac", "gap=0.1:0.105")[1].strip() == "a-repaired.flac"
    assert (tmp_path / "a-repaired.flac").read_bytes() == first
    assert gen("repair", "a.flac", "gap=0.1:0.106")[1].strip() == "a-repaired-2.flac"
    assert (tmp_path / "a-repaired.flac").read_bytes() == first
    with soundfile.SoundFile(tmp_path / "a-repaired.flac") as file:
        told = json.loads(file.comment)
    assert told["repair"]["path"] == "a.flac"
    assert (told["gap"], told["method"]) == ("0.1:0.105", "auto")


def test_what_else_a_file_says_is_kept(gen, tmp_path):
    with soundfile.SoundFile(tmp_path / "a.wav", "w", 16000, 1) as file:
        file.title, file.artist, file.comment = "Aria", "Anna", "mine"
        file.write(notes(0.3))
    gen("repair", "a.wav", "gap=0.1:0.105")
    with soundfile.SoundFile(tmp_path / "a-repaired.wav") as file:
        assert (file.title, file.artist, json.loads(file.comment)["comment"]) == ("Aria", "Anna", "mine")


def test_a_cut_leaves_the_gap_out_and_joins_its_sides_in_phase(gen, tmp_path):
    wave = np.sin(2 * np.pi * 100 * np.arange(16000) / 16000) / 2
    soundfile.write(tmp_path / "a.wav", wave, 16000, "FLOAT")
    code, _, err = gen("repair", "a.wav", "gap=0.4:0.5037", "method=cut")
    assert code == 0
    assert err.startswith("0.400 to 0.504 s: 103.7 ms left out, joined by ")
    made, _ = soundfile.read(tmp_path / "a-repaired.wav")
    count = len(made) - (16000 - 1659)
    assert 32 <= count <= 192
    assert np.array_equal(made[:6400], wave[:6400].astype(np.float32))
    assert np.array_equal(made[6400 + count :], wave[8059:].astype(np.float32))
    assert np.abs(np.diff(made, 2)).max() < 1.5 * np.abs(np.diff(wave, 2)).max()  # no step, and no corner


def test_a_gap_at_an_end_is_filled_from_the_side_there_is(gen, tmp_path):
    whole = record(tmp_path / "a.wav")
    assert gen("repair", "a.wav", "gap=0:0.005 0.495:0.5")[0] == 0
    made, _ = soundfile.read(tmp_path / "a-repaired.wav")
    assert snr(whole[:80, 0], made[:80]) > 10
    assert snr(whole[-80:, 0], made[-80:]) > 10
    assert gen("repair", "a.wav", "gap=0:0.005", "method=cut")[0] == 0


def test_a_file_of_labels_says_where_the_gaps_are(tmp_path):
    (tmp_path / "l.txt").write_text("0.3\t0.4\tb\n\\\t100\t200\n\n0.100000\t0.200000\tclick, loud\n")
    assert gaps.read(str(tmp_path / "l.txt"), "a.wav", 1000, 1000) == [(100, 200), (300, 400)]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["gap=0.1:0.6"], "gap=0.1:0.6: a.wav is 0.500 s long; give a gap inside it"),
        (["gap=3:4"], "give a gap inside it"),
        (["gap=0:0.5"], "gap=0:0.5: is all of a.wav; something must be left"),
        (["gap=0.2:0.1"], "gap=0.2:0.1: ends before a sample"),
        (["gap=0.1:0.1"], "ends before a sample"),
        (["gap=0.1:0.2 0.15:0.3"], "gap=0.1:0.2: overlaps 0.15:0.3"),
        (["gap=0.1:0.2 0.2:0.3"], "gap=0.1:0.2: touches 0.2:0.3"),
        (["gap=soon"], "gap=soon: is no stretch of seconds"),
        (["gap=a.wav"], "gap=a.wav: line 1 is no label"),
        (["gap=empty.txt"], "gap=empty.txt: holds no labels"),
        (["gap=0.1:0.2"], "gap=0.100:0.200: is 100 ms long, more than the 50"),
        (["gap=0.1:0.2", "method=magic"], "method=magic: there are auto, model, ar and cut"),
        (["gap=0.1:0.11", "method=model"], "method=model: run= says which"),
        (["gap=0.1:0.2", "count=0"], "count=0"),
        (["gap=0.1:0.2", "run=nowhere"], "nowhere: No such file"),
        (["gap=0.1:0.11", "out=a.wav"], "out=a.wav: is the recording itself"),
        (["gap=0.1:0.11", "out=b.flac"], "out=b.flac: what is made of a.wav is a .wav; give such a name"),
        (["gap=0.1:0.11", "out=other.wav"], "out=other.wav: is there already, and no recording that gen mended"),
        (["gap=0.1:0.11", "out=a.wav/b.wav"], "can't be written"),
        ([], "gap: this has no value yet"),
    ],
)
def test_bad_input_is_one_line(gen, tmp_path, words, told):
    record(tmp_path / "a.wav")
    record(tmp_path / "other.wav")
    (tmp_path / "empty.txt").write_text("\n")
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir() if p.is_file()}
    code, _, err = gen("repair", "a.wav", *words)
    assert code == 1
    assert err.count("\n") == 1, err
    assert told in err
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir() if p.is_file()} == before


def test_what_would_lose_something_is_refused(gen, tmp_path):
    record(tmp_path / "a.ogg", "VORBIS", 16000)
    assert "a.ogg: is OGG VORBIS, which isn't written without loss here" in gen("repair", "a.ogg", "gap=0.1:0.11")[2]
    wave = notes(0.3)
    wave[1000] = np.nan
    soundfile.write(tmp_path / "a.wav", wave, 16000, "FLOAT")
    assert "a.wav: holds NaN" in gen("repair", "a.wav", "gap=0.1:0.11")[2]
    assert gen("repair", "nowhere.wav", "gap=0.1:0.11")[2].startswith("nowhere.wav: No such file")


def test_gaps_side_by_side_are_filled_from_what_is_mended(tmp_path):
    whole = record(tmp_path / "a.wav")
    broken = whole.copy()
    broken[4000:4040] = broken[4060:4100] = 1
    soundfile.write(tmp_path / "b.wav", broken, 16000)
    found = mend.mend(
        mend.Recording(tmp_path / "b.wav"), [gaps.Gap(4000, 4040), gaps.Gap(4060, 4100)], mend.chosen("ar", 16000)
    )
    for gap, samples, _ in found:
        assert snr(whole[gap.begin : gap.end, 0], samples[:, 0] / 2**31) > 15
