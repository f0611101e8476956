"""A search for the size of a model: the better half goes on, also after it was stopped, and a law says the rest."""

import itertools
import json

import numpy as np
import pytest
import soundfile

from gen.run import checkpoint
from gen.run.folder import MODEL, run_folder
from gen.training import law, tuning
from tests.small import model_node, save_run

TRUE = law.Law(3.0, 0.4, 0.3, 0.5, 0.6, 20_000, 1e6)
SPEED = 1e6  # samples a minute of a model of 20,000 parameters, others by their number
HEADER = {"steps": 1, "files": 1, "seconds": 1.0, "best_step": 1}


class Trainer:
    """Trains nothing, but leaves a run whose bits are as TRUE has it, worse away from a learning rate of 0.002."""

    def __init__(self, dies_at=None):
        self.calls, self.dies_at = [], dies_at

    def __call__(self, minutes, name, model, learning_rate):
        if len(self.calls) == self.dies_at:
            raise KeyboardInterrupt
        self.calls.append((name, minutes))
        run = save_run(run_folder(name))
        tensors, header, _ = checkpoint.read(run / MODEL, checkpoint.HEADER)
        tensors = {"weights": next(iter(tensors.values())).new_zeros(200 * model["hidden"])}
        samples = round(SPEED * 100 / model["hidden"] * minutes)
        bits = TRUE.bits(200 * model["hidden"], samples) + abs(np.log2(learning_rate / 0.002)) * 0.1
        told = {**HEADER, "samples": samples, "minutes": minutes, "valid_bits": bits, "settings": {"data": DATA}}
        kept = {k: v for k, v in header.items() if k != "checksum"}
        checkpoint.save(run / MODEL, tensors, {**kept, "trained": told})
        return run


DATA = {"path": None, "rate": 8000, "labels": "none", "valid": 0.1, "segment": 20.0}
SIZES, RATES = [0.25, 0.5, 1, 2], [0.5, 1, 2]


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def tried():
    return tuning.candidates({**model_node("gru"), "hidden": 96, "embedding": 48}, 0.002, SIZES, RATES)


def search(trainer):
    return tuning.search(trainer, "tuned", tried(), 40.0, {"tuning": 40.0})


def test_the_law_is_found_again_from_points_on_it():
    points = [(n, t, TRUE.bits(n, t)) for n in (5e3, 2e4, 8e4, 3e5) for t in (2e5, 1e6, 5e6, 2e7)]
    found = law.fit(points)
    for n, t in ((1e4, 5e5), (1e5, 1e7), (6e5, 4e7)):
        assert abs(found.bits(n, t) - TRUE.bits(n, t)) < 0.05
    assert min(found[:5]) >= 0


def test_all_rounds_take_the_minutes_given_and_each_twice_as_long_as_the_last():
    for count in (2, 3, 12, 18, 100):
        found = tuning.rounds(count, 40.0)
        taken = [n * (m - before) for (n, m), before in zip(found, [0, *(m for _, m in found)], strict=False)]
        assert sum(taken) == pytest.approx(40.0)
        assert [b / a for (_, a), (_, b) in itertools.pairwise(found)] == [2.0] * (len(found) - 1)
        assert found[0][0] == count
        assert found[-1][0] <= max(count, tuning.FINAL)


def test_the_better_half_goes_on_and_the_answer_is_the_best_size_for_the_minutes_planned(here):
    done = search(trainer := Trainer())
    assert [len(found) for found in done] == [12, 6, 3, 2]
    assert {f.candidate.name for f in done[1]} == {f.candidate.name for f in done[0][:6]}
    assert len(trainer.calls) == 23
    for minutes in (5.0, 60.0, 1000.0):
        found, _ = tuning.answer(done, minutes)
        truth = {f.parameters: TRUE.bits(f.parameters, f.speed * minutes) for f in found}
        assert truth[found[0].parameters] < min(truth.values()) + 0.03
        assert all(f.expected[1] <= f.expected[0] <= f.expected[2] for f in found)
        assert found[0].candidate.learning_rate == 0.002


def test_stopped_at_ten_moments_it_goes_on_and_comes_to_the_same(here, tmp_path):
    whole = search(Trainer())
    (tmp_path / "runs" / "tuned" / tuning.TUNED).unlink()
    calls = 0
    for dies_at in [2] * 10:
        with pytest.raises(KeyboardInterrupt):
            search(trainer := Trainer(dies_at))
        calls += len(trainer.calls)
    assert search(last := Trainer()) == whole
    assert calls + len(last.calls) == 23


def test_another_search_or_a_damaged_one_is_refused(here, tmp_path):
    search(Trainer())
    with pytest.raises(ValueError, match=r"tuning=80.0: runs/tuned was begun with tuning=40.0; go on so, or give"):
        tuning.search(Trainer(), "tuned", tried(), 80.0, {"tuning": 80.0})
    file = tmp_path / "runs" / "tuned" / tuning.TUNED
    for text in ("{", json.dumps({"settings": {}, "rounds": [{"a": {"bits": "x"}}]})):
        file.write_text(text)
        with pytest.raises(ValueError, match=r"tune\.json: is damaged .* delete it, and the search begins anew"):
            search(Trainer())


@pytest.mark.parametrize(
    ("sizes", "rates", "line"),
    [
        ([], RATES, r"sizes=\[\]: these are numbers over 0"),
        (SIZES, [0], r"rates=\[0\]: these are numbers over 0"),
        ([1, 1.01], RATES, "two of them come to the same"),
    ],
)
def test_what_can_not_be_tried_is_refused(sizes, rates, line):
    with pytest.raises(ValueError, match=line):
        tuning.candidates(model_node("gru"), 0.002, sizes, rates)


@pytest.mark.trains
def test_the_command_says_which_size_and_what_to_run(gen, tmp_path):
    (tmp_path / "in").mkdir()
    for index in range(8):
        soundfile.write(tmp_path / "in" / f"{index}.wav", 0.5 * np.sin(np.arange(4000) * (0.1 + 0.01 * index)), 8000)
    keys = ["data.rate=8000", "data.valid=0.25", "model=gru", "lanes=4", "window=32", "sizes=[0.05,0.1]", "rates=[1]"]
    code, out, err = gen("tune", "in", *keys, "tuning=0.02", "minutes=5")
    assert code == 0, err
    assert "for 5 minutes on this machine, on these recordings: model.hidden=" in out
    assert "gen train in data.rate=8000 data.labels=none data.valid=0.25 data.test=0.0 model=gru model.hidden=" in out
    assert err.count("round 1: model.hidden=") == 2
    assert "bits expected" in (tmp_path / "runs" / "in-gru-tuned" / "tune.html").read_text()
    assert gen("tune", "in", *keys, "tuning=0.02", "minutes=10")[0] == 0  # from what is there, in no time
    assert "tuning=-1.0: these are minutes" in gen("tune", "in", "tuning=-1")[2]
    assert "data.valid=0: sizes are told apart by" in gen("tune", "in", *keys, "data.valid=0", "name=other")[2]
