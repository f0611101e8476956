"""Takes that collapse without the guard and with it, at what cost: `python -m tests.measure.guard_measured RUN ...`"""

import sys
import time

import gen
from gen.sampling.guard import Guard

TAKES, SECONDS = 200, 10.0


def collapsed(trained, waves) -> list:
    """Return for each take what its seconds collapsed to, as the guard hears it."""
    guard = Guard.of(trained.codec, trained.rate, trained.header["trained"], primed=False)
    seconds = range(int(SECONDS))
    parts = [[wave[i * trained.rate : (i + 1) * trained.rate] for i in seconds] for wave in waves]
    return [{guard.fault(trained.codec.encode(part), i) for i, part in enumerate(p)} - {None} for p in parts]


def main(runs):
    """Print a line for each run, without the guard and with it."""
    for run in runs:
        trained = gen.load(run)
        trained.sample(seconds=0.1)  # the engine is made
        for guard in (False, True):
            said, began = [], time.perf_counter()
            waves = trained.sample(seconds=SECONDS, count=TAKES, seed=0, guard=guard, warn=said.append)
            spent = time.perf_counter() - began
            found = collapsed(trained, waves)
            kinds = {kind: sum(kind in f for f in found) for kind in set().union(*found)}
            told = f"{sum(map(bool, found))} of {TAKES} takes collapsed {kinds or ''}"
            print(f"{run} guard={'on' if guard else 'off'}: {told}; {spent:.1f} s {' '.join(said)}")


if __name__ == "__main__":
    main(sys.argv[1:])
