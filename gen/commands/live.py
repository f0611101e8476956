"""Play trained models while they sound."""

from gen.commands import Argument

GROUP = "Takes"
ARGUMENT = Argument("the run to play", "runs/tones-tiered", many=True)
PATHS = ("out",)
HELP = """gen live RUN [RUN ...] [key=value ...]

Play the models in RUN on a page in the browser, which is steered while it sounds: temperature and top_p, the label or a
mix of two, pitch and loudness, where a model has them, by mouse, keyboard or MIDI. Several models have a fader each.
Freeze loops the last seconds; back goes to any of the last 30 and on from there with another chance; keep writes them
as a take, which gen again makes again, byte for byte, and gen extend goes on with.

The page is for this machine alone, at the address that is printed, unless host= says otherwise. Who opens it first
plays, others listen.

  gen live runs/tones-tiered
  gen live runs/piano runs/speech seed=3
  gen live runs/words out=kept
"""


def run(paths, host: str, port: int, seed: int, out: str | None):
    from gen.base import streams, terminal
    from gen.live.play import play
    from gen.sampling.settings import Settings

    Settings(seed=seed).check()
    if not 0 <= port < 65536:
        raise ValueError(f"port={port}: a port is 1 to 65535, or 0 for any")
    play(paths, host, port, seed, out, terminal.say, streams.show)
