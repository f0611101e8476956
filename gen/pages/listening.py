"""The listening page: one HTML file with its sounds and pictures in it, which needs no network."""

import base64
from typing import Any, NamedTuple

import numpy as np

from gen.base.terminal import clock, unseen
from gen.pages import judged, learning, pictures
from gen.pages.template import render
from gen.sound import audio, hearing

MARK = '<meta name="generator" content="gen report">'  # as listening.html has it
WIDE, HIGH, SMALL = 280, 80, 3  # columns and rows of a spectrogram; those of an excerpt are a third of it
POINTS = 160  # of an outline
HEARD = 10 ** (hearing.QUIET / 20)  # a sample under it is silence
TICKS = (500, 1000, 2000, 4000, 8000, 16000)  # Hz


class Player(NamedTuple):
    """A sound to play, and its pictures, in which one seeks."""

    number: int
    title: str
    seconds: float
    said: str  # what the pictures show, in words
    outline: str  # a path
    points: int  # of the outline
    png: str  # the spectrogram
    ticks: list  # kHz, and their share of the spectrogram's height


class Card(NamedTuple):
    """A Sound with its player, what is said of it, and the player of the excerpt nearest to it."""

    sound: Any
    player: Player
    said: str
    near: Player | None


def page(runs, blind, track=unseen) -> str:
    """Return the page over the Runs of a report, with its `blind` comparisons."""
    references = learning.references(runs)
    made, real = [s for run in runs for s in run.previews + run.takes], [s for one in references for s in one.real]
    album = Album(made + real)
    sections: list[tuple] = []  # anchor, heading, kind and what is shown
    if any(run.log or run.reference for run in runs):
        columns = list(dict.fromkeys(key for run in runs for key in run.facts))
        rows = [(run.name, *(run.facts.get(key, "") for key in columns)) for run in runs]
        sections.append(("runs", "Runs", "facts", (("run", *columns), rows)))
    if drawn := learning.charts(runs):
        sections.append(("bits", f"How {'they' if len(runs) > 1 else 'it'} learned", "charts", drawn))
    if found := judged.tables(runs):
        sections.append(("judged", "Judged", "judged", found))
    for index, run in enumerate(track(runs, "drawing and encoding", len(runs))):
        takes = [album.card(take, f"{run.name}: {take.title}") for take in run.takes]
        shown = {"reference": run.reference, "sounds": takes, "previews": previews(run, album)}
        sections.append((f"run-{index}" if index else "sounds", run.name, "run", shown))
    for index, one in enumerate(references):
        name = f"Real: {one.name}" if len(references) > 1 else "Real recordings"
        shown = {"reference": one, "sounds": [album.card(sound, f"real: {sound.title}") for sound in one.real]}
        sections.append((f"real-{index}", name, "real", shown))
    if blind:
        sections.append(("blind", "Blind test", "blind", None))
    told = {"title": ", ".join(run.name for run in runs), "made": len(made), "real": len(real), "sections": sections}
    data = {"sounds": album.sounds, "blind": compared(blind, album)}
    return render("listening.html", **told, columns=learning.COLUMNS, data=data)


def previews(run, album) -> list:
    """Return the Cards of a run's previews, which tell how long it had learned and what was said of them."""
    cards = []
    for sound in run.previews:
        timed = run.log and sound.step in run.log.seconds
        after = f"{clock(run.log.seconds[sound.step])} min, " if timed else ""
        sound = sound._replace(title=after + sound.title[:1].lower() + sound.title[1:])
        said = run.log.said.get(sound.step, "") if run.log else ""
        cards.append(album.card(sound, f"{run.name} after {sound.title}", said))
    return cards


def compared(blind, album) -> list:
    """Return the blind comparisons as the page's script reads them."""
    out = []
    for kinds, question, right, pairs in blind:
        title = " against ".join(("real recordings", kinds[1]) if right == 0 else kinds)
        numbers = [[album.number(sound) for sound in pair] for pair in pairs]
        out.append({"title": title, "kinds": kinds, "question": question, "right": right, "pairs": numbers})
    return out


class Album:
    """The sounds on a page, each encoded once, and pictures of them on one scale."""

    def __init__(self, sounds):
        self.sounds, self.numbers = [], {}
        self.peak = max([0.01, *(float(np.abs(s.wave).max(initial=0)) for s in sounds)])
        drawn = [pictures.spectrogram(s.wave, s.rate, 50, HIGH) for s in sounds]
        self.top = max([-90.0, *(float(np.quantile(d, 0.995)) for d in drawn)])

    def number(self, sound, title: str = "") -> int:
        """Return the number of a sound, which has its `title` from when it is first shown."""
        if id(sound.wave) not in self.numbers:
            self.numbers[id(sound.wave)] = len(self.sounds)
            encoded = base64.b64encode(audio.mp3(sound.wave, sound.rate)).decode()
            seconds = len(sound.wave) / sound.rate
            self.sounds.append({"title": title, "seconds": seconds, "until": lasts(sound), "mp3": encoded})
        return self.numbers[id(sound.wave)]

    def player(self, sound, title: str, shrink: int = 1) -> Player:
        """Return the Player of a sound, its pictures `shrink` times as small as usual."""
        drawn = pictures.spectrogram(sound.wave, sound.rate, WIDE // shrink, HIGH // shrink)
        top, points = hearing.to_mel(sound.rate / 2), POINTS // shrink
        return Player(
            self.number(sound, title),
            title,
            len(sound.wave) / sound.rate,
            described(sound),
            pictures.outline(sound.wave, points, self.peak),
            points,
            base64.b64encode(pictures.png(drawn, self.top)).decode(),
            [(hz / 1000, hearing.to_mel(hz) / top) for hz in TICKS if hz < 0.45 * sound.rate],
        )

    def card(self, sound, title: str, said: str = "") -> Card:
        """Return the Card of a sound, whose `title` is said where it stands alone."""
        player, near = self.player(sound, title), sound.nearest
        excerpt = self.player(sound._replace(wave=near.wave), f"nearest to {title}", SMALL) if near else None
        said = said or ("" if lasts(sound) else f"Silence: nothing above {hearing.QUIET:g} dBFS.")
        return Card(sound, player, said, excerpt)


def lasts(sound) -> float:
    """Return the seconds of a sound up to its last sample that one might hear."""
    loud = np.flatnonzero(np.abs(sound.wave) > HEARD)
    return (int(loud[-1]) + 1) / sound.rate if len(loud) else 0.0


def described(sound) -> str:
    """Return what the pictures of a sound show, in words."""
    seconds, until = len(sound.wave) / sound.rate, lasts(sound)
    if not until:
        return f"Waveform and spectrogram: silence, {seconds:.1f} seconds."
    energy = np.cumsum(np.abs(np.fft.rfft(sound.wave - sound.wave.mean())) ** 2)
    low, high = (np.searchsorted(energy, part * energy[-1]) / seconds for part in (0.1, 0.9))
    return (
        f"Waveform and spectrogram from 0 to {sound.rate / 2000:g} kHz: sound up to {until:.1f} of {seconds:.1f} "
        f"seconds, mostly from {low:.0f} to {high:.0f} Hz, at {hearing.level(float(np.std(sound.wave))):.0f} dBFS."
    )
