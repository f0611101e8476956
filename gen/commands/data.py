"""Look through a folder of recordings: what is there, what to do."""

from gen.commands import Argument

GROUP = "Before training"
ARGUMENT = Argument("the folder to look through", "~/recordings", key="data.path")
PATHS = ("out", "data.path", "data.valid", "data.test")
HELP = """gen data FOLDER [key=value ...]

Look through FOLDER before training on it: formats, lengths, levels, clipping, silence, the bandwidth really used,
copies of one recording, files that can't be read and why. Then train the model for some seconds to measure how long
it will take here and what memory it needs, and see what trivial predictors reach in bits/sample. Each finding says
what to do. It is printed, and written to data.html with pictures and a line for each file. The keys of data, codec
and model are those of gen train; what is encoded here, gen train finds done.

  gen data ~/recordings
  gen data ~/words data.rate=8000 data.labels=folder out=words.html
  gen data ~/piano model=samplernn
"""


def run(
    data: dict,
    codec: dict,
    model: dict,
    out: str,
    lanes: int,
    window: int,
    learning_rate: float,
    optimizer: str,
):
    from gen.base import streams, terminal
    from gen.base.build import conform
    from gen.corpus.corpus import prepare
    from gen.pages import survey as page
    from gen.pages import template
    from gen.survey.findings import findings, tables
    from gen.survey.folder import survey
    from gen.training.trial import trial

    conform(data, prepare, "data", facts=("codec", "lanes", "track"))
    template.spare(out, page.MAKER)
    report = survey(data["path"], data["rate"], terminal.track)
    if report["files"] and not report["twins"]:  # else the findings say already what stands in the way
        try:
            report["trial"] = trial(data, codec, model, lanes, window, learning_rate, optimizer, terminal.track)
        except ValueError as error:
            report["refused"] = str(error)
    try:
        for columns, rows in tables(report):
            terminal.table(columns, rows)
        for finding in findings(report):
            streams.show(f"- {finding}")
    finally:  # after them, so that they are told where it can't be written; and it is written where nobody reads them
        page.write(out, report)
    streams.show(out)
