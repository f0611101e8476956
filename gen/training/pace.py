"""Giving way to other programs: with all of a machine's threads a training crawls where others want the cores too.

Each operation ends when its last thread does, and that one may have lost its core: two trainings of two threads on two
cores each take many times as long as alone, of one thread each hardly twice. So one thread is tried now and then, and
at once when steps become slow. What is computed is the same, bit for bit, whatever the number of threads.
"""

import time

import torch

from gen.base.terminal import say

FIRST, TRIED = 8, 3  # the step after which the first trial begins, and how many steps of one count by their best
SLOW = 3.0  # times the best that a step takes before a trial begins at once
SOON, EVERY = 5.0, 60.0  # seconds after a trial, at least, that a slow step begins another, and that any does


class Pace:
    """Takes the steps of a training with as many threads as are faster: `threads` (all of torch's), or one.

    `clock` returns seconds, and `use` sets the number of threads.
    """

    def __init__(self, threads: int | None = None, clock=time.monotonic, use=torch.set_num_threads):
        self.threads, self.clock, self.use = threads or torch.get_num_threads(), clock, use
        self.alone = self.told = False  # whether there is one thread, and whether that was said
        self.best = {False: float("inf"), True: float("inf")}  # seconds of a step, by `alone`
        self.recent: list = []  # seconds of the latest steps with as many threads as now
        self.steps, self.tried_at, self.wait = 0, clock(), SOON
        self.rival: float | None = None  # while one tries: seconds of a step with the other number

    def __call__(self, step, *given):
        """Return step(*given), timed."""
        begun = self.clock()
        out = step(*given)
        if self.threads > 1:
            self.took(self.clock() - begun)
        return out

    def took(self, seconds: float):
        """Count a step that took `seconds`; the next one may have another number of threads."""
        self.steps += 1
        self.recent = [*self.recent[1 - TRIED :], seconds]
        if self.steps < FIRST:  # in which kernels are compiled and memory is asked for
            return
        self.best[self.alone] = min(self.best[self.alone], seconds)
        since = self.clock() - self.tried_at
        if self.rival is not None:
            if seconds > SLOW * self.rival or len(self.recent) == TRIED:
                self.decide(self.rival, min(self.recent))
        elif self.steps == FIRST or since > EVERY or (since > self.wait and self.slow()):
            self.rival = min(self.recent)
            self.change()

    def slow(self) -> bool:
        return min(self.recent) > SLOW * self.best[self.alone]

    def change(self):
        """Go on with the other number of threads."""
        self.alone, self.recent = not self.alone, []
        self.use(1 if self.alone else self.threads)

    def decide(self, before: float, now: float):
        """End a trial, whose best step took `now` seconds, and those `before` it with the other number of threads."""
        self.rival, self.tried_at = None, self.clock()
        if now > before:
            self.change()
            self.wait = min(2 * self.wait, EVERY)
            return
        self.wait = SOON
        if self.alone and not self.told:
            self.told = True
            say(f"one thread is faster than {self.threads}, as beside other programs; it trains with one for now")
