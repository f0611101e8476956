"""Fill the gaps of a recording, and leave all else as it is."""

from gen.commands import Argument

GROUP = "Your recordings"
ARGUMENT = Argument("the recording to mend", "~/recordings/one.wav")
PATHS = ("gap", "run", "out")
HELP = """gen repair FILE gap=FROM:TO [key=value ...]

Fill gaps of a recording (WAV, FLAC or AIFF of any rate, depth and channels) into FILE-repaired beside it, where every
sample outside the gaps is the same, bit for bit. gap= are seconds, several in quotes ('gap=1.2:1.25 3:3.004'), a file
of labels that Audacity exported, or auto: dropouts, peaks that were cut off, and with run= clicks that its model hears.
method=ar goes by linear prediction, which fills up to 50 ms as well as anything
known; method=cut leaves a gap out and joins its sides.

  gen repair one.wav gap=1.20:1.25
  gen repair one.wav gap=auto run=runs/speech
  gen repair one.wav gap=labels.txt method=cut out=shorter.wav
"""


def run(path, gap: str, method: str, run: str | None, label: str | None, out: str | None):
    from gen.base import streams, terminal
    from gen.repair import address, found, gaps, mend
    from gen.sampling.address import digest
    from gen.sampling.trained import Trained

    there, new = address.place(path, out)
    sha256 = digest(path)
    recording = mend.Recording(path)
    fillers = mend.chosen(method, recording.rate)
    trained = Trained(run) if run else None
    if gap == "auto":
        there_are = found.find(path, trained, run, label, terminal.track)
        where, fillers = found.mendable(recording, there_are, fillers, terminal.say)
    else:
        where = gaps.read(gap, path, recording.rate, recording.frames)
    done = mend.mend(recording, where, fillers, terminal.track)
    model = (run, trained.sha256) if trained else None
    comment = address.written(path, sha256, {"gap": gap, "method": method}, model)
    written = mend.write(recording, there, comment, new)
    for filled, samples, how in done:
        terminal.say(mend.told(filled, len(samples), how, recording.rate))
    streams.show(written)
