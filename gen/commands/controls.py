"""Measure the curves of a recording, to edit and play."""

from gen.commands import Argument

GROUP = "Takes"
ARGUMENT = Argument("the recording to measure", "humming.wav")
PATHS = ("out",)
HELP = """gen controls FILE [key=value ...]

Measure the curves of a recording, a row in each hundredth of a second, and write them as a table to edit and to play:
seconds, f0 in Hz (empty where there is no pitch), the probability that there is one, loudness in dB.

  gen controls humming.wav
  gen controls humming.wav out=mine.csv && gen sample runs/violin curves=mine.csv
"""


def run(path, control: str, out: str, rate: int):
    from gen.base import streams
    from gen.sampling import play
    from gen.sound import audio, curves

    families = curves.parse(control)
    if rate not in audio.RATES:
        raise ValueError(f"rate={rate}: this is {audio.RATES[0]} to {audio.RATES[-1]} Hz; that of the model is best")
    play.write(out, play.controls(audio.read(path, rate), rate, families))
    streams.show(out)
