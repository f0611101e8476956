"""The guard hears what collapsed, goes back and draws again, and the take stays one that can be made again."""

import json

import numpy as np
import pytest
import soundfile

from gen.run import checkpoint
from gen.run.folder import MODEL
from gen.sampling import guard
from gen.sampling.guard import LOUDER, TRIES, Guard
from gen.sampling.trained import Trained
from gen.sound.codec import MuLaw
from gen.sound.hearing import Heard, hear
from tests.small import save_run, trained_on

RATE = 8000
SPEECH = Heard(-25, -60, -10, silence=0.1, clipping=0, flatness=0.02, noise=0.3, loop=0.2)


class State:
    """Streams that count the seconds they made."""

    def __init__(self, seconds):
        self.seconds = np.array(seconds)

    def rows(self, chosen):
        return State(self.seconds[chosen])

    def put(self, chosen, other):
        self.seconds[chosen] = other.seconds


def sound(seconds):
    """Return symbols (n,) of a tone that glides: no silence, noise or loop."""
    time = np.arange(round(seconds * RATE)) / RATE
    return MuLaw(8, 0.0).encode(0.3 * np.sin(2 * np.pi * (300 * time + 150 * time**2)))


def watched(bad, ends=False, primed=False, tries=1):
    """Return a guard and the seconds it let pass, of which those in `bad` (stream, second) are silent `tries` times."""
    watching = Guard(MuLaw(8, 0.0), RATE, SPEECH, ends, primed)
    left = dict.fromkeys(bad, tries)
    state = State([0, 0, 0])
    streams = {}

    def advance(state, uniforms):
        made = np.tile(sound(1), (len(state.seconds), 1))
        for row, (number, own) in enumerate(zip(state.seconds, uniforms[:, 0], strict=True)):
            stream = int(own) if own >= 1 else streams[own]
            for attempt in range(1, TRIES + 1):
                streams[watching.fresh(7, stream, number, attempt)[0]] = stream
            if left.get((stream, number), 0):
                left[stream, number] -= 1
                made[row] = MuLaw(8, 0.0).silence[0]
        state.seconds += 1
        return made

    numbers = np.array([[1.0], [2.0], [3.0]])
    made = watching.watch(advance, state, 7, [1, 2, 3], lambda: np.tile(numbers, watching.block))
    return watching, [next(made) for _ in range(3)], state


def test_what_collapsed_is_drawn_again_from_where_it_began():
    watching, made, state = watched([(2, 1)], tries=2)
    assert (watching.again, watching.kept) == (2, 0)
    assert all((second != 128).any(1).all() for second in made)
    assert state.seconds.tolist() == [3, 3, 3]


def test_what_is_louder_than_any_recording_is_heard():
    wave = MuLaw(8, 0.0).decode(sound(1))
    for loudest, found in ((hear(wave, RATE).rms - LOUDER - 0.1, "too loud"), (hear(wave, RATE).rms, None)):
        trained = {"data": SPEECH._asdict(), "settings": {"data": {}}, "loudest": loudest}
        assert Guard.of(MuLaw(8, 0.0), RATE, trained, primed=False).fault(sound(1), 3) == found


def test_after_some_tries_it_stays_as_it_is():
    watching, made, _ = watched([(2, 1)], tries=99)
    assert (watching.again, watching.kept) == (TRIES, 1)
    assert [(second == 128).all(1).tolist() for second in made] == [[False] * 3, [False, True, False], [False] * 3]


@pytest.mark.parametrize(("primed", "second", "again"), [(False, 0, 1), (False, 1, 0), (True, 0, 0)])
def test_where_recordings_end_silence_is_an_ending_but_not_a_beginning(primed, second, again):
    assert watched([(2, second)], ends=True, primed=primed)[0].again == again


@pytest.fixture
def run(tmp_path):
    """Return a run whose untrained model makes noise, of recordings said to be speech."""
    folder = save_run(tmp_path / "run")
    tensors, header, _ = checkpoint.read(folder / MODEL, checkpoint.HEADER)
    header["trained"] = trained_on("x", data=SPEECH._asdict())
    header["trained"]["settings"]["data"]["tail"] = 0.0
    del header["format"]
    checkpoint.save(folder / MODEL, tensors, header)
    return folder


def test_a_guarded_take_is_the_same_alone_among_others_in_any_block_and_longer(run, monkeypatch):
    monkeypatch.setattr(guard, "SECONDS", 0.2)
    trained, said = Trained(run), []
    whole = trained.sample(seconds=0.5, count=3, seed=3, guard=True, warn=said.append)
    assert "seconds drawn again" in said[-1]
    plain = trained.sample(seconds=0.5, count=3, seed=3)
    assert not np.array_equal(whole, plain)
    for settings in ({"block": 0.02}, {"block": 0.6}):
        parts = trained.stream(seconds=0.5, seed=3, stream=1, guard=True, **settings)
        assert np.array_equal(np.concatenate(list(parts), 1)[0], whole[1])
    assert np.array_equal(trained.sample(seconds=0.3, seed=3, stream=2, guard=True), whole[2][: round(0.3 * RATE)])


def test_the_guard_is_in_a_takes_address(gen, run, tmp_path):
    _, out, err = gen("sample", run, "guard=on", "seconds=1.5", "out=a.wav")
    assert "drawn again" in err
    with soundfile.SoundFile(tmp_path / "a.wav") as file:
        assert json.loads(file.comment)["guard"] is True
    code, out, err = gen("again", "a.wav")
    assert code == 0, err
    assert "the same bytes" in out


def test_what_has_no_guard_says_so(gen, run, tmp_path):
    code, _, err = gen("sample", run, "guard=on", "engine=reference", "seconds=0.1")
    assert (code, err.count("\n")) == (1, 1)
    assert "only the compiled engine has it" in err
    code, _, err = gen("sample", save_run(tmp_path / "old"), "guard=on", "seconds=0.1")
    assert (code, err.count("\n")) == (1, 1)
    assert "train it again" in err
