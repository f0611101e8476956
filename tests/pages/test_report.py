import json
import re
import shlex
import struct
import zlib
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from jinja2 import UndefinedError

from gen.judging.nearest import Training
from gen.pages import chart, listening, pictures, report, template
from gen.run import checkpoint
from gen.run.folder import MODEL
from gen.run.log import read_log
from gen.sound import audio, codec, depths, hearing
from tests.small import corpus as corpus_of
from tests.small import save_run, trained_on, usual

RATE = 8000
HOSTILE = "<img src=x onerror=alert(1)>&'\""


def song(seed, seconds=2.0):
    """Return a wave like no other: notes of drawn pitch and loudness, 50 ms each."""
    random = np.random.default_rng(seed)
    hertz = np.repeat(random.uniform(100, 3000, round(seconds * 20)), RATE // 20)
    loud = np.repeat(random.uniform(0.05, 0.5, round(seconds * 20)), RATE // 20)
    return (loud * np.sin(2 * np.pi * np.cumsum(hertz) / RATE)).astype(np.float32)


def recordings(folder, labels=("a",), count=3):
    for number, label in enumerate(labels):
        for index in range(count):
            audio.write(folder / label / f"{index}.wav", song(100 * number + index), RATE)
    return folder


def trained_run(folder, path, labels="none", classes=()):
    """Save a small run that says it was trained on the recordings in `path`, with a log and previews."""
    save_run(folder, classes)
    tensors, header, _ = checkpoint.read(folder / MODEL, checkpoint.HEADER)
    settings = {"path": str(path), "rate": RATE, "labels": labels, "valid": 0.3, "segment": 20.0, "tail": 0.0}
    history = trained_on(path, settings={"data": settings}, valid_bits=3.1)  # of the model kept
    checkpoint.save(folder / MODEL, tensors, {**header, "trained": history})
    lines = [{"step": 0, "baselines": {"uniform": 8.0, "histogram": 7.0, "linear": 6.9}}]
    lines += [{"step": s, "seconds": s / 4, "bits": 8 - s / 100} for s in range(10, 510, 10)]
    lines[-1] |= {"valid_bits": 3.2, "verdict": "learning", "why": "<well>"}
    (folder / "log.jsonl").write_text("\n".join(map(json.dumps, lines)) + '\n{"step": 510, "bi')
    for step in (250, 500):
        for label in classes or ("take",):
            name = f"step-{step:06d}-{label.replace('/', '-')}.wav"
            audio.write(folder / "previews" / name, song(step, 1.0), RATE)
    return folder


def short(runs, **settings):
    """Gather a report of a few short takes."""
    usually = {"seconds": 0.6, "count": 2, "temperatures": (0.9, 1.0), "seed": 0, "path": None}
    return report.gather(runs, **usually | settings)


def reported(runs, **settings):
    """Return the paths that a report over `runs` writes, as `gen report` does but for `settings`."""
    keys = {key: value for key, value in usual("report").items() if key != "data"}
    return report.report(runs, **keys | {"path": None} | settings)


class Parsed(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.open, self.data, self.text = [], [], "", ""
        self.feed(text)
        assert not self.open, self.open

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in ("meta", "link", "img", "path"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.tags and self.tags[-1][1].get("id") == "data" and self.open[-1:] == ["script"]:
            self.data += data
        elif self.open and self.open[-1] not in ("script", "style"):
            self.text += data

    def of(self, tag, name):
        return [a for t, a in self.tags if t == tag and name in a.get("class", "").split()]


@pytest.fixture
def run(tmp_path):
    return trained_run(tmp_path / "run", recordings(tmp_path / "songs"))


def test_a_page_has_every_sound_with_a_player_and_words_and_asks_for_nothing(run, tmp_path):
    (path,) = reported([str(run)], seconds=0.6, count=2, temperatures=(0.9, 1.0))
    assert path == run / "report.html"
    text = path.read_text()
    parsed = Parsed(text)
    takes, previews, real = 4, 2, 3
    told = json.loads(parsed.data)
    assert len(told["sounds"]) == len(parsed.of("div", "player")) == 2 * (takes + previews + real)
    assert {int(a["data-sound"]) for a in parsed.of("div", "player")} == set(range(len(told["sounds"])))
    for scrub in parsed.of("div", "scrub"):
        assert scrub["role"] == "slider"
        assert f'id="{scrub["aria-describedby"]}"' in text
    assert all(button["aria-label"].startswith("Play ") for button in parsed.of("button", "play"))
    for _, attributes in parsed.tags:
        for key in ("src", "href", "action", "data", "poster"):
            assert attributes.get(key, "#").startswith(("#", "data:"))
    assert not re.search(r"url\(|@import|https?://", text)
    assert "default-src 'none'" in text
    assert "histogram 7.00; linear 6.90" in parsed.text
    assert "learning: <well>" in parsed.text
    assert "3.100 bits/sample" in parsed.text
    assert "At 0.9: take 2" in parsed.text
    assert not list(run.glob(".*"))


def test_names_from_outside_are_text_and_nothing_else(tmp_path):
    label = "<script>x</script>"
    labels = ["</script><b>", label]
    run = trained_run(tmp_path / HOSTILE, recordings(tmp_path / "songs", labels), "folder", labels)
    gathered = [r._replace(name=f"{r.name}</script>") for r in short([run])]
    parsed = Parsed(listening.page(gathered, report.blind(gathered, 0)))
    assert [tag for tag, _ in parsed.tags].count("script") == 3
    assert not any(tag == "b" and not a for tag, a in parsed.tags)
    assert all(a["src"].startswith("data:image/png;base64,") for tag, a in parsed.tags if tag == "img")
    assert not any(name.startswith("on") for _, a in parsed.tags for name in a)
    assert HOSTILE in parsed.text
    assert label in parsed.text
    assert any(HOSTILE in sound["title"] for sound in json.loads(parsed.data)["sounds"])


def test_a_copy_of_what_was_trained_on_has_distance_0_and_is_found_where_it_is(tmp_path):
    law = codec.MuLaw(8, 0.0)
    corpus = corpus_of(recordings(tmp_path / "songs", count=6), law, rate=RATE, valid=0.0)
    training = Training(corpus.train, law, RATE)
    wave = audio.read(tmp_path / "songs/a/4.wav", RATE)
    copy, other, none = training.nearest([wave[5013:12000], song(77), np.zeros(RATE, np.float32)])
    assert copy.distance < 0.01
    assert copy.name == "a/4.wav"
    assert copy.start - copy.at == pytest.approx(5013 / RATE, abs=0.005)
    assert other.distance > 0.2
    assert none is None
    assert training.whole
    assert training.seconds == pytest.approx(12.0)


def test_a_search_of_long_recordings_is_bounded_the_same_way_each_time(tmp_path):
    law = codec.MuLaw(8, 0.0)
    corpus = corpus_of(recordings(tmp_path / "songs", count=6), law, rate=RATE, valid=0.0)
    first, again = (Training(corpus.train, law, RATE, seed=3, limit=5.0) for _ in range(2))
    assert not first.whole
    assert 5.0 <= first.seconds <= 7.0
    assert first.segments == again.segments


def test_a_recording_shorter_than_an_excerpt_is_found_too(tmp_path):
    law = codec.MuLaw(8, 0.0)
    audio.write(tmp_path / "songs/short.wav", song(1, 0.2), RATE)
    corpus = corpus_of(tmp_path / "songs", law, rate=RATE, valid=0.0)
    (found,) = Training(corpus.train, law, RATE).nearest([np.pad(song(1, 0.2), (0, 4000))])
    assert found.distance < 0.02
    assert len(found.wave) == 1600


def test_without_its_recordings_a_page_says_so_and_still_has_the_takes(run, tmp_path):
    (tmp_path / "songs").rename(tmp_path / "moved")
    (gathered,) = short([run])
    assert not gathered.reference.real
    text = Parsed(listening.page([gathered], report.blind([gathered], 0))).text
    assert "songs: there is no such folder or file" in text
    assert "data.path= says where the recordings are now" in text
    (found,) = short([run], path=str(tmp_path / "moved"))
    assert len(found.reference.real) == 3
    assert all(take.nearest for take in found.takes)


def test_a_model_that_tells_nothing_of_its_training_has_a_page(tmp_path):
    (gathered,) = short([save_run(tmp_path / "bare") / MODEL])
    assert len(gathered.takes) == 4
    assert gathered.name == "bare"
    assert "doesn't tell what it was trained on" in Parsed(listening.page([gathered], [])).text


def test_the_command_beside_a_take_makes_it(gen, tmp_path):
    run = save_run(tmp_path / "a run's", ["x y", "z"])
    (gathered,) = short([run])
    take = gathered.takes[3]
    command = shlex.split(take.command)
    assert command[:3] == ["gen", "sample", str(run)]
    code, _, error = gen(*command[1:], "out=take.wav")
    assert code == 0, error
    assert np.array_equal(audio.samples("take.wav"), depths.pcm(take.wave))
    assert json.loads(audio.comment("take.wav")) == json.loads(take.address)


def test_a_command_quotes_what_a_shell_or_hydra_would_read(tmp_path):
    usual = {**report.USUAL, "stream": 1, "label": "a, 'b'", "prime": {"path": "my file.wav"}}
    words = shlex.split(report.command("runs/x", usual, 2.5))
    assert words[3:] == ["seconds=2.5", "count=1", "stream=1", "seed=0", "temperature=1.0", *words[-2:]]
    assert words[-2:] == [r"label='a, \'b\''", "prime='my file.wav'"]


def test_a_folder_of_takes_without_a_model_is_a_page_over_them(gen, tmp_path):
    run = save_run(tmp_path / "run")
    gen("sample", run, "seconds=0.5", "count=2")
    audio.write(run / "takes" / "plain.wav", song(0, 0.5), RATE)
    (gathered,) = short([run / "takes"])
    assert [take.title for take in gathered.takes] == ["plain.wav", "seed0-0.wav", "seed0-1.wav"]
    assert [bool(take.address) for take in gathered.takes] == [False, True, True]
    assert "seconds=0.5" in gathered.takes[1].command
    text = listening.page([gathered], report.blind([gathered], 0))
    assert "plain.wav" in Parsed(text).text
    assert json.loads(Parsed(text).data)["blind"] == []


def test_a_folder_of_long_recordings_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(report, "MINUTES", 0.01)
    with pytest.raises(ValueError, match=r"songs: holds 0 minutes of audio, more than the 0.01 that a page"):
        short([recordings(tmp_path / "songs")])


def test_previews_are_of_every_step_first_and_then_of_labels(tmp_path):
    for step in range(30):
        for label in "abcd":
            audio.write(tmp_path / "previews" / f"step-{step:06d}-{label}.wav", song(0, 0.1), RATE)
    steps = [sound.step for sound in report.read_previews(tmp_path, RATE)]
    assert len(steps) == len(set(steps)) == report.MOST_PREVIEWS
    assert (steps[0], steps[-1]) == (0, 29)
    for path in (tmp_path / "previews").glob("step-*"):
        if int(path.stem[5:11]) > 2:
            path.unlink()
    assert [s.label for s in report.read_previews(tmp_path, RATE)] == list("abcdabcdabcd")


def test_an_old_log_has_its_minutes_from_the_model_and_its_baselines_from_an_evaluation(tmp_path):
    assert read_log(tmp_path, {}) is None
    (tmp_path / "log.jsonl").write_text('{"step": 10, "bits": 5.0}\n{"step": 20, "valid_bits": 4.0}\n')
    log = read_log(tmp_path, {"minutes": 1.0, "steps": 20})
    assert log.seconds == {10: 30.0, 20: 60.0}
    assert (log.training, log.valid, log.baselines) == ({10: 5.0}, {20: 4.0}, {})
    (tmp_path / "evaluate.json").write_text('{"baselines": {"uniform": 8.0}}')
    assert read_log(tmp_path, {}).baselines == {"uniform": 8.0}


def test_blind_pairs_are_of_one_label_with_each_real_clip_once_and_runs_take_by_take(tmp_path):
    folder = recordings(tmp_path / "songs", ("a", "b"), 8)
    runs = [trained_run(tmp_path / name, folder, "folder", ["a", "b"]) for name in "pq"]
    gathered = short(runs, count=4)
    against_p, against_q, each_other = report.blind(gathered, 0)
    assert against_p[0] == ("real", "p")
    assert against_p[2] == 0
    assert 4 <= len(against_p[3]) <= report.PAIRS
    assert all(real.label == take.label for real, take in against_p[3])
    assert len({id(real) for real, _ in against_p[3]}) == len(against_p[3])
    assert each_other[0] == ("p", "q")
    assert each_other[2] is None
    assert all((a.temperature, a.title) == (b.temperature, b.title) for a, b in each_other[3])
    assert gathered[0].reference is gathered[1].reference
    assert against_q[0] == ("real", "q")


def test_takes_are_as_long_as_the_recordings_on_average_unless_told(run):
    (gathered,) = short([run], seconds=None, count=1)
    assert {len(take.wave) for take in gathered.takes} == {2 * RATE}


def test_runs_of_one_name_are_told_apart_by_their_paths(tmp_path):
    paths = [save_run(tmp_path / place / "run") for place in "ab"]
    assert [run.name for run in short(paths, count=1)] == [str(path) for path in paths]


@pytest.mark.parametrize("settings", [{"count": 0}, {"seconds": 0.0}, {"seconds": float("inf")}, {"temperatures": ()}])
def test_settings_that_make_no_takes_are_refused(tmp_path, settings):
    with pytest.raises(ValueError, match="takes have a length over 0"):
        short([save_run(tmp_path)], **settings)


def test_a_folder_that_is_neither_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"is an empty folder; .*; or give a run folder"):
        short([tmp_path])


def test_an_mp3_keeps_the_length_and_the_pitch_at_any_rate(tmp_path):
    for rate in (8000, 16000, 22050, 44100, 96000):
        wave = 0.3 * np.sin(2 * np.pi * 440 * np.arange(rate) / rate)
        (tmp_path / "a.mp3").write_bytes(audio.mp3(wave.astype(np.float32), rate))
        again = audio.read(tmp_path / "a.mp3", 8000)
        assert len(again) == pytest.approx(8000, abs=2)
        assert np.argmax(np.abs(np.fft.rfft(again[:8000]))) == 440
        assert (tmp_path / "a.mp3").stat().st_size < 20_000


def test_a_spectrogram_is_highest_at_the_pitch_and_its_png_holds_it():
    wave = np.sin(2 * np.pi * 1000 * np.arange(RATE) / RATE)
    drawn = pictures.spectrogram(wave, RATE, 50, 80)
    row = np.argmax(drawn[:, 25])
    assert row == pytest.approx(80 * (1 - hearing.to_mel(1000) / hearing.to_mel(4000)), abs=1.5)
    png = pictures.png(drawn, drawn.max())
    assert struct.unpack(">II", png[16:24]) == (50, 80)
    at = png.index(b"IDAT")
    pixels = np.frombuffer(zlib.decompress(png[at + 4 : at + 4 + struct.unpack(">I", png[at - 4 : at])[0]]), np.uint8)
    assert np.argmax(pixels.reshape(80, 51)[:, 26]) == row
    assert pixels.max() == pictures.SHADES - 1


def test_pictures_of_silence_and_of_a_single_sample_are_drawn():
    for wave in (np.zeros(100, np.float32), np.ones(1, np.float32)):
        assert np.isfinite(pictures.spectrogram(wave, RATE, 20, 10)).all()
        assert pictures.outline(wave, 20, 1.0).startswith("M0 -")


@pytest.mark.parametrize(("low", "high"), [(0, 1), (3.5, 8), (0, 0.07), (0, 12345), (7.5, 8)])
def test_a_scale_has_a_few_round_numbers(low, high):
    numbers = chart.ticks(low, high)
    assert 2 <= len(numbers) <= 8
    assert low <= numbers[0] < numbers[-1] <= high


def test_a_chart_has_what_lies_outside_at_its_ends():
    x, y = chart.Axis(0, 2, [(1, "one")]), chart.Axis(-10, 10, [(0, "0 dB")])
    drawn = chart.chart("said", "told", x, y, [("bold", [(0, 10), (1, 0), (3, -99)], 1), ("dots", [(2, 0)], 2)])
    assert drawn.paths[0] == ("grid", "M0.0 500.0L1000.0 500.0", 0)
    assert drawn.paths[1] == ("bold", "M0.0 0.0L500.0 500.0L1000.0 1000.0", 1)
    assert drawn.paths[2] == ("dots", "M1000.0 500.0h0", 2)
    assert (drawn.across, drawn.up) == ([("one", 50.0)], [("0 dB", 50.0)])


def test_a_take_nearer_than_real_recordings_are_is_pointed_out(run):
    (gathered,) = short([run])
    assert "nearer than any" not in Parsed(listening.page([gathered], [])).text
    takes = [take._replace(nearest=take.nearest._replace(distance=0.001)) for take in gathered.takes[:1]]
    copied = gathered._replace(takes=takes)
    assert "nearer than any held-out recording" in Parsed(listening.page([copied], [])).text
    alone = copied._replace(reference=copied.reference._replace(real=[]))
    assert "a copy, or next to it" in Parsed(listening.page([alone], [])).text


def test_a_template_escapes_what_it_is_given_and_refuses_to_do_without():
    drawn = chart.chart(HOSTILE, HOSTILE, chart.Axis(0, 1, []), chart.Axis(0, 1, []), [])
    facts = {"path": HOSTILE, "findings": [HOSTILE], "tables": [([HOSTILE], [[HOSTILE]])], "charts": {HOSTILE: drawn}}
    facts |= {"copies": [], "faults": [], "columns": [], "rows": []}
    parsed = Parsed(template.render("survey.html", **facts))
    assert "img" not in [tag for tag, _ in parsed.tags]
    assert parsed.text.count(HOSTILE) == 7
    with pytest.raises(UndefinedError, match="'path' is undefined"):
        template.render("survey.html")


def test_plots_for_papers_are_files(run, tmp_path):
    pytest.importorskip("matplotlib")
    written = reported([run], seconds=0.6, count=1, temperatures=[1.0], out=tmp_path / "a.html", png=tmp_path / "png")
    assert [Path(path).name for path in written] == ["a.html", "bits.png", "takes.png"]
    assert all(path.stat().st_size > 1000 for path in written)


def test_a_page_replaces_a_page_and_no_other_file(run, tmp_path):
    for _ in range(2):
        reported([run], seconds=0.6, count=1, temperatures=(1.0,), out=str(tmp_path / "page.html"))
    (tmp_path / "mine.html").write_text("<p>mine")
    with pytest.raises(ValueError, match=r"mine\.html: is there already.*out="):
        reported([run], seconds=0.6, count=1, temperatures=(1.0,), out=str(tmp_path / "mine.html"))
    assert (tmp_path / "mine.html").read_text() == "<p>mine"
