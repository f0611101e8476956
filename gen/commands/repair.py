"""Fill the gaps of a recording, and leave all else as it is."""

from gen.commands import Argument

GROUP = "Your recordings"
ARGUMENT = Argument("the recording to mend", "~/recordings/one.wav")
PATHS = ("gap", "out")
HELP = """gen repair FILE gap=FROM:TO [key=value ...]

Fill gaps of a recording (WAV, FLAC or AIFF of any rate, depth and channels) into FILE-repaired beside it, where every
sample outside the gaps is the same, bit for bit. gap= are seconds, several in quotes ('gap=1.2:1.25 3:3.004'), or a
file of labels that Audacity exported. method=ar goes by linear prediction, which fills up to 50 ms as well as anything
known; method=cut leaves a gap out and joins its sides.

  gen repair one.wav gap=1.20:1.25
  gen repair one.wav gap=labels.txt method=cut out=shorter.wav
"""


def run(path, gap: str, method: str, out: str | None):
    from gen.base import streams, terminal
    from gen.repair import address, gaps, mend
    from gen.sampling.address import digest

    there, new = address.place(path, out)
    sha256 = digest(path)
    recording = mend.Recording(path)
    found = gaps.read(gap, path, recording.rate, recording.frames)
    fillers = mend.chosen(method, recording.rate)
    done = mend.mend(recording, found, fillers, terminal.track)
    written = mend.write(recording, there, address.written(path, sha256, {"gap": gap, "method": method}), new)
    for filled, samples, how in done:
        terminal.say(mend.told(filled, len(samples), how, recording.rate))
    streams.show(written)
