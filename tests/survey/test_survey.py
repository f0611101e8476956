"""What a survey tells of recordings whose contents are known."""

import html.parser
import json
import os
import tracemalloc

import numpy as np
import pytest
import soundfile
import soxr

from gen.pages import survey as survey_page
from gen.pages import template
from gen.sound import audio, hearing
from gen.sound.codec import MuLaw
from gen.survey import findings, recording
from gen.survey.folder import survey
from gen.training import trial
from tests.small import MULAW, model_node, usual
from tests.small import corpus as corpus_of

RATE = 48000


def noise(seconds=2.0, level=0.1, seed=0):
    return np.random.default_rng(seed).normal(0, level, round(seconds * RATE))


def cut(wave, rate):
    """Return a wave at RATE without what is above half of `rate`."""
    return soxr.resample(soxr.resample(wave, RATE, rate), rate, RATE)


def sine(hz=440.0, seconds=1.0, rate=RATE, peak=0.5):
    return peak * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate)


def bandwidth(folder, wave, rate=RATE, name="a.wav", **how):
    soundfile.write(folder / name, wave, rate, **how)
    return recording.measure(folder / name).figures["bandwidth"]


@pytest.mark.parametrize("rate", [8000, 16000, 22050, 32000])
def test_where_a_recording_was_cut_is_found_whatever_was_added_later(tmp_path, rate):
    wave = cut(noise(), rate)
    click = np.where(np.arange(len(wave)) == 40000, 0.9, wave)
    hiss = wave + noise(level=0.001, seed=1)
    for made in (wave, click, hiss):
        found = bandwidth(tmp_path, made)
        assert rate / 2 * 0.95 < found < rate / 2 * 1.02
        assert recording.lossless(found) == rate
    assert recording.lossless(bandwidth(tmp_path, wave, subtype="PCM_24")) == rate
    assert recording.lossless(bandwidth(tmp_path, wave, subtype="PCM_U8")) == rate


def test_sound_that_falls_off_gradually_is_not_cut(tmp_path):
    spectrum = np.fft.rfft(noise(8))
    hertz = np.maximum(1, np.arange(len(spectrum)) / 8 / 100)
    for power in (0, 0.5, 1):
        wave = np.fft.irfft(spectrum / hertz**power)
        assert bandwidth(tmp_path, 0.5 * wave / np.abs(wave).max()) == RATE / 2
    wave = np.fft.irfft(spectrum / (1 + (hertz / 10) ** 2))  # 12 dB an octave from 1 kHz
    assert bandwidth(tmp_path, 0.5 * wave / np.abs(wave).max()) == RATE / 2


def test_a_wall_that_leans_ends_at_its_foot(tmp_path):
    spectrum = np.fft.rfft(noise(8))
    leaning = 10 ** (-2 * np.clip(np.arange(len(spectrum)) / 8 / 1000 - 7, 0, 1))  # 40 dB from 7 to 8 kHz
    assert bandwidth(tmp_path, np.fft.irfft(spectrum * leaning)) == pytest.approx(7925, abs=75)


def test_an_encoder_and_a_pure_tone_use_less_than_the_band(tmp_path):
    assert bandwidth(tmp_path, noise(), name="a.mp3", format="MP3") < 21000
    assert bandwidth(tmp_path, sine(440, 3, 8000), 8000) < 1000
    assert bandwidth(tmp_path, np.zeros(8000), 8000) == 0


def test_a_wave_that_begins_abruptly_has_no_more_bandwidth(tmp_path):
    assert bandwidth(tmp_path, cut(noise(3), 8000)[20000:-20000]) < 4200


def test_the_rate_that_loses_nothing_is_the_lowest_that_holds_the_bandwidth():
    assert [recording.lossless(hz) for hz in (0, 4000, 4100, 4300, 8000, 20000, 24000, 60000)] == [
        *(8000, 8000, 8000, 11025, 16000, 44100, 48000, 96000)
    ]


def test_the_share_that_a_rate_leaves_out_is_that_of_the_tones_above_it(tmp_path):
    low, high = sine(1000, 2, peak=0.4), sine(10000, 2, peak=0.2)
    soundfile.write(tmp_path / "a.wav", low + high + 0.2, RATE)
    report = survey(tmp_path)
    assert report["lost"][16000] == pytest.approx(0.2, rel=0.02)
    assert report["lost"][22050] < 1e-5
    assert report["lost"][96000] == 0


def test_levels_are_those_of_the_wave(tmp_path):
    wave = np.concatenate([sine(seconds=3) + 0.1, np.full(RATE, 0.1)])
    soundfile.write(tmp_path / "a.wav", np.stack([wave, 0.5 * wave], 1), RATE)
    (f,) = survey(tmp_path)["files"]
    assert (f["format"], f["subtype"], f["rate"], f["channels"], f["seconds"]) == ("WAV", "PCM_16", RATE, 2, 4)
    assert f["peak"] == pytest.approx(hearing.level(0.75 * 0.6), abs=0.01)
    assert f["rms"] == pytest.approx(hearing.level(0.75 * 0.5 * np.sqrt(3 / 8)), abs=0.01)
    assert f["dc"] == pytest.approx(hearing.level(0.075), abs=0.1)
    assert f["silence"] == pytest.approx(0.25, abs=0.01)
    assert f["clipping"] == 0
    soundfile.write(tmp_path / "a.wav", np.clip(3 * wave, -1, 1), RATE)
    (f,) = survey(tmp_path)["files"]
    assert f["clipping"] == pytest.approx(0.75 * np.mean(np.abs(3 * (sine() + 0.1)) >= 1), rel=0.02)


def test_a_spectrum_does_not_depend_on_how_the_wave_comes():
    wave, rate = noise(1.0), 44100
    whole = recording.Spectrum(rate)
    whole.add(wave)
    whole.end()
    for size in (1, 999, 2822, 30000):
        parts = recording.Spectrum(rate)
        for at in range(0, len(wave) if size > 1 else 6000, size):
            parts.add(wave[at : at + size])
        parts.end()
        if size > 1:
            assert np.allclose(parts.power, whole.power)
            assert np.allclose(parts.edges, whole.edges)
            assert parts.frames == whole.frames
    assert np.allclose(whole.power, hearing.power(wave, rate).sum(0))


@pytest.mark.parametrize("frames", [1, 2, 100, 1411, 1412, 2822, 2823])
def test_a_file_of_any_length_can_be_measured(tmp_path, frames):
    soundfile.write(tmp_path / "a.wav", noise(1)[:frames], 44100)
    report = survey(tmp_path)
    assert report["seconds"] == frames / 44100
    assert np.isfinite(report["spectrum"]).all()
    assert findings.findings(report)
    assert survey_page.page(report)


def test_a_long_file_is_read_in_constant_memory(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.zeros(60 * RATE), RATE)
    recording.measure(tmp_path / "a.wav", 1.0)
    tracemalloc.start()
    recording.measure(tmp_path / "a.wav")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8e6  # the wave is 11.5 MB


def test_files_that_cannot_be_used_are_listed_with_their_reason_and_the_rest_goes_on(tmp_path):
    soundfile.write(tmp_path / "a.wav", noise(), RATE)
    soundfile.write(tmp_path / "a.flac", noise(seed=1), RATE)
    soundfile.write(tmp_path / "nan.wav", np.full(900, np.nan), RATE, "FLOAT")
    (tmp_path / "text\x1b[31m.wav").write_text("la la")
    (tmp_path / "b.m4a").write_bytes(b"\0\0\0 ftypM4A ")
    (tmp_path / "empty.mp3").write_bytes(b"")
    whole = (tmp_path / "a.flac").read_bytes()
    (tmp_path / "cut.flac").write_bytes(whole[: len(whole) // 2])
    report = survey(tmp_path)
    assert [f["name"] for f in report["files"]] == ["a.flac", "a.wav"]
    reasons = {fault["name"]: fault["why"] for fault in report["faults"]}
    assert set(reasons) == {"b.m4a", "cut.flac", "empty.mp3", "nan.wav", "text?[31m.wav"}
    assert "holds NaN" in reasons["nan.wav"]
    assert reasons["b.m4a"].startswith(".m4a can't be read here; convert")
    assert report["twins"] == [["a.flac", "a.wav"]]
    told = "\n".join(findings.findings(report))
    assert "5 files can't be used: b.m4a (.m4a can't" in told
    assert "a.flac and a.wav. gen train refuses" in told
    assert json.loads(json.dumps(report))["seconds"] == 4.0


def test_a_folder_of_nothing_that_can_be_read_is_told_so(tmp_path):
    with pytest.raises(ValueError, match="is an empty folder; put recordings there"):
        survey(tmp_path)
    with pytest.raises(ValueError, match="there is no such folder"):
        survey(tmp_path / "nowhere")
    (tmp_path / "a.wav").write_text("la")
    report = survey(tmp_path)
    assert "No recording can be read" in findings.findings(report)[-1]
    assert findings.tables(report) == []
    assert "a.wav" in survey_page.page(report)


def figures(**changed):
    usual = {"name": "x.wav", "rate": 48000, "seconds": 60.0, "peak": -3.0, "rms": -22.0, "dc": -90.0, "clipping": 0.0}
    return {**usual, "silence": 0.1, "bandwidth": 24000.0, **changed}


def test_levels_are_told_with_a_remedy_only_where_something_is_wrong():
    assert findings.levels([figures()]) == [
        "RMS -22 dBFS, highest peak -3.0, 10% silence, no clipping: nothing to do about levels."
    ]
    for changed, told in (
        ({"clipping": 0.01}, "1 recording clipped: x.wav (1 % of its samples)"),
        ({"rms": -50.0}, "Amplify all by 30 dB"),
        ({"dc": -20.0}, "DC offset: x.wav (-20 dBFS)"),
        ({"silence": 0.6}, "60% is silence"),
        ({"silence": 1.0, "rms": -120.0}, "All of it is silence"),
    ):
        (line,) = findings.levels([figures(**changed)])
        assert told in line
    assert any("differ by 30 dB" in line for line in findings.levels([figures(), figures(rms=-52.0)] * 10))


def test_the_rate_to_train_at_is_proposed():
    def told(bandwidth, rate, lost):
        return findings.best_rate([figures(bandwidth=bandwidth)], {rate: lost}, rate)

    assert "data.rate=16000 loses nothing; keep it" in told(7900, 16000, 0.0)
    assert "though recorded at 48000 Hz: data.rate=8000 loses nothing, and a second of sound is 2.0" in told(
        3900, 16000, 0
    )
    assert "data.rate=16000 leaves out 3 % of the energy, which one hears: give data.rate=48000" in told(
        24000, 16000, 0.03
    )
    mixed = [figures(bandwidth=7900)] * 19 + [figures()]
    assert "data.rate=48000 loses nothing (16000 of nine in ten" in findings.best_rate(mixed, {16000: 2e-5}, 16000)
    assert "leaves out 0.002 % of the energy, hardly a loss" in told(24000, 16000, 2e-5)


def test_how_much_audio_is_enough_is_told():
    assert "22.0 minutes of audio: little" in findings.enough(22 * 60)
    assert "2.0 hours of audio: enough to begin with" in findings.enough(2 * 3600)
    assert "5.0 hours of audio: plenty" in findings.enough(5 * 3600)


def test_training_is_told_three_lines_from_a_few_beginnings(tmp_path, monkeypatch):
    for index in range(40):
        soundfile.write(tmp_path / f"{index}.wav", cut(noise(0.5, seed=index), 8000), RATE)
    corpus = corpus_of(str(tmp_path), MuLaw(8, 0.0))
    read = []
    monkeypatch.setattr(
        recording, "measure", lambda path, *how, real=recording.measure: read.append(path) or real(path, *how)
    )
    enough, rate, level = findings.lines(corpus, tmp_path, 16000)
    assert len(read) == findings.HEARD
    assert enough.startswith("20 seconds of audio: little")
    assert "data.rate=8000 loses nothing" in rate
    assert level.startswith("RMS -")
    one = findings.lines(corpus_of(str(tmp_path / "3.wav"), MuLaw(8, 0.0)), tmp_path / "3.wav", 16000)
    assert len(one) == 3


def test_of_a_long_file_training_reads_the_beginning(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.zeros(60 * 8000), 8000)
    assert recording.measure(tmp_path / "a.wav", 10.0).figures["seconds"] < 10 + audio.BLOCK / 8000 + 0.1


NODE = {**model_node("gru"), "hidden": 8, "embedding": 4}
CODEC = MULAW


def test_a_trial_measures_what_training_is_like(tmp_path, monkeypatch):
    monkeypatch.setattr(trial, "SECONDS", 0.1)
    for index in range(5):
        soundfile.write(tmp_path / f"{index}.wav", sine(300 + index, 2, 8000), 8000)
    settings = {**usual("data/folder"), "path": str(tmp_path), "rate": 8000, "tail": 0.0}
    done = trial.trial(settings, CODEC, NODE, 4, 32, 0.002, "adamw")
    assert 100 < done["samples_per_second"] < 1e8
    assert done["memory_mb"] is None or 50 < done["memory_mb"] < 1e5
    assert done["train_seconds"] == pytest.approx(8.5)  # a tenth is held out, and 0.05 s beside it on both sides
    assert done["baselines"]["linear prediction, order 16"] < done["baselines"]["histogram"] < 8
    told = "\n".join(findings.costs(done))
    assert "(measured)" in told
    assert "linear prediction" in told
    done = trial.trial({**settings, "valid": 0.0}, CODEC, NODE, 4, 32, 0.002, "adamw")
    assert "can't be judged" in findings.costs(done)[-1]


@pytest.mark.parametrize(("key", "value"), [("lanes", 0), ("window", 0), ("learning_rate", 2.0), ("optimizer", "sgd")])
def test_a_trial_refuses_what_training_refuses(tmp_path, key, value):
    soundfile.write(tmp_path / "a.wav", sine(300, 2, 8000), 8000)
    settings = {"lanes": 4, "window": 32, "learning_rate": 0.002, "optimizer": "adamw", key: value}
    with pytest.raises(ValueError, match=f"{key}={value}"):
        trial.trial({**usual("data/folder"), "path": str(tmp_path), "rate": 8000}, CODEC, NODE, **settings)


class Balanced(html.parser.HTMLParser):
    """Checks that each element is closed and keeps the text."""

    def __init__(self):
        super().__init__()
        self.open, self.text, self.seen = [], "", []

    def handle_starttag(self, tag, attrs):
        self.seen.append(tag)
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_startendtag(self, tag, attrs):
        self.seen.append(tag)

    def handle_data(self, data):
        self.text += data


def test_the_page_is_whole_needs_no_network_and_escapes_names(tmp_path):
    folder = tmp_path / "<i>in & out"
    folder.mkdir()
    soundfile.write(folder / "<script>alert(1)<.wav", noise(), RATE)
    soundfile.write(folder / '"quoted" & more.wav', 0.5 * noise(), RATE)
    soundfile.write(folder / "<u>.wav", noise(seed=5), RATE)
    soundfile.write(folder / "copy.wav", 0.5 * noise(seed=5), RATE)
    (folder / "<b>.wav").write_text("la")
    report = survey(folder)
    report["trial"] = {"parameters": 5, "samples_per_second": 10.0, "train_seconds": 3.0, "rate": 8000}
    report["trial"] |= {"memory_mb": 100.0, "baselines": {"uniform": 8.0}}
    survey_page.write(tmp_path / "data.html", report)
    text = (tmp_path / "data.html").read_text(encoding="utf-8")
    page = Balanced()
    page.feed(text)
    assert page.open == []
    assert not {"script", "b", "i", "u", "link", "img"} & set(page.seen)
    assert page.seen.count("svg") == 2
    assert "<script>alert(1)<.wav" in page.text
    assert "http" not in text.replace("http-equiv", "")
    assert "default-src 'none'" in text
    assert "script-src" not in text
    assert "prefers-color-scheme" in text


def test_a_page_replaces_a_page_and_no_other_file(tmp_path):
    soundfile.write(tmp_path / "a.wav", noise(), RATE)
    report = survey(tmp_path)
    for _ in range(2):
        survey_page.write(tmp_path / "data.html", report)
    (tmp_path / "mine.html").write_text("<p>mine")
    with pytest.raises(ValueError, match=r"mine\.html: is there already.*out="):
        survey_page.write(tmp_path / "mine.html", report)
    assert (tmp_path / "mine.html").read_text() == "<p>mine"
    with pytest.raises(ValueError, match=r"can't be written .*out="):
        template.spare(tmp_path, survey_page.MAKER)


def test_a_pipe_in_the_folder_is_a_fault_that_is_named(tmp_path):
    soundfile.write(tmp_path / "a.wav", noise(0.5), RATE)
    os.mkfifo(tmp_path / "b.wav")
    assert survey(tmp_path)["faults"] == [{"name": "b.wav", "why": "is no regular file; give one"}]
