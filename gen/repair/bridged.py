"""From the end of one recording to the beginning of another: what `gen bridge` makes, and `gen again` of it.

The bridge is filled as a gap between the two would be. Its ends are cross-faded inside it, so that all samples of both
recordings stay as they are. Of another rate or channel count than the first, the second is converted.
"""

import itertools
from pathlib import Path
from typing import NamedTuple

import numpy as np

from gen.base.terminal import unseen
from gen.repair import address, mend
from gen.repair.continuation import FADE, HEARD
from gen.repair.gaps import Gap
from gen.repair.modelled import LONGEST, Modelled
from gen.repair.version import Version
from gen.sampling.address import digest
from gen.sampling.trained import Trained
from gen.sound import audio, depths, hearing

LEAST = 2 * FADE  # seconds of a recording, and of a bridge, which has a cross-fade at each end


class Between(NamedTuple):
    """The sides of a bridge, waves (n, channels) at `rate` Hz, as those of a gap in a `gen.repair.mend.Recording`."""

    rate: int
    before: np.ndarray
    after: np.ndarray

    def sides(self, gap: Gap, other_gaps, reach: int) -> tuple:
        """Return what is before and after the bridge, `reach` samples at most."""
        return self.before[max(0, len(self.before) - reach) :], self.after[:reach]


def versions(
    recording, to, run, seconds: float, label: str | None, seed: int, temperature: float,
    streams, back=None, say=lambda text: None, track=unseen,
):  # fmt: skip
    """Yield the Version of each of `streams` of a bridge of `seconds` from the `recording` `to` another, both paths.

    `run` is the path of the model that makes it, `back` of one of reversed time, if there is one. Raises ValueError.
    """
    if not LEAST <= seconds <= LONGEST:
        raise ValueError(f"seconds={seconds}: a bridge has {LEAST:g} to {LONGEST:.0f} s")
    hashes = digest(recording), digest(to)
    first, second = mend.Recording(recording), mend.Recording(to)
    trained = Trained(run)
    rate, size = first.rate, round(seconds * first.rate)
    reach = round((HEARD + 1) * rate)
    before = first.wave(first.frames - reach, first.frames)
    between = Between(rate, before, beginning(converted(second, first, say), reach))
    check(recording, "ends", between.before, rate)
    check(to, "begins", between.after, rate)
    model = Modelled(trained, run, recording, label, seed, temperature, say)
    model.track = track
    named = {address.BRIDGE: (recording, hashes[0]), "to": (to, hashes[1]), "model": (run, trained.sha256)}
    if back:
        facing = Trained(back)
        model.face(facing, back, to)
        named["back"] = back, facing.sha256
    settings = {"seconds": seconds, "label": label, "seed": seed, "temperature": temperature}
    gap = Gap(first.frames, first.frames + size)
    for stream in streams:
        model.stream, model.bits = stream, []
        wave, how = model(between, gap, [gap])
        told = f"from {Path(recording).name} to {Path(to).name}: {seconds:g} s {how}"
        comment = address.written(recording, named, {**settings, "stream": stream})
        bridge = depths.as_stored(wave, first.subtype)
        yield Version(comment, [told], model.bits, lambda *how, bridge=bridge: write(first, bridge, second, *how))


def check(path, where: str, side, rate: int):
    """Raise ValueError unless a side (n, channels), at which a recording begins or ends, is one to go on from."""
    if len(side) < LEAST * rate:
        raise ValueError(f"{path}: is {1000 * len(side) / rate:.0f} ms long; give {1000 * LEAST:.0f} ms or more")
    if np.abs(side - side.mean(0)).max() < 10 ** (hearing.QUIET / 20):
        raise ValueError(f"{path}: {where} in {len(side) / rate:.1f} s of silence, which leads nowhere; trim it")


def beginning(blocks, size: int):
    """Return the wave (n, channels) of the first `size` samples of blocks (n, channels) of a wave."""
    kept: list = []
    while sum(map(len, kept)) < size and (block := next(blocks, None)) is not None:
        kept.append(block)
    return np.concatenate(kept)[:size] if kept else np.zeros((0, 1))


def converted(recording, like, say=lambda text: None):
    """Return an iterator over the waves (n, channels) of a recording at the rate and channel count of the one `like`.

    `say` is told of what is changed. Raises ValueError.
    """
    rate, channels = recording.rate, recording.channels
    if channels != like.channels:
        if 1 not in (channels, like.channels):
            raise ValueError(
                f"{recording.path}: has {channels} channels, and {like.path} {like.channels}; convert one of them"
            )
        say(f"{recording.path}: is {'copied to' if channels == 1 else 'mixed to'} {like.channels} channel(s)")
    if rate != like.rate:
        say(f"{recording.path}: is resampled from its own {rate} Hz to {like.rate} Hz")
    waves = (recording.wave(at, at + audio.BLOCK) for at in range(0, recording.frames, audio.BLOCK))
    if channels != like.channels:
        waves = (np.repeat(wave.mean(1, keepdims=True), like.channels, 1) for wave in waves)
    return waves if rate == like.rate else audio.resampled_blocks(waves, rate, like.rate, like.channels)


def write(first, bridge, second, out, comment: str, new: bool):
    """Write the `first` Recording, a bridge as it is stored and the `second`; see `gen.sound.audio.rewrite`.

    Where both are stored alike all samples are copied.
    """
    if (first.rate, first.channels, first.subtype) == (second.rate, second.channels, second.subtype):
        places = range(0, second.frames, audio.BLOCK)
        rest = (audio.stored(second.path, at, at + audio.BLOCK) for at in places)
    else:
        rest = (depths.as_stored(wave, first.subtype) for wave in converted(second, first))
    end = first.frames
    parts = ((end, end, samples) for samples in itertools.chain([bridge], rest))
    return audio.rewrite(first.path, out, parts, comment, new)
