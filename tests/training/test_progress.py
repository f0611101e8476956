"""What a training plans: how long its windows are."""

import itertools

import pytest

from gen.training.progress import GROWTH, Plan, Progress


@pytest.mark.parametrize(("window", "longest", "last"), [(512, 2048, 2048), (512, 512, 512), (480, 2048, 1920)])
def test_a_window_doubles_every_so_many_steps_up_to_the_longest(window, longest, last):
    plan = Plan(None, 60.0, None, 0.004, 100, 250, window, longest)
    at = [plan.window_at(Progress(step=step)) for step in range(0, 9 * GROWTH, GROWTH // 2)]
    assert (at[0], at[1], at[-1]) == (window, window, last)
    assert all(after in (before, 2 * before) for before, after in itertools.pairwise(at))
    assert all(each % window == 0 and each <= longest for each in at)
