"""The best loops of a recording, their seams mended: what `gen loop` makes, and `gen again` of it.

The end of a loop is cross-faded into what leads to its beginning in the recording, so that there follows what followed
there. All else of it stays as it is, and it says in its `smpl` chunk that it is a loop.
"""

from pathlib import Path

import numpy as np

from gen.base.terminal import unseen
from gen.judging.surprise import class_of, scorer
from gen.repair import address, mend, seams
from gen.repair.version import Version
from gen.sampling.address import digest
from gen.sampling.trained import Trained
from gen.sound import audio, depths, smpl

LENGTH = 0.2, 60.0  # seconds of a loop, the shortest and the longest
LONGEST = 1800.0  # seconds of a recording, which is held in memory


def versions(recording, run, seconds: float, label: str | None, streams, say=lambda text: None, track=unseen):
    """Yield the Version of each of `streams`: the best loop of about `seconds` in a `recording`, a path, and the next.

    `run` is the path of the model that judges them. Raises ValueError.
    """
    if not LENGTH[0] <= seconds <= LENGTH[1]:
        raise ValueError(f"seconds={seconds}: a loop has {LENGTH[0]:g} to {LENGTH[1]:.0f} s")
    sha256 = digest(recording)
    kept = mend.Recording(recording)
    check(kept, seconds)
    trained = Trained(run)
    engine = scorer(trained, run, say)
    blocks = track(audio.blocks(recording, trained.rate), "reading", -(-kept.frames // audio.BLOCK))
    wave = np.concatenate(list(blocks)).astype(np.float64)
    number = class_of(trained, engine, recording, label)
    found = seams.shortlist(wave, trained.rate, seconds, track)
    if len(found) <= max(streams):
        many = f"there are {len(found)} loops of {seconds:g} s in it" if found else "nothing in it sounds long enough"
        raise ValueError(f"{recording}: {many}; give another seconds=, or a lower count=")
    found = seams.judged(engine, trained.codec, number, wave, found, trained.rate)
    named = {address.LOOP: (recording, sha256), "model": (run, trained.sha256)}
    for stream in streams:
        begin, end = at_its_rate(kept, found[stream], trained.rate)
        comment = address.written(recording, named, {"seconds": seconds, "label": label, "stream": stream})
        yield Version(comment, [told(kept, begin, end, found[stream])], [], writer(kept, begin, end))


def check(recording, seconds: float):
    """Raise ValueError for a recording that is too short for a loop of so many seconds, or too long to be searched."""
    length, path = recording.frames / recording.rate, recording.path
    least = seams.least(seconds)
    if length < least:
        raise ValueError(
            f"{path}: is {length:.2f} s long, and a loop of {seconds:g} s wants {least:.2f}; give fewer seconds="
        )
    if length > LONGEST:
        raise ValueError(f"{path}: is {length / 60:.0f} min long; loops are sought in {LONGEST / 60:.0f}, cut it")


def at_its_rate(recording, seam, rate: int) -> tuple:
    """Return the samples of a recording at which a Seam found at `rate` begins and ends, in phase to the sample."""
    ratio = recording.rate / rate
    begin, end = round(seam.begin * ratio), round(seam.end * ratio)
    side, reach = round(seams.WINDOW * recording.rate / 2), int(np.ceil(ratio))
    if reach == 1:
        return begin, end
    sought, around = (
        recording.wave(at - side - more, at + side + more).mean(1) for at, more in ((begin, 0), (end, reach))
    )
    return begin, end - reach + seams.aligned(sought, around)


def told(recording, begin: int, end: int, seam) -> str:
    """Return the line that says where a loop is."""
    rate = recording.rate
    return (
        f"{begin / rate:.3f} to {end / rate:.3f} s of {Path(recording.path).name}, {(end - begin) / rate:.3f} s: "
        f"around its ends spectra differ by {seam.distance:.1f} dB, and what begins again costs the model "
        f"{seam.bits:+.2f} bits/sample beside where it was recorded"
    )


def writer(recording, begin: int, end: int):
    """Return the function that writes the loop of a Recording from sample `begin` on, before `end`; see `Version`."""
    size = round(seams.FADE * recording.rate)
    fade = (np.cos(np.pi / 2 * (np.arange(size) + 0.5) / size) ** 2)[:, None]
    seam = fade * recording.wave(end - size, end) + (1 - fade) * recording.wave(begin - size, begin)
    seam = depths.as_stored(seam, recording.subtype)
    parts = [(0, begin, seam[:0]), (end - size, recording.frames, seam)]

    def write(out, comment: str, new: bool):
        def mark(part):
            smpl.add(part, recording.rate, 0, end - begin - 1)

        return audio.rewrite(recording.path, out, parts, comment, new, form="WAV", finish=mark)

    return write
