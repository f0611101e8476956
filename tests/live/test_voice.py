"""A model as it is played: gone back with, frozen, kept and made again."""

import filecmp

import numpy as np
import pytest

from gen.live.voice import APART, Voice, loop
from gen.sampling import address
from gen.sound import audio
from tests.sampling.test_guidance import save
from tests.small import curves, save_run


@pytest.fixture
def voice(tmp_path, monkeypatch):
    """Return the voice of a run that is told labels, pitch and loudness."""
    monkeypatch.chdir(tmp_path)
    return Voice(save("run", told=curves("pitch+loudness")), 0, print)


def heard(voice, blocks):
    """Return what so many blocks sound like, int16 (T,)."""
    return np.frombuffer(b"".join(voice.block() for _ in range(blocks)), "<i2")


def test_what_is_heard_is_what_a_take_is(voice):
    assert voice.rate == 8000
    wave = heard(voice, 20)
    assert np.array_equal(wave, np.rint(32768 * voice.trained.sample(seconds=len(wave) / 8000, label="lo")))


def test_back_goes_on_from_a_state_before_what_is_heard_with_another_chance(voice):
    first = heard(voice, 120)
    voice.played = voice.sent - 2 * voice.size
    voice.change({"temperature": 0.8})
    voice.back(0.5)
    at = voice.session.position
    assert 0 <= len(first) - 2 * voice.size - 4000 - at < APART * voice.rate + voice.size
    assert len(voice.tape) == 2 * at
    assert (voice.sent, voice.played, voice.settings["seed"]) == (0, 0, 1)
    other = heard(voice, 30)
    assert not np.array_equal(other, first[at : at + len(other)])
    assert np.array_equal(np.frombuffer(bytes(voice.tape), "<i2"), np.concatenate([first[:at], other]))
    voice.back(30.0)
    assert voice.session.position == 0
    assert voice.settings["seed"] == 2


def test_frozen_it_stands_still_and_goes_on_as_if_it_never_had(voice):
    before = heard(voice, 100)
    voice.freeze(True)
    frozen = heard(voice, 300) / 32768
    period = len(loop(before / 32768, voice.rate))
    assert 0.5 * voice.rate < period < 1.5 * voice.rate
    assert np.array_equal(frozen[1000 : 1000 + period], frozen[1000 + period : 1000 + 2 * period])
    assert voice.session.position == len(before)
    voice.freeze(False)
    after = heard(voice, 20)
    voice.begin()
    whole = heard(voice, 120)
    assert np.array_equal(whole[: len(before)], before)
    assert np.array_equal(whole[len(before) + 500 :], after[500:])  # behind the fade
    voice.begin()
    voice.freeze(True)  # nothing is there yet
    assert not voice.frozen


def test_a_loop_has_no_seam():
    rate = 8000
    wave = np.sin(2 * np.pi * 200 * np.arange(3 * rate) / rate) * np.linspace(0.3, 0.4, 3 * rate)
    made = loop(wave, rate)
    assert np.abs(np.diff(np.tile(made, 2))).max() < 0.08  # as within the sine
    short = loop(wave[:200], rate)
    assert 100 < len(short) <= 200
    assert np.array_equal(loop(np.zeros(3 * rate), rate), np.zeros(rate))


def test_what_is_kept_is_made_again_and_is_the_last_seconds(voice, gen):
    voice.most = 64 * 100
    first = heard(voice, 40)
    voice.change({"label": {"lo": 0.5, "hi": 0.5}, "pitch": "A4", "loudness": -30.0})
    voice.change({"temperature": 0.9})
    heard(voice, 40)
    voice.played = voice.sent
    voice.back(0.2)
    voice.change({"guidance": 2.0})
    heard(voice, 200)
    path = voice.keep(None)
    assert str(path) == f"run/takes/live-seed0-{(voice.session.position - 6400) / 8000:.0f}s.wav"
    assert audio.frames(path) == 6400
    told = address.read(path)
    assert (told["label"], told["seed"], told["live"]["begin"]) == ("lo", 0, voice.session.position - 6400)
    assert told["live"]["changes"]["temperature"] == [[len(first) // 64, 0.9]]
    assert len(voice.tape) <= 4 * 6400 + 2 * voice.size
    assert gen("again", path)[0] == 0
    assert filecmp.cmp(path, path.with_stem(f"{path.stem}-again"), shallow=False)
    assert gen("extend", path, "seconds=0.1")[0] == 0
    assert voice.keep("elsewhere").parts[0] == "elsewhere"


def test_nothing_is_kept_of_nothing(voice):
    with pytest.raises(ValueError, match="there is nothing to keep yet; press start"):
        voice.keep(None)


def test_states_and_tape_do_not_grow(voice):
    voice.most = 64 * 200
    heard(voice, 800)
    assert len(voice.states) <= voice.most / (APART * voice.rate) + 3
    assert len(voice.tape) <= 4 * voice.most + 2 * voice.size


def test_a_page_is_told_what_a_model_has(voice, tmp_path):
    told = voice.facts()
    assert told == {
        "name": "run",
        "rate": 8000,
        "labels": ["lo", "hi", "any"],
        "guided": True,
        "ranges": {"pitch": [45, 69], "loudness": [-90, -10]},
    }
    plain = Voice(save_run(tmp_path / "plain"), 0, print).facts()
    assert (plain["labels"], plain["guided"], plain["ranges"]) == ([], False, {})
