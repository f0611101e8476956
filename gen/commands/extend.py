"""Make a take longer."""

import math

from gen.commands import Argument
from gen.commands.again import remake

GROUP = "Takes"
ARGUMENT = Argument("the take to extend", "takes/seed0-0.wav")
PATHS = ("run", "prime", "follow", "curves", "midi", "out")
HELP = """gen extend TAKE [key=value ...]

Make a take longer, in TAKE-extended beside it: the same file that gen sample would have written with more seconds.

  gen extend runs/piano/takes/seed0-2.wav seconds=20
"""


def run(
    path,
    seconds: float,
    out: str | None,
    run: str | None,
    prime: str | None,
    follow: str | None,
    curves: str | None,
    midi: str | None,
):
    from gen.base import streams

    if not 0 < seconds < math.inf:
        raise ValueError(f"seconds={seconds}: this is how much longer, a length over 0")
    remake(path, seconds, "extended", out, run=run, prime=prime, follow=follow, curves=curves, midi=midi)
    streams.show(f"it begins with the samples of {path}")
