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
plays, others listen. osc=9000 listens to Open Sound Control there: /temperature, /top_p, /guidance, /pitch (Hz, a note,
or nothing), /loudness, /label (one, or two and the share of the second), /seed, /freeze, /back, /keep, each for all
models, or /2/pitch for the second. midi=KEYS has them played from the MIDI input port with that in its name, without
the browser's help. out=speaker plays without a page, through this machine's own output.

  gen live runs/tones-tiered
  gen live runs/piano runs/speech seed=3
  gen live runs/words out=kept
  gen live runs/keys out=speaker osc=9000
  gen live runs/keys out=speaker midi=keystation
"""


def run(paths, host: str, port: int, seed: int, osc: int | None, midi: str | None, out: str | None):
    from gen.base import streams, terminal
    from gen.live.play import play
    from gen.sampling.settings import Settings

    Settings(seed=seed).check()
    for key, number in (("port", port), ("osc", osc or 0)):
        if not 0 <= number < 65536:
            raise ValueError(f"{key}={number}: a port is 1 to 65535, or 0 for any")
    play(paths, host, port, seed, osc, midi, out, terminal.say, streams.show)
