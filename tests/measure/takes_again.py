"""Are takes made again byte for byte, and made longer as if at once? Fifty random ones, twenty of them longer.

Run it as `python -m tests.measure.takes_again RUN [RUN ...]`: each take is of a random run, seed, stream and settings;
every third goes on from one before it. The takes lie in a temporary folder.
"""

import contextlib
import filecmp
import io
import random
import sys
import tempfile
from pathlib import Path

import gen
from gen.__main__ import main as command

TAKES, LONGER = 50, 20


def run(*words) -> list:
    """Run a command as if it were typed; return what it printed, line by line."""
    sys.argv = ["gen", *map(str, words)]
    told = io.StringIO()
    with contextlib.redirect_stdout(told):
        command()
    return told.getvalue().splitlines()


def main(runs):
    """Print how many takes came out the same."""
    chance, same, longer, primes = random.Random(0), 0, 0, []
    classes = {path: gen.load(path).classes for path in runs}
    with tempfile.TemporaryDirectory() as folder:
        for number in range(TAKES):
            path, form = chance.choice(runs), chance.choice(["wav", "flac"])
            words = [path, f"seed={chance.randrange(2**32)}", f"stream={chance.randrange(100)}"]
            words += [f"temperature={chance.choice([0.7, 0.9, 1.0, 1.1])}", f"top_p={chance.choice([0.9, 0.99, 1.0])}"]
            words += [f"weights={chance.choice(['bfloat16', 'float32'])}"]
            words += [f"label={chance.choice(classes[path])}"] if classes[path] and number % 2 else []
            words += [f"prime={chance.choice(primes)}"] if primes and number % 3 == 0 else []
            seconds = chance.randrange(100, 3000) / 1000
            take, again = Path(folder, f"{number}.{form}"), Path(folder, f"{number}-again.{form}")
            run("sample", *words, f"seconds={seconds}", f"out={take}")
            run("again", take)
            same += filecmp.cmp(take, again, shallow=False)
            if number < LONGER:
                whole, extended = (Path(folder, f"{number}-{how}.{form}") for how in ("whole", "extended"))
                run("sample", *words, f"seconds={seconds + 1.5}", f"out={whole}")
                run("extend", take, "seconds=1.5")
                longer += filecmp.cmp(whole, extended, shallow=False)
            primes.append(take)
    print(f"made again: the same bytes for {same} of {TAKES}; made longer: for {longer} of {LONGER}")


if __name__ == "__main__":
    main(sys.argv[1:])
