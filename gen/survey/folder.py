"""What is in a folder of recordings: formats, levels, silence, clipping, the bandwidth really used, copies, faults."""

from pathlib import Path

import numpy as np

from gen.base import files
from gen.base.streams import plain
from gen.base.terminal import unseen
from gen.corpus.names import find_audio
from gen.sound import audio
from gen.survey import duplicates
from gen.survey.recording import BIN, RATES, added, lost, measure


def survey(path, rate: int = 16000, track=unseen) -> dict:
    """Return what is in `path`, a folder or one file, as plain figures; `rate` is what training would resample it to.

    `files` has a dict for each that can be read, `faults` one for each that can't be; `pairs` are copies; `twins` are
    names that differ only in extension; `lost` is the share of the energy above half of each rate. Raises ValueError
    where there is nothing to read.
    """
    if rate < 1000:
        raise ValueError(f"data.rate={rate}: a rate is 1000 Hz or more")
    folder, names = find_audio(path)
    read, prints, faults, total, frames = [], [], [], np.zeros(1), 0
    for name in track(names, "reading the recordings", len(names)):
        try:
            content = files.sha256(folder / name)
            m = measure(folder / name)
        except (ValueError, OSError) as fault:
            why = getattr(fault, "strerror", None) or str(fault).removeprefix(f"{folder / name}: ")
            faults.append({"name": plain(name), "why": plain(why)})
            continue
        read.append({"name": plain(name), **m.figures})
        prints.append(duplicates.Print(name, content, m.samples, m.figures["seconds"], m.bands, m.loudest))
        total, frames = added(total, m.spectrum), frames + m.frames
    whole = sorted(zip(read, prints, strict=True), key=lambda both: both[0]["format"] not in audio.EXACT)
    pairs = duplicates.pairs(folder, [p for _, p in whole], track)  # an MP3 is the copy, not what it was made of
    copies = {pair.copy for pair in pairs}
    stems: dict[str, list] = {}
    for name in names:
        stems.setdefault(str(Path(name).with_suffix("")), []).append(plain(name))
    sounding = [f["seconds"] * (1 - f["silence"]) for f, p in zip(read, prints, strict=True) if p.name not in copies]
    return {
        "path": plain(path),
        "rate": rate,
        "files": read,
        "faults": faults,
        "pairs": [{**p._asdict(), "first": plain(p.first), "copy": plain(p.copy)} for p in pairs],
        "twins": [same for same in stems.values() if len(same) > 1],
        "seconds": sum(f["seconds"] for f in read),
        "usable_seconds": sum(sounding),
        "spectrum": [round(float(level), 1) for level in 10 * np.log10(total / max(1, frames) + 1e-20)],
        "bin_hz": BIN,
        "bandwidth": max((f["bandwidth"] for f in read), default=0.0),
        "lost": {r: lost(total, r) for r in sorted({*RATES, rate})},
    }
