"""Fill the gaps of a recording, and leave all else as it is."""

from gen.commands import Argument

GROUP = "Your recordings"
ARGUMENT = Argument("the recording to mend", "~/recordings/one.wav")
PATHS = ("gap", "run", "out")
HELP = """gen repair FILE gap=FROM:TO [key=value ...]

Fill gaps of a recording (WAV, FLAC or AIFF of any rate, depth and channels) into FILE-repaired beside it, where every
sample outside the gaps is the same, bit for bit. gap= are seconds, several in quotes ('gap=1.2:1.25 3:3.004'), a file
of labels that Audacity exported, or auto: dropouts, peaks that were cut off, and with run= clicks that its model hears.
method=ar goes by linear prediction, which fills up to 50 ms as well as anything known; method=model by the model in
run=, of sounds like these, which tries 64 continuations; method=auto takes what suits a gap's length; method=cut leaves
a gap out and joins its sides. The same command makes the same bytes; count=4 makes four versions to choose from.

  gen repair one.wav gap=1.20:1.25
  gen repair one.wav gap=auto run=runs/speech
  gen repair one.wav gap=1.2:1.4 run=runs/speech count=4
  gen repair one.wav gap=labels.txt method=cut out=shorter.wav
"""


def run(
    path,
    gap: str,
    method: str,
    run: str | None,
    label: str | None,
    count: int,
    seed: int,
    temperature: float,
    out: str | None,
):
    from gen.base import streams, terminal
    from gen.repair import address, found, gaps, mend
    from gen.repair.modelled import Modelled
    from gen.sampling.address import digest
    from gen.sampling.settings import Settings
    from gen.sampling.trained import Trained

    Settings(count=count, seed=seed, temperature=temperature).check()
    there, new = address.place(path, out)
    sha256 = digest(path)
    recording = mend.Recording(path)
    trained = Trained(run) if run else None
    model = Modelled(trained, run, path, label, seed, temperature, terminal.say) if trained else None
    fillers = mend.chosen(method, recording.rate, model)
    if gap == "auto":
        there_are = found.find(path, trained, run, label, terminal.track)
        where, fillers = found.mendable(recording, there_are, fillers, terminal.say)
    else:
        where = gaps.read(gap, path, recording.rate, recording.frames)
    settings = {"gap": gap, "method": method, "seed": seed, "temperature": temperature, "label": label}
    for stream in range(count):
        recording.patches = []
        if model:
            model.stream = stream
        done = mend.mend(recording, where, fillers, terminal.track)
        told = {**settings, "stream": stream}
        comment = address.written(path, sha256, told, (run, trained.sha256) if trained else None)
        name = there if count == 1 else there.with_stem(f"{there.stem}-{stream}")
        written = mend.write(recording, name, comment, new)
        for patch in done:
            terminal.say(mend.told(patch, recording.rate))
        streams.show(written)
