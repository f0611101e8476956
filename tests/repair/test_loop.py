import struct

import numpy as np
import pytest
import soundfile

from gen.engine.forced import hear
from gen.repair import seams
from gen.sampling.trained import Trained
from tests.repair.test_mend import record
from tests.small import save_run

RATE = 8000


@pytest.fixture
def run(tmp_path):
    return save_run(tmp_path / "run")


def tremolo(rate=RATE, seconds=3.0, period=0.75):
    """Return a tone whose loudness and pitch come again each `period` seconds, and no sooner."""
    t = np.arange(round(seconds * rate)) / rate
    swing = np.sin(2 * np.pi * t / period)
    return (0.3 + 0.2 * swing) * np.sin(2 * np.pi * 400 * t + 30 * swing)


def chunks(path) -> dict:
    """Return the chunks of a RIFF file, read by the letter: name and content."""
    data = path.read_bytes()
    kind, size, form = struct.unpack("<4sI4s", data[:12])
    assert (kind, size, form) == (b"RIFF", len(data) - 8, b"WAVE")
    found, at = {}, 12
    while at < len(data):
        name, size = struct.unpack("<4sI", data[at : at + 8])
        found[name] = data[at + 8 : at + 8 + size]
        at += 8 + size + size % 2
    assert at == len(data)
    return found


def test_a_loop_is_where_the_sound_comes_again(run):
    wave, trained = tremolo(), Trained(run)
    found = seams.shortlist(wave, RATE, 0.8)
    assert all(abs((seam.end - seam.begin) - 0.75 * RATE) < 0.02 * RATE for seam in found[:3])
    assert all(0.64 <= (seam.end - seam.begin) / RATE <= 1.01 for seam in found)
    best = seams.judged(trained.sampler(), trained.codec, 0, wave, found, RATE)[0]
    around = np.arange(-200, 200)
    likeness = np.corrcoef(wave[best.begin + around], wave[best.end + around])[0, 1]
    assert likeness > 0.99


def test_what_begins_again_costs_what_it_does_after_the_end_over_where_it_was_recorded(run):
    wave, trained = np.tile(tremolo(seconds=0.75), 4), Trained(run)
    engine, before, after = trained.sampler(), round(seams.BEFORE * RATE), round(seams.AFTER * RATE)
    pairs = [seams.Seam(3000, 9000, 0.0), seams.Seam(3000, 7000, 0.0)]
    found = seams.judged(engine, trained.codec, 0, wave, pairs, RATE)

    def bits(at):
        spliced = np.concatenate([wave[at - before : at], wave[3000 : 3000 + after]])
        heard = hear(engine, engine.begin([0]), trained.codec.encode(spliced)[None])
        return heard.bits[0, before:].mean()

    over = {seam.end: seam.bits for seam in found}
    assert over[9000] == pytest.approx(0, abs=1e-6)  # the same again
    assert over[7000] == pytest.approx(bits(7000) - bits(3000), abs=1e-5)
    assert abs(over[7000]) > 1e-3


def test_a_loop_sounds_though_silence_is_most_alike():
    wave = np.concatenate([np.zeros(4 * RATE), tremolo()])
    found = seams.shortlist(wave, RATE, 0.8)
    assert found
    assert all(seam.begin > 3.5 * RATE for seam in found)
    assert seams.shortlist(np.zeros(4 * RATE), RATE, 0.8) == []


@pytest.mark.parametrize(
    ("name", "subtype", "rate", "channels"),
    [("a.wav", "PCM_16", 8000, 1), ("a.flac", "PCM_24", 22050, 2), ("a.aiff", "PCM_S8", 8000, 1)],
)
def test_it_is_written_as_a_wav_that_samplers_loop(gen, run, tmp_path, name, subtype, rate, channels):
    soundfile.write(name, np.stack([tremolo(rate)] * channels, 1), rate, subtype)
    code, out, err = gen("loop", name, "run=run", "seconds=0.8")
    assert (code, out.split()) == (0, ["a-loop.wav", "a-loop.html"])
    info = soundfile.info("a-loop.wav")
    assert (info.samplerate, info.channels) == (rate, channels)
    assert info.subtype == ("PCM_U8" if subtype == "PCM_S8" else subtype)
    found = struct.unpack("<15I", chunks(tmp_path / "a-loop.wav")[b"smpl"])
    assert found[:9] == (0, 0, round(1e9 / rate), 60, 0, 0, 0, 1, 0)
    assert found[9:] == (0, 0, 0, info.frames - 1, 0, 0)  # forward, all of it, without an end
    made, whole = (soundfile.read(path, always_2d=True)[0] for path in ("a-loop.wav", name))
    begin = round(float(err.split(" to ")[0]) * rate)
    fade = round(seams.FADE * rate)
    kept = len(made) - fade
    starts = [at for at in range(begin - 40, begin + 40) if np.array_equal(made[:kept], whole[at : at + kept])]
    assert len(starts) == 1
    turn = np.concatenate([made[-200:], made[:200]])[:, 0]
    assert np.abs(np.diff(turn, 2)).max() < 1.3 * np.abs(np.diff(whole[:, 0], 2)).max() + 0.02
    assert "data-loop" in (tmp_path / "a-loop.html").read_text()


def test_several_are_the_best_and_the_next_and_each_is_made_again(gen, run, tmp_path):
    soundfile.write("a.wav", tremolo(), RATE)
    code, out, err = gen("loop", "a.wav", "run=run", "seconds=0.8", "count=2", "out=b.wav")
    assert (code, out.split(), err.count("\n")) == (0, ["b-0.wav", "b-1.wav", "b.html"], 2)
    first, second = ((tmp_path / name).read_bytes() for name in out.split()[:2])
    assert first != second
    assert gen("again", "b-1.wav")[:2] == (0, "b-1-again.wav\nthe same bytes as b-1.wav\n")
    assert (tmp_path / "b-1-again.wav").read_bytes() == second
    assert (tmp_path / "b.html").read_text().count("data-loop=") == 2


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["nowhere.wav", "run=run"], "nowhere.wav: No such file"),
        (["a.wav"], "run: this has no value yet"),
        (["a.wav", "run=nowhere", "seconds=0.2"], "nowhere: No such file"),
        (["a.wav", "run=run"], "a.wav: is 0.50 s long, and a loop of 2 s wants 1.91; give fewer seconds="),
        (["a.wav", "run=run", "seconds=0.1"], "seconds=0.1: a loop has 0.2 to 60 s"),
        (["a.wav", "run=run", "seconds=nan"], "seconds=nan: a loop has"),
        (["quiet.wav", "run=run"], "quiet.wav: nothing in it sounds long enough"),
        (["a.wav", "run=run", "seconds=0.2", "count=1000"], "loops of 0.2 s in it; give another seconds="),
        (["a.wav", "run=run", "seconds=0.2", "count=0"], "count=0"),
        (["a.wav", "run=run", "seconds=0.2", "out=a.wav"], "out=a.wav: is the recording itself"),
        (["a.wav", "run=run", "seconds=0.2", "out=b.flac"], "out=b.flac: what is made of a.wav is a .wav"),
        (["a.wav", "run=run", "seconds=0.2", "out=page.wav"], "page.html: is there already, and no page of gen"),
        (["c.ogg", "run=run"], "c.ogg: is OGG VORBIS"),
        (["a.wav", "b.wav", "run=run"], "b.wav: settings are key=value"),
    ],
)
def test_bad_input_is_one_line(gen, run, tmp_path, words, told):
    record(tmp_path / "a.wav")
    record(tmp_path / "c.ogg", "VORBIS")
    soundfile.write("quiet.wav", np.zeros(48000), 16000)
    (tmp_path / "page.html").write_text("mine")
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir() if p.is_file()}
    code, _, err = gen("loop", *words)
    assert code == 1
    assert err.count("\n") == 1, err
    assert told in err
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir() if p.is_file()} == before
