"""A training beside others: it takes one thread where that is faster, and all of them again when they are."""

import numpy as np
import pytest
import soundfile
import torch

from gen.training import loop
from gen.training.pace import EVERY, FIRST, TRIED, Pace

ALL = 4


class Machine:
    """A clock that steps move on, by seconds that depend on the number of threads and whether others are at work."""

    def __init__(self):
        self.now, self.threads, self.seconds = 0.0, ALL, {1: 0.2, ALL: 0.1}
        self.used: list = []

    def use(self, threads):
        self.threads = threads

    def step(self):
        self.used.append(self.threads)
        self.now += self.seconds[self.threads]
        return self.threads

    def train(self, pace, seconds):
        """Take steps for so long; return how much of the time each number of threads had."""
        begun, at = self.now, len(self.used)
        while self.now < begun + seconds:
            assert pace(self.step) in (1, ALL)
        return {count: self.used[at:].count(count) for count in (1, ALL)}


@pytest.fixture
def machine():
    return Machine()


def paced(machine):
    return Pace(ALL, clock=lambda: machine.now, use=machine.use)


def test_alone_it_keeps_all_threads_but_for_a_trial_a_minute(machine, capsys):
    taken = machine.train(paced(machine), 10 * EVERY)
    assert machine.threads == ALL
    assert taken[1] <= 11 * TRIED
    assert capsys.readouterr().err == ""


def test_beside_another_it_gives_way_within_seconds_and_comes_back(machine, capsys):
    pace = paced(machine)
    machine.train(pace, 30)
    machine.seconds = {1: 0.25, ALL: 2.0}
    machine.train(pace, 12)
    assert machine.threads == 1
    taken = machine.train(pace, 10 * EVERY)
    assert taken[ALL] <= 12
    assert taken[ALL] * 2.0 < 0.05 * 10 * EVERY
    assert capsys.readouterr().err.count("one thread is faster than 4") == 1
    machine.seconds = {1: 0.2, ALL: 0.1}
    machine.train(pace, 1.2 * EVERY)
    assert machine.threads == ALL


def test_begun_beside_another_it_gives_way_from_the_first_trial_on(machine):
    machine.seconds = {1: 0.25, ALL: 2.0}
    machine.train(paced(machine), 2.0 * (FIRST + 1))
    assert machine.threads == 1


def test_where_both_are_slow_trials_become_rare(machine):
    pace = paced(machine)
    machine.train(pace, 30)
    machine.seconds = {1: 5.0, ALL: 1.0}
    taken = machine.train(pace, 10 * EVERY)
    assert machine.threads == ALL
    assert taken[1] < 20


def test_one_thread_has_no_other_to_try(machine):
    pace = Pace(1, clock=lambda: machine.now, use=lambda count: pytest.fail("nothing to change"))
    machine.threads = 1
    machine.train(pace, 2 * EVERY)


@pytest.mark.trains
def test_a_training_leaves_the_number_of_threads_as_it_was(gen, tmp_path, monkeypatch):
    class Alone(Pace):
        def __call__(self, step, *given):
            torch.set_num_threads(1)
            return step(*given)

    monkeypatch.setattr(loop, "Pace", Alone)
    (tmp_path / "in").mkdir()
    for index in range(4):
        soundfile.write(tmp_path / "in" / f"{index}.wav", 0.5 * np.sin(np.arange(3000) * 0.1 * (index + 1)), 8000)
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        keys = ["model=gru", "model.hidden=16", "lanes=2", "window=32", "data.rate=8000", "data.valid=0.25", "steps=2"]
        code, _, err = gen("train", "in", *keys)
        assert (code, torch.get_num_threads()) == (0, 2), err
    finally:
        torch.set_num_threads(before)
