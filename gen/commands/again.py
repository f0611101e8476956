"""Make a take again, from the address in the file."""

from pathlib import Path

from gen.commands import Argument
from gen.commands.sample import record

GROUP = "Takes"
ARGUMENT = Argument("the take to make again", "takes/seed0-0.wav")
PATHS = ("run", "prime", "out")
HELP = """gen again TAKE [key=value ...]

Make a take again from the address that gen sample wrote into it, in TAKE-again beside it, and say whether the samples
are the same. run= and prime= say where its model and the recording it went on from are now, if they were moved.

  gen again runs/piano/takes/seed0-2.wav
"""


def run(path, out: str | None, run: str | None, prime: str | None):
    remake(path, 0.0, "again", out, run, prime)
    print(f"the same bytes as {path}")


def remake(take, longer: float, how: str, out, run, prime):
    """Make a take again, `longer` seconds longer than it is; raise ValueError if it isn't the same."""
    from gen.base import terminal
    from gen.sampling import address
    from gen.sound import audio

    if out is not None:
        address.make_way_beside(take, out, terminal.say)
    rate, comment, blocks = address.blocks(take, longer, run, prime, terminal.say)
    blocks = terminal.track_audio(blocks, audio.frames(take) / rate + longer, rate)
    path = out or Path(take).with_stem(f"{Path(take).stem}-{how}")
    (path,) = record(blocks, [audio.Take(path, rate, comment)], out is None)
    address.compare(take, path)
