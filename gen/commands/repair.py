"""Fill the gaps of a recording, and leave all else as it is."""

from typing import Any

from gen.commands import Argument

GROUP = "Your recordings"
ARGUMENT = Argument("the recording to mend", "~/recordings/one.wav")
PATHS = ("gap", "run", "back", "out")
HELP = """gen repair FILE gap=FROM:TO [key=value ...]

Fill gaps of a recording (WAV, FLAC or AIFF of any rate, depth and channels) into FILE-repaired beside it, where every
sample outside the gaps is the same, bit for bit. gap= are seconds, several in quotes ('gap=1.2:1.25 3:3.004'), a file
of labels that Audacity exported, or auto: dropouts, peaks that were cut off, and with run= clicks that its model hears.
method=ar goes by linear prediction, which fills up to 50 ms as well as anything known; method=model by the model in
run=, of sounds like these, which tries 64 continuations; method=auto takes what suits a gap's length; method=cut leaves
a gap out and joins its sides. count=4 makes four versions to choose from, and says which is the likeliest. The same
command makes the same bytes, and so does gen again of what it wrote. With back=, a run that gen train made with
reverse=on, long gaps are filled from both sides, and joined where the two are most alike.

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
    back: str | None,
    label: str | None,
    count: int,
    seed: int,
    temperature: float,
    out: str | None,
):
    from gen.base import streams, terminal
    from gen.repair import address, repaired, version
    from gen.sampling.settings import Settings

    Settings(count=count, seed=seed, temperature=temperature).check()
    there, new = address.place(path, out, "repaired")
    settings: Any = {"gap": gap, "method": method, "label": label, "seed": seed, "temperature": temperature}
    told: Any = {"say": terminal.say, "track": terminal.track}
    made = repaired.versions(path, **settings, streams=range(count), run=run, back=back, **told)
    version.keep(made, there, new, count, terminal.say, streams.show)
