"""Judge how far takes are from recordings, by what one hears."""

from gen.commands import Argument

GROUP = "How good"
ARGUMENT = Argument("the run to judge", "runs/tones-tiered", many=True)
PATHS = ("data.path", "data.valid", "data.test")
HELP = """gen judge RUN [RUN ...] [key=value ...]

Make takes with the model in each RUN and tell how far they are from recordings that were held out from its training, on
a scale where 0 is a second set of recordings and 1 is noise of their colour; which labels they are heard as; whether
they are hoarse, off pitch, dull, too loud; whether they are learned by heart; and how many of them break out into
noise, a loop, silence, or what is louder than any recording. Each figure has an interval of 95 %, and stands beside
that of the recordings. It prints a table and a sentence, and writes RUN/judge.json, which gen report shows. A folder of
audio is judged in the same way, whatever made it: by the recordings of the first RUN, or of data.path.

Tune by part=valid, and open part=test once.

  gen judge runs/words
  gen judge runs/words-* part=valid temperature=0.9
  gen judge runs/words others/words labels=folder
  gen judge others/piano data.path=~/piano data.rate=16000 data.test=0.1
"""

KINDS = (  # of the keys in data
    ("path", str | None),
    ("rate", int | None),
    ("labels", str | None),
    ("valid", float | str | None),
    ("test", float | str | None),
)


def run(
    paths,
    data: dict,
    folder: dict,
    classifiers: dict,
    part: str,
    count: int,
    seconds: float | None,
    long: float,
    seed: int,
    temperature: float,
    top_p: float,
    guidance: float,
    guard: bool,
    labels: str | None,
):
    from gen.base import streams, terminal
    from gen.base.build import check
    from gen.judging import takes, verdict
    from gen.judging.protocol import Protocol
    from gen.judging.runs import judged

    for key, kind in KINDS:
        check(f"data.{key}", data[key], kind)
    protocol = Protocol(part, count, seconds, long, seed)
    protocol.check()
    recordings = takes.recordings_of(paths, data, folder)
    settings = {"seed": seed, "temperature": temperature, "top_p": top_p, "guidance": guidance, "guard": guard}
    groups: dict[str, dict] = {}
    try:
        found = judged(paths, recordings, classifiers, protocol, settings, labels, terminal.say, terminal.track)
        for path, (key, result) in zip(paths, found, strict=True):
            groups.setdefault(key, {})[path] = result
    finally:  # nothing is lost where one can't be judged
        for done in groups.values():
            terminal.table(*verdict.table(done))
            for path, result in done.items():
                streams.show(f"{path}: {result['sentence']}")
