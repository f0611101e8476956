import numpy as np
import pytest
import soundfile

from gen.repair import continuation
from gen.repair.meeting import met
from gen.run import checkpoint
from gen.run.folder import MODEL
from gen.sampling.trained import Trained
from tests.small import MULAW, model_node, save_run, sharp, trained_on

RATE = 8000


def save_backward(folder, rate=RATE, scale=1.1):
    """Save another small GRU, as one that was trained with reverse=on."""
    node = {**model_node("gru"), "hidden": 24, "embedding": 12, "layers": 2}
    told = trained_on("recordings")
    told["settings"]["data"]["reverse"] = True
    header = {"model": node, "codec": MULAW, "rate": rate, "classes": [], "trained": told}
    weights = sharp("gru", levels=256).state_dict()
    checkpoint.save(folder / MODEL, {k: v * scale for k, v in weights.items()}, header)
    return folder


@pytest.fixture(autouse=True)
def few(monkeypatch):
    """Let few streams be tried, which takes less time."""
    monkeypatch.setattr(continuation, "STREAMS", 8)


@pytest.fixture
def runs(tmp_path):
    """Return a run, and one of reversed time, beside a take a.wav of the first."""
    run = save_run(tmp_path / "run")
    soundfile.write(tmp_path / "a.wav", Trained(run).sample(seconds=0.6, seed=5), RATE)
    return run, save_backward(tmp_path / "back")


def test_two_waves_meet_where_they_are_alike():
    t = np.arange(RATE) / RATE
    ahead, back = (0.3 * np.sin(2 * np.pi * hertz * t) for hertz in (300, 1900))
    shared = slice(5000, 6200)
    ahead[shared] = back[shared] = 0.3 * np.sin(2 * np.pi * 700 * t[shared])
    made = met(ahead, back, RATE)
    assert np.array_equal(made[:5000], ahead[:5000])
    assert made[shared] == pytest.approx(ahead[shared])
    assert np.array_equal(made[6200:], back[6200:])


def test_a_gap_is_filled_from_both_sides_and_again(gen, runs, tmp_path):
    gap = "gap=0.2:0.3"
    assert gen("repair", "a.wav", gap, "run=run", "out=one.wav")[0] == 0
    code, _, err = gen("repair", "a.wav", gap, "run=run", "back=back")
    assert code == 0
    assert err.startswith("0.200 to 0.300 s: 100.0 ms filled by model from both sides, after which the rest costs ")
    one, both = (soundfile.read(tmp_path / name)[0] for name in ("one.wav", "a-repaired.wav"))
    assert not np.array_equal(one, both)
    assert np.array_equal(one[:1600], both[:1600])
    assert np.array_equal(one[2400:], both[2400:])
    assert np.array_equal(one[1600:1720], both[1600:1720])  # it begins as the one model continues
    assert gen("again", "a-repaired.wav")[0] == 0
    (tmp_path / "back").rename(tmp_path / "moved")
    assert "give back= where it is now" in gen("again", "a-repaired.wav")[2]
    assert gen("again", "a-repaired.wav", "back=moved")[0] == 0


def test_a_bridge_is_made_from_both_sides(gen, runs, tmp_path):
    soundfile.write("b.wav", Trained(runs[0]).sample(seconds=0.4, seed=6), RATE)
    code, _, err = gen("bridge", "a.wav", "b.wav", "run=run", "back=back", "seconds=0.1")
    assert code == 0
    assert "filled by model from both sides" in err
    assert gen("again", "a-to-b.wav")[0] == 0


def test_it_hears_and_plays_backward(runs, gen):
    trained, wave = Trained(runs[1]), soundfile.read("a.wav")[0]
    assert trained.backward
    forward = save_run(runs[0].parent / "forward", scale=1.1)
    assert trained.bits_per_sample(wave) == pytest.approx(Trained(forward).bits_per_sample(wave[::-1]))
    assert "learned reversed time" in gen("sample", "back", "seconds=0.1", "out=b.wav")[2]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["repair", "a.wav", "gap=0.2:0.3", "run=back"], "back: learned reversed time, for back= of gen repair"),
        (["repair", "a.wav", "gap=0.2:0.3", "run=run", "back=run"], "run: learned time as it is; back= takes a run of"),
        (["repair", "a.wav", "gap=0.2:0.21", "back=back"], "back=back: leads from the other side to what run= makes"),
        (["repair", "a.wav", "gap=0.2:0.3", "run=run", "back=slow"], "back=slow: is at 4000 Hz, and run at 8000;"),
        (["repair", "a.wav", "gap=0.2:0.3", "run=run", "back=nowhere"], "nowhere: No such file"),
        (["bridge", "a.wav", "a.wav", "run=run", "back=run"], "run: learned time as it is"),
        (["score", "a.wav", "run=back"], "back: learned reversed time"),
        (["loop", "a.wav", "run=back", "seconds=0.2"], "back: learned reversed time"),
    ],
)
def test_bad_input_is_one_line(gen, runs, tmp_path, words, told):
    save_backward(tmp_path / "slow", rate=4000)
    code, _, err = gen(*words)
    assert (code, err.count("\n")) == (1, 1), err
    assert told in err
