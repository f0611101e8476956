"""Sessions: a stream that is steered as it is made, taken back, kept, made again."""

import json
import random

import numpy as np
import pytest
import soundfile

import gen as package
from gen.sampling import address
from gen.sampling.session import Session
from gen.sampling.timeline import Timeline
from gen.sound import audio
from gen.sound.codec import ALIGN, MuLaw
from tests.sampling.test_guidance import CLASSES, save
from tests.small import curves, save_run

CHOICES = {
    "seed": [0, 1, 5, 2**40],
    "temperature": [0.5, 0.7, 0.9, 1.0, 1.3],
    "top_p": [0.9, 0.99, 1.0],
    "label": [None, "lo", "hi", "any", {"lo": 0.3, "hi": 0.7}, {"lo": 0.25, "any": 0.5, "hi": 0.25}],
    "guidance": [1.0, 1.5, 3.0],
    "pitch": [None, "A4", "220.5", "C3"],
    "loudness": [None, -20.0, -35.5],
}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Return a model that hears labels, pitch and loudness, and was trained without each of them too."""
    return package.load(save(tmp_path_factory.mktemp("session") / "run", told=curves("pitch+loudness")))


def changed(timeline, chance, until, times=12):
    """Return a timeline after some changes at random samples."""
    for at in sorted(chance.randrange(until // ALIGN) * ALIGN for _ in range(times)):
        key = chance.choice(list(CHOICES))
        timeline.put(at, key, chance.choice(CHOICES[key]))
    return timeline


def cut(session, chance, total):
    """Return what a session makes in `total` samples, in random blocks."""
    made = []
    while total:
        made.append(session.advance(min(total, chance.randrange(1, 30) * ALIGN)))
        total -= len(made[-1])
    return np.concatenate(made)


@pytest.mark.parametrize("seed", range(4))
def test_the_sound_does_not_depend_on_how_it_was_cut_into_blocks(trained, seed):
    total = 100 * ALIGN
    whole, cuts = (Session(trained, changed(Timeline(), random.Random(seed), total)) for _ in range(2))
    wave = whole.advance(total)
    assert np.array_equal(cut(cuts, random.Random(seed + 9), total), wave)
    plain = Session(trained, Timeline()).advance(total)
    assert not np.array_equal(plain, wave)


@pytest.mark.parametrize(
    "settings", [{}, {"temperature": 0.8, "top_p": 0.9, "seed": 7}, {"label": "hi"}, {"label": "any"}]
)
@pytest.mark.parametrize("stream", [0, 3])
def test_under_settings_that_stay_it_is_the_take_that_they_make(trained, settings, stream):
    session = Session(trained, Timeline(**settings), stream)
    wave = cut(session, random.Random(0), 50 * ALIGN)
    assert np.array_equal(wave, trained.sample(seconds=50 * ALIGN / trained.rate, stream=stream, **settings))


def test_a_change_to_the_same_by_another_name_is_not_heard(trained):
    timeline = Timeline(label="hi", pitch="A4")
    timeline.put(20 * ALIGN, "label", {"hi": 1.0})
    timeline.put(30 * ALIGN, "pitch", "440.0")
    wave = Session(trained, timeline).advance(50 * ALIGN)
    assert np.array_equal(wave, trained.sample(seconds=50 * ALIGN / trained.rate, label="hi", pitch="A4"))


def test_guided_and_told_from_the_beginning_it_is_the_take_too(trained):
    for settings in (
        {"label": "hi", "guidance": 2.0},
        {"pitch": "A4", "loudness": -20.0},
        {"pitch": "C3", "guidance": 1.5},
    ):
        wave = Session(trained, Timeline(**settings)).advance(50 * ALIGN)
        assert np.array_equal(wave, trained.sample(seconds=50 * ALIGN / trained.rate, **settings)), settings


def test_a_mix_of_one_label_is_that_label_and_of_two_another_sound(trained):
    label, alone, mix, more = (
        Session(trained, Timeline(label=label)).advance(30 * ALIGN)
        for label in ("hi", {"hi": 1.0}, {"hi": 0.5, "lo": 0.5}, {"hi": 0.25, "lo": 0.25})
    )
    assert np.array_equal(label, alone)
    assert np.array_equal(mix, more)
    assert (
        len({wave.tobytes() for wave in (label, mix, Session(trained, Timeline(label="lo")).advance(30 * ALIGN))}) == 3
    )


def test_a_mix_is_the_model_with_a_label_between(tmp_path):
    """The logits are those of PyTorch's model whose first label's vector is the mix."""
    import torch

    trained = package.load(save_run(tmp_path / "run", CLASSES))
    trained.model.double()
    session = Session(trained, Timeline(label={"lo": 0.25, "hi": 0.75}), weights="float64")
    wave = session.advance(10 * ALIGN)
    with torch.no_grad():
        table = trained.model.label.table.weight
        table[0] = 0.25 * table[0] + 0.75 * table[1]
    assert np.array_equal(wave, trained.sample(seconds=10 * ALIGN / trained.rate, label="lo", engine="reference"))


def test_back_and_on_with_another_chance(trained):
    session = Session(trained, Timeline(temperature=0.9))
    first = session.advance(20 * ALIGN)
    state = session.state()
    peeked = session.peek(5 * ALIGN)
    session.change(label="hi", pitch="A4", guidance=2.0)
    session.advance(20 * ALIGN)
    session.back(state, seed=5)
    assert (session.position, session.settings["label"], session.settings["seed"]) == (20 * ALIGN, "hi", 5)
    other = session.advance(20 * ALIGN)
    assert not np.array_equal(other[: 5 * ALIGN], peeked)
    session.go(state)
    assert np.array_equal(session.advance(20 * ALIGN), other)
    whole = Session(trained, session.timeline).advance(40 * ALIGN)
    assert np.array_equal(whole, np.concatenate([first, other]))


def test_blocks_of_a_codec_with_memory_and_of_two_digits_are_one_sound(trained, monkeypatch):
    monkeypatch.setattr(trained, "codec", MuLaw(8, 0.85))
    wave = cut(Session(trained, Timeline()), random.Random(1), 40 * ALIGN)
    assert np.array_equal(wave, trained.sample(seconds=40 * ALIGN / trained.rate))


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"temperature": 1e-9}, "temperature=1e-09: temperature is 0"),
        ({"top_p": 0}, "top_p=0: top_p is over 0"),
        ({"label": "no"}, "label=no: this model has no such label; it has lo, hi, any"),
        ({"label": {"no": 1.0}}, "label=no: this model has no such label"),
        ({"label": {}}, "a mix gives each of its labels a share"),
        ({"label": {"lo": 0.0}}, "a mix gives each of its labels a share"),
        ({"pitch": "H9"}, "pitch=H9: this is a note"),
        ({"loudness": 500.0}, "loudness=500.0: this is a level"),
        ({"guidance": -1.0}, "guidance=-1.0: guidance is 0 to 100"),
        ({"seed": -1}, "seed=-1: seed is 0 or more"),
    ],
)
def test_what_is_not_right_is_refused_and_nothing_changes(trained, settings, why):
    session = Session(trained, Timeline())
    with pytest.raises(ValueError, match=why):
        session.change(temperature=0.5, **settings) if "temperature" not in settings else session.change(**settings)
    assert session.settings == Timeline().at(0)


def test_a_model_says_what_it_has_not(tmp_path):
    plain = package.load(save_run(tmp_path / "run"))
    session = Session(plain, Timeline())
    for settings in ({"pitch": "A4"}, {"loudness": -20.0}):
        with pytest.raises(ValueError, match="this model is told no curves"):
            session.change(**settings)
    with pytest.raises(ValueError, match="trained without labels"):
        session.change(label="hi")
    session.change(guidance=2.0)  # there is nothing to be guided by
    session.advance(ALIGN)


def test_a_timeline_forgets_the_oldest_of_too_many_changes():
    timeline = Timeline()
    for at in range(10_000):
        timeline.put(at * ALIGN, "temperature", 0.5 + at % 7 / 10)
    assert len(timeline.columns["temperature"]) <= 4000
    assert (timeline.whole, timeline.at(9999 * ALIGN)["temperature"]) == (False, 0.5 + 9999 % 7 / 10)


def keep(run, path, chance, begin, end):
    """Write what a session in random changes made from sample `begin` to `end`; return its wave from the beginning."""
    trained = package.load(run)
    session = Session(trained, changed(Timeline(**{k: chance.choice(CHOICES[k]) for k in CHOICES}), chance, end), 3)
    wave = cut(session, chance, end)
    take = audio.Take(path, trained.rate, address.of_session(run, trained, session, begin))
    take.write(wave[begin:])
    take.keep()
    return session


def test_ten_of_ten_kept_files_are_made_again_and_go_on(gen, tmp_path):
    save("run", told=curves("pitch+loudness"))
    for number in range(10):
        chance = random.Random(number)
        begin, end = chance.randrange(30) * ALIGN, 60 * ALIGN
        session = keep("run", f"{number}.wav", chance, begin, end)
        assert gen("again", f"{number}.wav")[:2] == (0, f"{number}-again.wav\nthe same bytes as {number}.wav\n")
        assert (tmp_path / f"{number}.wav").read_bytes() == (tmp_path / f"{number}-again.wav").read_bytes()
        if number < 2:
            assert gen("extend", f"{number}.wav", "seconds=0.1")[0] == 0
            longer = soundfile.read(f"{number}-extended.wav", dtype="float32")[0]
            assert len(longer) == end - begin + 800
            rest = session.advance(13 * ALIGN)[:800]
            assert np.abs(longer[end - begin :] - rest).max() < 1e-4


def test_a_long_address_is_read_from_a_wav_again(gen, tmp_path):
    run = save_run(tmp_path / "run")
    trained = package.load(run)
    session = Session(trained, Timeline())
    for at in range(1000):
        session.timeline.put(at * ALIGN, "temperature", 0.5 + at % 71 / 100)
    wave = session.advance(1000 * ALIGN)
    take = audio.Take("a.wav", trained.rate, address.of_session(run, trained, session, 900 * ALIGN))
    take.write(wave[900 * ALIGN :])
    assert len(audio.comment(take.keep())) > 8_000
    assert gen("again", "a.wav")[:2] == (0, "a-again.wav\nthe same bytes as a.wav\n")


def test_an_address_of_a_session_is_checked(gen, tmp_path):
    save("run", told=curves("pitch+loudness"))
    keep("run", "a.wav", random.Random(0), 0, 20 * ALIGN)
    told = json.loads(soundfile.SoundFile("a.wav").comment)
    samples, rate = soundfile.read("a.wav", dtype="int16")
    live = told["live"]
    wrong = [
        5, [], {}, {"begin": 0}, {**live, "begin": -1}, {**live, "begin": 7}, {**live, "begin": 2**60},
        {**live, "changes": {"temperature": [[1, "hot"]]}}, {**live, "changes": {"temperature": [[-1, 1.0]]}},
        {**live, "changes": {"temperature": [[1, 1.0, 2]]}}, {**live, "changes": {"temperature": [[1, 1e-9]]}},
        {**live, "changes": {"label": [[1, {"lo": "x"}]]}}, {**live, "changes": {"label": [[1, "no"]]}},
        {**live, "changes": {"pitch": [[1, "H9"]]}}, {**live, "changes": {"seed": [[1, 1.5]]}},
        {**live, "begin": 10**14},
    ]  # fmt: skip
    for number, each in enumerate(wrong):
        with soundfile.SoundFile("b.wav", "w", rate, 1, "PCM_16") as file:
            file.comment = json.dumps({**told, "live": each})
            file.write(samples)
        code, _, err = gen("again", "b.wav")
        assert (code, err.count("\n")) == (1, 1), (number, each, err)
        assert "a defect" not in err
    assert {path.name for path in tmp_path.iterdir()} == {"run", "a.wav", "b.wav"}


def test_an_address_that_would_be_too_long_is_refused(trained):
    session = Session(trained, Timeline())
    for at in range(3900):
        session.timeline.put(at * ALIGN, "temperature", round(0.5 + at % 1000 / 1234.5, 9))
        session.timeline.put(at * ALIGN, "loudness", -round(0.5 + at % 1000 / 1234.5, 9))
    with pytest.raises(ValueError, match="too much was changed since the beginning"):
        address.of_session("run", trained, session, 0)
