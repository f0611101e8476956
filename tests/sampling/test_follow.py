"""Takes that follow a recording: told its curves at their time, made again from their address, refused in a line."""

import json

import numpy as np
import pytest
import soundfile

import gen as package
from gen.engine.player import Engine
from gen.sampling import address, play
from gen.sampling.reference import Reference
from gen.sampling.settings import Settings
from gen.sound import audio
from tests.small import curves, save_run

RATE = 8000


def sound(path, *hertz, amplitude=0.3, rate=RATE):
    """Write a quarter of a second of each of some tones."""
    tones = [np.sin(2 * np.pi * f * np.arange(rate // 4) / rate) for f in hertz]
    soundfile.write(path, amplitude * np.concatenate(tones), rate)
    return path


@pytest.fixture
def told(gen):
    """Return a function that runs a command where a run lies that is told loudness, and a recording to follow."""
    save_run("run", told=curves("loudness"))
    sound("words.wav", 200, 900)

    def run(*args):
        code, out, err = gen(*args)
        return code, err.strip() if code else out

    return run


def test_a_take_is_as_long_as_what_it_follows_and_another_than_without(told):
    code, out = told("sample", "run", "follow=words.wav", "count=2")
    assert code == 0
    takes = [soundfile.read(path)[0] for path in out.split()]
    assert [len(take) for take in takes] == [RATE // 2] * 2
    assert not np.array_equal(*takes)
    untold = soundfile.read(told("sample", "run", "seconds=0.5", "count=1", "out=a.wav")[1].strip())[0]
    assert not np.array_equal(takes[0], untold)
    other, louder = sound("other.wav", 900, 200), sound("louder.wav", 200, 900, amplitude=0.9)
    others = [
        soundfile.read(told("sample", "run", f"follow={path}", "out=b.wav")[1].strip())[0] for path in (other, louder)
    ]
    assert not np.array_equal(takes[0], others[0])
    assert np.array_equal(takes[0], others[1])  # its loudness is fitted to that of training


def test_both_samplers_follow_alike_from_a_recording_on(tmp_path):
    trained = package.load(save_run(tmp_path / "run", ["lo", "hi"], told=curves("loudness")))
    model, silence = trained.model.double(), tuple(trained.codec.silence)
    wave, before = audio.read(sound(tmp_path / "a.wav", 300, 500), RATE), np.sin(np.arange(1001) / 9) / 3
    control, primed = trained.told(Settings(follow=wave, prime=before)) * 2, trained.codec.encode(before)
    settings = {"seed": 3, "primed": primed, "control": control}
    want, got = (
        np.concatenate(list(each.generate(700, [0, 1], [0, 1], **settings)), 1)
        for each in (Reference(model, silence), Engine(model, silence, "float64"))
    )
    assert np.array_equal(want, got)
    made = trained.sample(0.05, 2, seed=3, follow=wave, prime=before, engine="reference", top_p=1.0)
    assert np.array_equal(made, trained.codec.decode(want[:, :400]))


@pytest.mark.parametrize("extra", [[], ["prime=words.wav", "guard=off", "temperature=0.8"]])
def test_a_take_that_follows_is_made_again_and_longer(told, tmp_path, extra):
    take = told("sample", "run", "follow=words.wav", "stream=2", "count=1", *extra)[1].strip()
    found = address.read(take)
    assert found["follow"]["path"] == "words.wav"
    assert told("again", take)[1].splitlines()[1] == f"the same bytes as {take}"
    longer = told("sample", "run", "follow=words.wav", "stream=2", "seconds=0.7", "out=longer.wav", *extra)[1].strip()
    assert told("extend", take, "seconds=0.2", "out=made.wav")[0] == 0
    assert (tmp_path / "made.wav").read_bytes() == (tmp_path / longer).read_bytes()
    (tmp_path / "words.wav").rename(tmp_path / "moved.wav")
    if not extra:
        assert (
            "was made with follow words.wav, which isn't there; give follow= where it is now" in told("again", take)[1]
        )
        assert told("again", take, "follow=moved.wav")[0] == 0
        sound("moved.wav", 200, 901)
        assert "another follow than moved.wav" in told("again", take, "follow=moved.wav")[1]


def test_an_address_without_a_recording_to_follow_tells_of_none(told):
    take = told("sample", "run", "seconds=0.1", "out=a.wav")[1].strip()
    assert "follow" not in json.loads(soundfile.SoundFile(take).comment)
    assert "follows no recording; leave follow= out" in told("again", take, "follow=words.wav")[1]


def test_what_was_never_heard_in_training_is_said(gen):
    save_run("run", told=curves("pitch"))
    sound("high.wav", 880)
    code, _, err = gen("sample", "run", "follow=high.wav", "out=a.wav")
    assert code == 0
    assert "f0 is from 8" in err
    assert "in training it was from 110 Hz to 440 Hz" in err


@pytest.mark.parametrize(
    ("control", "wave", "line"),
    [
        ("loudness", np.zeros(4000), "follow=words.wav: the recording is silent throughout; give another"),
        (
            "pitch",
            np.random.default_rng(0).uniform(-0.3, 0.3, 4000),
            "follow=words.wav: no pitch is heard in the",
        ),
        (None, np.ones(4000) / 2, "follow=words.wav: this model is told no curves; train one with control=mel"),
        ("loudness", None, "words.wav: No such file or directory"),
    ],
)
def test_what_cannot_be_followed_is_refused_in_a_line(gen, tmp_path, control, wave, line):
    save_run("run", told=control and curves(control))
    if wave is not None:
        soundfile.write("words.wav", wave, RATE)
    code, _, err = gen("sample", "run", "follow=words.wav", "out=a.wav")
    assert (code, err.count("\n")) == (1, 1), err
    assert line in err
    assert not (tmp_path / "a.wav").exists()


@pytest.mark.parametrize(("control", "long"), [("mel", RATE // 4), ("constant_q", RATE)])
def test_bands_are_as_loud_as_in_training_and_silence_stays(control, long):
    trained_on, random = curves(control), np.random.default_rng(0)
    wave = np.concatenate([np.zeros(long), random.uniform(-0.5, 0.5, long)])
    rows, quiet = (play.asked(trained_on, follow=wave * gain) for gain in (1, 0.05))
    half = 100 * long // RATE
    assert np.allclose(rows[half + 5 :], quiet[half + 5 :], atol=1e-3)
    assert np.percentile(rows.max(1), 99.9) == pytest.approx(trained_on.high[0])
    assert np.array_equal(rows[:10], np.tile(trained_on.silence, (10, 1)))


def test_a_recording_is_followed_semitone_by_semitone():
    told = curves("constant_q")
    chord = sum(np.sin(2 * np.pi * hertz * np.arange(RATE) / RATE) for hertz in (220, 440 * 2 ** (3 / 12))) / 4
    middle = play.asked(told, follow=chord)[50]
    assert sorted(np.argsort(middle)[-2:]) == [33, 48]  # semitones from C1 to A3 and to C5
    moved = play.asked(told, follow=chord, shift=-5)[50]
    assert sorted(np.argsort(moved)[-2:]) == [28, 43]
    assert np.allclose(moved[:-5], middle[5:])
    assert (moved[-5:] == told.silence[-5:]).all()
