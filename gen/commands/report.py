"""Write a page to listen to: takes, spectrograms, real clips, a blind test."""

from gen.commands import Argument

GROUP = "How good"
ARGUMENT = Argument("the run to show", "runs/tones-tiered", many=True)
PATHS = ("out", "png", "data.path")
HELP = """gen report RUN [RUN ...] [key=value ...]

Write one HTML file to listen to, on any computer or phone and without a network: how each RUN learned beside trivial
predictors; new takes at several temperatures and the previews of its training, each with a player, a spectrogram, the
command that makes it, and the excerpt of the training recordings that is nearest to it, so that memorising shows; real
recordings held out from training; and a blind test of real against generated, or of one run against another. png= is a
folder for the plots as files, for papers. A folder of audio without a model is a page over those files.

  gen report runs/words
  gen report runs/words-tiered runs/words-gru seconds=5 count=2 'temperatures=[0.7,1.0]' out=both.html
  gen report runs/words png=figures
  gen report samples out=samples/index.html
"""

MOST = 3600  # seconds of new takes on a page


def run(
    paths,
    data: dict,
    seconds: float | None,
    count: int,
    temperatures: list[float],
    seed: int,
    out: str | None,
    png: str | None,
):
    from gen.base import streams, terminal
    from gen.base.build import check
    from gen.pages.report import LARGE, report

    check("data.path", data["path"], str | None)
    check("temperatures", temperatures, list[float])
    if (seconds or 1) * count * len(temperatures) * len(paths) > MOST:
        raise ValueError(f"seconds={seconds}, count={count}: a page has room for {MOST / 60:.0f} minutes of new takes")
    written = report(paths, seconds, count, temperatures, seed, out, png, data["path"], terminal.track)
    for path in written:
        streams.show(path)
    if (size := written[0].stat().st_size) > LARGE:
        terminal.say(
            f"{written[0]}: has {size / 1e6:.0f} MB, over 15: lower seconds=, count= or fewer runs suit a phone"
        )
