"""A process asked to stop: what it was asked by, so that it can end its work in order."""

import contextlib
import signal


class Interrupted(Exception):
    """A training was asked to stop by a signal, and has saved; `number` is the signal's."""

    def __init__(self, number: int, run):
        super().__init__(number, run)  # as another process makes it again
        self.number, self.run = number, run

    def __str__(self):
        return f"stopped and saved in {self.run}; to go on, run the same command again"


class Caught:
    """The `number` of the SIGINT or SIGTERM that arrived, or 0."""

    number = 0


@contextlib.contextmanager
def catch_signals():
    """Yield a Caught, whose number tells of a signal; a second one acts at once."""
    caught = Caught()

    def note(number, _):
        caught.number = number
        signal.signal(number, before[number])

    before = {n: signal.signal(n, note) for n in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield caught
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
