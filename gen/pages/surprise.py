"""The page of one recording: its spectrogram, to listen in, and under it how surprised a model is over that time."""

import base64
from pathlib import Path

import numpy as np

from gen.base import files
from gen.judging import surprise
from gen.pages import learning, pictures
from gen.pages.chart import Axis, Chart, chart, ticks
from gen.pages.listening import TICKS, Player, described
from gen.pages.report import Sound
from gen.pages.template import render
from gen.run.folder import name_of
from gen.sound import audio, hearing

MARK = '<meta name="generator" content="gen score">'  # as surprise.html has it
LONGEST = 600  # seconds that a page shows
POINTS = 800  # of the curve and of the outline; columns of the spectrogram
HIGH = 120  # rows of the spectrogram


def write(one: surprise.Surprise, path, rate: int, run, folder, png: bool) -> list:
    """Write what there is of the Surprise of the recording at `path` to hear it at `rate` Hz into a folder.

    Returns the paths: its curve as CSV, the page where it is no longer than LONGEST, with `png` the figure of it.
    Raises ValueError.
    """
    curve, shown, drawn = (Path(folder) / f"{name_of(Path(path).stem)}{suffix}" for suffix in (".csv", ".html", ".png"))
    files.write(curve, surprise.curve(one))
    if one.seconds > LONGEST:
        return [curve]
    files.spare(shown, MARK)
    wave = audio.read(path, rate)
    files.write(shown, page(one, wave, rate, run).encode(errors="replace"))
    if not png:
        return [curve, shown]
    from gen.pages import plots

    plots.save(plots.surprise(one, wave, rate), drawn, files.ELSEWHERE)
    return [curve, shown, drawn]


def page(one: surprise.Surprise, wave, rate: int, run) -> str:
    """Return the page as HTML."""
    sound = {"seconds": one.seconds, "mp3": base64.b64encode(audio.mp3(wave, rate)).decode()}
    told = {"recording": one.name, "run": str(run), "columns": surprise.COLUMNS, "rows": surprise.rows([one])}
    drawn = player(Sound(one.name, wave, rate))
    return render("surprise.html", **told, player=drawn, chart=over_time(one), data={"sounds": [sound]})


def player(sound) -> Player:
    """Return the Player of the one Sound of a page, as wide as that."""
    drawn, top = pictures.spectrogram(sound.wave, sound.rate, POINTS, HIGH), hearing.to_mel(sound.rate / 2)
    peak = max(0.01, float(np.abs(sound.wave).max()))
    ink = base64.b64encode(pictures.png(drawn, max(-90.0, float(np.quantile(drawn, 0.995))))).decode()
    marks = [(hz / 1000, hearing.to_mel(hz) / top) for hz in TICKS if hz < 0.45 * sound.rate]
    outline = pictures.outline(sound.wave, POINTS, peak)
    seconds = len(sound.wave) / sound.rate
    return Player(0, sound.title, seconds, described(sound), outline, POINTS, ink, marks)


def over_time(one: surprise.Surprise) -> Chart:
    """Return the chart of the surprise over time, beside what was expected."""
    points = learning.thinned(one.points, POINTS)
    high = max(1.0, *(value for _, *values in points for value in values))
    x = Axis(0, one.seconds, [(v, f"{v:g} s") for v in ticks(0, one.seconds)])
    y = Axis(0, high, [(v, f"{v:g}") for v in ticks(0, high)])
    curves = [("thin", [(x, y) for x, y, _ in points], 1), ("bold", [(x, y) for x, _, y in points], 0)]
    at, over = one.worst
    said = f"Bits per sample over time: {one.bits:.3f} on average, where {one.expected:.3f} were expected"
    caption = f"{said}. The tenth of a second at {at:.2f} s surprises most, {over:.2f} bits over what was expected."
    return chart(said, caption, x, y, curves, legend=[("needed", 1), ("expected", 0)])
