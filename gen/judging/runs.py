"""Runs and folders of takes, judged one after the other, those of the same recordings by the same."""

import json

from gen.base.terminal import unseen
from gen.judging import takes as sources
from gen.judging.judge import judge, write
from gen.judging.protocol import Protocol
from gen.judging.reference import Reference
from gen.judging.verdict import sentence
from gen.run.folder import is_run
from gen.sampling.settings import Settings


def judged(paths, recordings: list, nodes: dict, protocol: Protocol, settings: dict, labels, say, track=unseen):
    """Yield for each path what it was judged by, as text, and the result, which is written beside it as `judge.json`.

    `recordings` says for each where its recordings are (see `takes.recordings_of`); `settings` are those of sampling,
    `labels` those of the files in a folder of takes. Raises ValueError.
    """
    Settings(seconds=protocol.long or 1.0, count=protocol.count, **settings).check()
    sources.check_room("count=, long=", protocol.count * protocol.long)
    folders = {
        path: sources.read(path, data["rate"], labels or data["labels"], labels is not None)
        for path, data in zip(paths, recordings, strict=True)
        if not is_run(path)
    }  # first: they take seconds, and the rest minutes
    references: dict[str, Reference] = {}
    for path, data in zip(paths, recordings, strict=True):
        key = json.dumps(data, sort_keys=True)
        if key not in references:
            references[key] = Reference(data, nodes, protocol, say, track)
            for note in references[key].notes:
                say(note)
        result = of_path(path, folders.get(path), references[key], protocol, settings, say, track)
        write(path, result)
        yield key, result


def of_path(path, read, reference, protocol: Protocol, settings: dict, say, track) -> dict:
    """Return what is judged of the takes that were `read` in a folder, or of a run, and how."""
    seconds = max(reference.seconds, protocol.long)
    made = read or sources.sampled(path, reference.rate, protocol.count, seconds, settings, track)
    if reference.names and made.labels is None:
        say(f"{path}: the names of the files tell no labels; labels= says how they do")
    numbers = None
    if made.labels is not None and reference.names:
        numbers = [sources.number(path, label, reference.names) for label in made.labels]
    figures = judge(reference, made.waves, numbers, protocol.seed, track)
    told = {"part": reference.part, "recordings": len(reference.real.waves), "seconds": reference.seconds}
    told |= {"rate": reference.rate, "long": protocol.long, "takes": len(made.waves)}
    how = None if read else settings
    return {"sentence": sentence(figures, len(made.waves)), **told, "sampled": how, "figures": figures}
