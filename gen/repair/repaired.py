"""A recording whose gaps are filled, in versions: what `gen repair` makes, and `gen again` of it."""

from gen.base.terminal import unseen
from gen.repair import address, found, gaps, mend
from gen.repair.modelled import Modelled
from gen.repair.version import Version
from gen.sampling.address import digest
from gen.sampling.trained import Trained


def versions(
    recording, gap: str, method: str, label: str | None, seed: int, temperature: float,
    streams, run=None, back=None, labels=None, say=lambda text: None, track=unseen,
):  # fmt: skip
    """Yield the Version of each of `streams` of a `recording`, a path, whose gaps are filled.

    `gap` is as `gen.repair.gaps.read` has it, or AUTO, what is found; `labels` is where the file of labels is that it
    names. `run` is the path of a model, where there is one, and `back` of one of reversed time. Raises ValueError.
    """
    path, named = recording, {address.REPAIR: (recording, digest(recording))}
    if labels or not (gap == gaps.AUTO or gaps.are_stretches(gap)):
        labels = labels or gap
    kept = mend.Recording(path)
    trained = Trained(run) if run else None
    model = Modelled(trained, run, path, label, seed, temperature, say) if trained else None
    if back and not model:
        raise ValueError(f"back={back}: leads from the other side to what run= makes; give run= too")
    facing = Trained(back) if back else None
    if facing and model:
        model.face(facing, back, path)
    fillers = mend.chosen(method, kept.rate, model)
    if gap == gaps.AUTO:
        there_are = found.find(path, trained, run, label, track)
        where, fillers = found.mendable(kept, there_are, fillers, say)
    else:
        where = gaps.read(labels or gap, path, kept.rate, kept.frames)
    named |= {"labels": (labels, digest(labels))} if labels else {}
    named |= {key: (at, it.sha256) for key, at, it in (("model", run, trained), ("back", back, facing)) if it}
    settings = {"gap": gap, "method": method, "seed": seed, "temperature": temperature, "label": label}
    if model and len(where) == 1:
        model.track, track = track, unseen  # of one gap, its parts are shown
    for stream in streams:
        kept.patches = []
        if model:
            model.stream, model.bits = stream, []
        lines = [mend.told(patch, kept.rate) for patch in mend.mend(kept, where, fillers, track)]
        comment = address.written(path, named, {**settings, "stream": stream})
        yield Version(comment, lines, model.bits if model else [], lambda *how: mend.write(kept, *how))
