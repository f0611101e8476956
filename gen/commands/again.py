"""Make a take again, from the address in the file."""

from pathlib import Path

from gen.commands import Argument
from gen.commands.sample import is_file, record

GROUP = "Takes"
ARGUMENT = Argument("the take to make again", "takes/seed0-0.wav")
PATHS = ("run", "prime", "follow", "curves", "midi", "back", "recording", "to", "labels", "out")
HELP = """gen again TAKE [key=value ...]

Make a take again from the address that gen sample wrote into it, or what gen repair, bridge or loop made, in TAKE-again
beside it, and say whether the samples are the same. run=, prime=, follow=, curves= and midi= say where its model and
the files that it went on from or followed are now, if they were moved; recording=, to=, labels= and back= where the
recording is that was mended, the one that a bridge leads to, the labels of gaps, and the model of reversed time.

  gen again runs/piano/takes/seed0-2.wav
  gen again one-repaired.wav recording=~/recordings/one.wav
"""


def run(
    path,
    out: str | None,
    run: str | None,
    prime: str | None,
    follow: str | None,
    curves: str | None,
    midi: str | None,
    back: str | None,
    recording: str | None,
    to: str | None,
    labels: str | None,
):
    from gen.base import streams, terminal
    from gen.repair import address
    from gen.repair.again import again

    taken = {"run": run, "prime": prime, "follow": follow, "curves": curves, "midi": midi}
    mended = {"run": run, "back": back, "recording": recording, "to": to, "labels": labels}
    is_mended = address.kind(path) is not None
    mine, others = (mended, taken) if is_mended else (taken, mended)
    for key in others:
        if others[key] and key not in mine:
            raise ValueError(f"{key}={others[key]}: {path} is {'no take' if is_mended else 'a take'}; leave {key}= out")
    if is_mended:
        streams.show(again(path, out, mended, terminal.say, terminal.track))
    else:
        remake(path, 0.0, "again", out, **taken)
    streams.show(f"the same bytes as {path}")


def remake(take, longer: float, how: str, out, **now):
    """Make a take again, `longer` seconds longer than it is; raise ValueError if it isn't the same.

    It is written to `out`: a file, or a folder, that of the take unless given, where it is called TAKE-`how`. `now`
    says where its model and recordings are, if they were moved.
    """
    from gen.base import terminal
    from gen.sampling import address
    from gen.sound import audio

    if out == "-":
        raise ValueError("out=-: a take is made again as a file, to be compared; give a name or a folder")
    new = out is None or not is_file(out)
    if new:
        path = Path(Path(take).parent if out is None else out) / f"{Path(take).stem}-{how}{Path(take).suffix}"
    else:
        path = Path(out)
        address.make_way_beside(take, path, terminal.say)
    rate, comment, blocks = address.blocks(take, longer, warn=terminal.say, track=terminal.track, **now)
    blocks = terminal.track_audio(blocks, audio.frames(take) / rate + longer, rate)
    (path,) = record(blocks, rate, [(path, comment)], new)
    address.compare(take, path)
