"""Features of recordings as one HTML page that needs nothing else: pictures, curves, a player, on one time axis."""

import base64
import contextlib
from pathlib import Path
from typing import NamedTuple

import numpy as np

from gen.base import files
from gen.base.terminal import unseen
from gen.corpus.names import find_audio
from gen.pages import chart, lanes, pictures
from gen.pages.listening import Album, described
from gen.pages.template import render
from gen.sound import audio

MARK = '<meta name="generator" content="gen features">'  # as features.html has it
FILES, MINUTES = 24, 20  # on a page at most
POINTS = 900  # of an outline and of a curve
GAP = 2  # frames without a value over which a curve goes on


class Sound(NamedTuple):
    """A recording to draw: a wave (T,) at `rate` Hz, and its file's name."""

    title: str
    wave: np.ndarray
    rate: int


class Lane(NamedTuple):
    """What the template draws of a Picture or a Curve: a PNG, or paths (kind, path); and what stands beside it."""

    name: str
    png: str
    paths: list
    marks: list  # (text, percent of the height)


class Shown(NamedTuple):
    """A sound on the page; see `gen.pages.listening.Player`."""

    number: int
    title: str
    seconds: float
    said: str
    outline: str
    points: int
    lanes: list
    ticks: list  # (text, percent of the width)


def check(path, page, png):
    """Raise ValueError unless the recordings in `path` fit on a page, and it and plots may be written."""
    if page:
        files.spare(page, MARK)
    if png:
        from gen.pages import plots  # noqa: F401  matplotlib may be missing
    folder, names = find_audio(path)
    if len(names) > FILES:
        raise ValueError(
            f"{path}: holds {len(names)} files, and page= and png= show {FILES} at most; give some of them"
        )
    minutes = 0.0
    for name in names:
        with contextlib.suppress(ValueError):  # of what can't be read, which measuring it will tell
            minutes += audio.frames(folder / name) / audio.native_rate(folder / name) / 60
    if minutes > MINUTES:
        raise ValueError(f"{path}: holds {minutes:.0f} minutes, and page= and png= show {MINUTES}; give some of them")


def write(path, names, rate: int, page, png, track=unseen) -> list:
    """Write the page and the plots, those that are asked for, of files called `names` in `path`; return their paths."""
    folder, _ = find_audio(path)
    sounds = [Sound(name, audio.read(folder / name, rate), rate) for name in names]
    drawn = [lanes.lanes(sound.wave, rate) for sound in track(sounds, "drawing", len(sounds))]
    written = []
    if page:
        files.write(page, html(sounds, drawn).encode(errors="replace"))
        written.append(Path(page))
    if png:
        from gen.pages import plots

        written += plots.write_features(sounds, drawn, png)
    return written


def html(sounds, drawn) -> str:
    """Return the page over Sounds, of each of which `drawn` has the lanes."""
    album = Album(sounds)
    shown = [show(sound, some, album) for sound, some in zip(sounds, drawn, strict=True)]
    title = f"What is in {sounds[0].title if len(sounds) == 1 else f'{len(sounds)} recordings'}"
    return render("features.html", title=title, shown=shown, data={"sounds": album.sounds})


def show(sound, drawn, album) -> Shown:
    """Return what is Shown of a Sound and its lanes."""
    seconds = len(sound.wave) / sound.rate
    x = chart.Axis(0, seconds, [(at, f"{at:g} s") for at in chart.ticks(0, seconds)])
    return Shown(
        album.number(sound, sound.title),
        sound.title,
        seconds,
        described(sound),
        pictures.outline(sound.wave, POINTS, album.peak),
        POINTS,
        [picture(lane) if isinstance(lane, lanes.Picture) else curve(lane, x) for lane in drawn],
        x.labels(x.ticks),
    )


def picture(lane) -> Lane:
    """Return a Picture as a Lane."""
    png = base64.b64encode(pictures.png(lane.ink * pictures.RANGE, pictures.RANGE)).decode()
    return Lane(lane.name, png, [], [(text, 100 * share) for text, share in lane.marks])


def curve(lane, x) -> Lane:
    """Return a Curve as a Lane; it has a gap where values are missing."""
    low, high = lanes.scale(lane)
    y = chart.Axis(low, high, [(value, f"{number(value)} {lane.unit}".strip()) for value in (low, high)])
    there = np.flatnonzero(~np.isnan(lane.values))
    step = -(-len(there) // POINTS) or 1
    paths = []
    for run in np.split(there, np.flatnonzero(np.diff(there) > GAP) + 1):
        if len(run):
            points = [(lane.times[at], lane.values[at]) for at in (*run[::step], run[-1])]
            paths.append(("bold", chart.path("bold", points, x, y)))
    if len(lane.dots):
        paths.append(("dots", chart.path("dots", [(at, low) for at in lane.dots], x, y)))
    return Lane(lane.name, "", paths, y.labels(y.ticks))


def number(value: float) -> str:
    """Return a number in about three digits."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
