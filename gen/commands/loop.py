"""Find the best loops in a recording, as files that samplers loop."""

from gen.commands import Argument

GROUP = "Your recordings"
ARGUMENT = Argument("the recording to find loops in", "~/recordings/one.wav")
PATHS = ("run", "out")
HELP = """gen loop FILE run=RUN [key=value ...]

Find the best loop of about so many seconds in a recording: two moments around which the spectrum is alike, and at which
the model in RUN, of sounds like these, expects the same to follow. It is written as FILE-loop.wav at the recording's
own rate, depth and channels; its last 50 ms are cross-faded into what leads to its first sample, all else is as it was
recorded, and its smpl chunk tells samplers to loop it. FILE-loop.html plays it, again and again without a gap.
count=4 writes the four best ones. gen again of such a file makes it again.

  gen loop one.wav run=runs/piano
  gen loop one.wav run=runs/piano seconds=0.5 count=4 out=loops
"""


def run(path, run: str, seconds: float, label: str | None, count: int, out: str | None):
    from gen.base import streams, terminal
    from gen.pages import loops
    from gen.repair import address, looped, version
    from gen.sampling.settings import Settings

    Settings(count=count).check()
    there, new = address.place(path, out, "loop", ".wav")
    loops.spare(there)
    made = looped.versions(path, run, seconds, label, range(count), terminal.say, terminal.track)
    paths = version.keep(made, there, new, count, terminal.say, streams.show)
    streams.show(loops.write(there, path, paths))
