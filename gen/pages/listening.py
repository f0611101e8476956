"""The listening page: one HTML file with its sounds and pictures in it, which needs no network.

What comes from outside, a name or a label, goes through `safe`, or into the JSON, where every "<" is escaped.
"""

import base64
import json
import re
from html import escape as safe
from pathlib import Path

import numpy as np

from gen.base.terminal import clock, unseen
from gen.pages import pictures
from gen.pages.chart import charts, rendered
from gen.sound import audio, hearing

TEMPLATE = Path(__file__).with_name("templates") / "listening.html"
MARK = '<meta name="generator" content="gen report">'
WIDE, HIGH, SMALL = 280, 80, 3  # columns and rows of a spectrogram; those of an excerpt are a third of it
POINTS = 160  # of an outline
HEARD = 10 ** (-60 / 20)  # a sample under it is silence
COPY = 0.01  # distance that tells a copy where there are no held-out recordings to compare with
TICKS = (500, 1000, 2000, 4000, 8000, 16000)  # Hz
BLIND = (
    "<p>Two sounds, shuffled and cut to the same length. Hear both with <kbd>Space</kbd>, vote with <kbd>1</kbd> and "
    '<kbd>2</kbd>; what they were is told at the end.</p><div id="blind-box"></div>'
)
ICONS = (
    '<svg class="go" viewBox="0 0 10 10" aria-hidden="true"><path d="M2 .5 9.5 5 2 9.5z"/></svg>'
    '<svg class="stop" viewBox="0 0 10 10" aria-hidden="true"><path d="M1 1h3v8H1zM6 1h3v8H6z"/></svg>'
)


def page(runs, blind, track=unseen) -> str:
    """Return the page over the Runs of a report, with its `blind` comparisons."""
    title = ", ".join(run.name for run in runs)
    references = list({id(run.reference): run.reference for run in runs if run.reference}.values())
    album = Album([s for run in runs for s in run.previews + run.takes] + [s for r in references for s in r.real])
    parts = [("runs", "Runs", summary(runs))] if any(run.log or run.reference for run in runs) else []
    if drawn := charts(runs):
        parts.append(("bits", "How they learned" if len(runs) > 1 else "How it learned", drawn))
    anchor = "sounds"
    for index, run in enumerate(track(runs, "drawing and encoding", len(runs))):
        parts.append((anchor, run.name, takes(run, album)))
        anchor = f"run-{index + 1}"
    for index, reference in enumerate(references):
        name = f"Real: {reference.name}" if len(references) > 1 else "Real recordings"
        parts.append((f"real-{index}", name, real(reference, album)))
    if blind:
        parts.append(("blind", "Blind test", BLIND))
    body = "".join(
        f'<section id="{key}" aria-labelledby="{key}-title"><h2 id="{key}-title">{safe(name)}</h2>{text}</section>'
        for key, name, text in parts
    )
    compared = [
        {
            "title": " against ".join(("real recordings", kinds[1]) if right == 0 else kinds),
            "kinds": kinds,
            "question": question,
            "right": right,
            "pairs": [[album.number(sound) for sound in pair] for pair in pairs],
        }
        for kinds, question, right, pairs in blind
    ]
    filled = {
        "mark": MARK,
        "title": safe(title),
        "lead": safe(lead(runs)),
        "links": "".join(f'<li><a href="#{key}">{safe(name)}</a></li>' for key, name, _ in parts),
        "body": body,
        "data": json.dumps({"sounds": album.sounds, "blind": compared}).replace("<", r"\u003c"),
    }
    return re.sub(r"<!--(\w+)-->", lambda found: filled[found[1]], TEMPLATE.read_text(encoding="utf-8"))


class Album:
    """The sounds on a page, each encoded once, and pictures of them on one scale."""

    def __init__(self, sounds):
        self.sounds, self.numbers, self.titles = [], {}, {}
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

    def player(self, sound, title: str, small: bool = False, heading: str = "", mark=None) -> str:
        """Return a player: a button, what stands beside it, a picture to seek in; `mark` is a stretch in seconds."""
        number, seconds = self.number(sound, title), len(sound.wave) / sound.rate
        shrink = SMALL if small else 1
        drawn = pictures.spectrogram(sound.wave, sound.rate, WIDE // shrink, HIGH // shrink)
        image = base64.b64encode(pictures.png(drawn, self.top)).decode()
        points = POINTS // shrink
        inside = (
            f'<svg viewBox="0 -100 {points - 1} 200" preserveAspectRatio="none" aria-hidden="true">'
            f'<path d="{pictures.outline(sound.wave, points, self.peak)}"/></svg>'
            f'<img alt="" src="data:image/png;base64,{image}">'
        )
        if not small:
            top = hearing.to_mel(sound.rate / 2)
            inside += "".join(
                f'<b aria-hidden="true" style="bottom:{5.2 * hearing.to_mel(hz) / top:.2f}rem">{hz / 1000:g} kHz</b>'
                for hz in TICKS
                if hz < 0.45 * sound.rate
            )
        if mark:
            left, right = (100 * min(1.0, at / seconds) for at in mark)
            inside += f'<i class="where" style="left:{left:.1f}%;width:{right - left:.1f}%"></i>'
        said = safe(title, quote=True)
        return (
            f'<div class="player" data-sound="{number}"><button class="play" type="button" aria-pressed="false" '
            f'aria-label="Play {said}">{ICONS}</button><div>{heading}</div>'
            + ("" if small else f'<span class="time">{seconds:.1f} s</span>')
            + f'<div class="scrub" role="slider" tabindex="0" aria-label="Position in {said}" aria-valuemin="0" '
            f'aria-valuemax="{seconds:.2f}" aria-valuenow="0" aria-valuetext="0.0 of {seconds:.1f} seconds" '
            f'aria-describedby="said-{number}">{inside}<i class="head"></i></div>'
            f'<span class="unseen" id="said-{number}">{safe(described(sound))}</span></div>'
        )


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


def lead(runs) -> str:
    """Return the page in one sentence."""
    count = sum(len(run.takes) + len(run.previews) for run in runs)
    real = sum(len(r.real) for r in {id(run.reference): run.reference for run in runs if run.reference}.values())
    return f"{count} takes to listen to" + (f", beside {real} real recordings." if real else ".")


def summary(runs) -> str:
    """Return the facts of the runs as a table."""
    columns = list(dict.fromkeys(key for run in runs for key in run.facts))
    return rendered(("run", *columns), [(run.name, *(run.facts.get(key, "") for key in columns)) for run in runs])


def takes(run, album) -> str:
    """Return the takes of a run by temperature, then its previews by training time."""
    out = [f"<p>{safe(about(run))}</p>"] if run.reference else []
    if run.reference:
        out.append("<h3>Takes by temperature</h3>")
    out.append(listed(card(take, album, f"{run.name}: {take.title}", run.reference) for take in run.takes))
    if run.previews:
        out.append("<h3>While it learned, temperature 1</h3>")
        out.append("<p>Made from weights that training has changed since, so they have no address.</p>")
        cards = []
        for sound in run.previews:
            seconds = run.log.seconds.get(sound.step) if run.log else None
            after = "" if seconds is None else f"{clock(seconds)} min, "
            sound = sound._replace(title=after + sound.title[:1].lower() + sound.title[1:])
            said = run.log.said.get(sound.step, "") if run.log else ""
            cards.append(card(sound, album, f"{run.name} after {sound.title}", run.reference, said))
        out.append(listed(cards))
    return "".join(out)


def about(run) -> str:
    """Return what the distances of a run's takes mean, or why there are none."""
    if not run.reference.training:
        return f"There are no real recordings beside these takes: {run.reference.note}."
    text = (
        "Under each take: the half second of the training recordings that is most like a half second of it (the mark "
        "under its picture). Distance is 1 less the correlation of their log-mel spectra: 0 is a copy."
    )
    if far := distances(run.reference):
        text += (
            f" Real recordings that were held out lie at {far[0]:.3f} to {far[-1]:.3f} (the shaded range): a take "
            "much nearer than those is memory."
        )
    if not run.reference.training.whole:
        text += (
            f" Searched were {run.reference.training.seconds / 60:.0f} minutes of what it trained on, drawn by chance."
        )
    return text


def distances(reference) -> list:
    """Return the distances of the held-out clips from what was trained on, the smallest first."""
    return sorted(sound.nearest.distance for sound in reference.real if sound.nearest)


def real(reference, album) -> str:
    """Return the held-out clips."""
    if not reference.real:
        return f"<p>{safe(reference.note)}.</p>"
    text = "Held out from training, and through the same codec as the takes: this is what the model was asked for."
    return f"<p>{text}</p>" + listed(card(s, album, f"real: {s.title}", reference) for s in reference.real)


def listed(cards) -> str:
    """Return cards as a grid."""
    return f'<ul class="sounds">{"".join(f"<li>{each}</li>" for each in cards)}</ul>'


def nearest(sound, title: str, album, far) -> str:
    """Return the excerpt nearest to a sound, with its distance on a scale that shows the range `far` of real clips."""
    near = sound.nearest
    excerpt = sound._replace(wave=near.wave, title=near.name)
    flag = ""
    if far and near.distance < far[0]:
        flag = " <em>nearer than any held-out recording</em>"
    elif not far and near.distance < COPY:
        flag = " <em>a copy, or next to it</em>"
    heading = (
        f"<p>Nearest: {safe(near.name)} at {near.start:.1f} s</p>"
        f"<p>Distance <strong>{near.distance:.3f}</strong>{flag}</p>"
    )
    scale = f'<i style="left:{100 * far[0]:.0f}%;right:{max(0, 100 - 100 * far[-1]):.0f}%"></i>' if far else ""
    at = 100 * min(1.0, near.distance)
    scale += f'<u style="left:{at:.0f}%"></u>'
    return (
        f'<div class="near">{album.player(excerpt, f"nearest to {title}", small=True, heading=heading)}'
        f'<span class="far{" memory" * bool(flag)}" aria-hidden="true">{scale}</span></div>'
    )


def card(sound, album, title: str, reference, said: str = "") -> str:
    """Return a sound with its player, its nearest excerpt and its address; `title` is said where it stands alone."""
    near, mark = sound.nearest, None
    if near:
        mark = (near.at, near.at + reference.training.span / sound.rate)
    out = album.player(sound, title, heading=f"<h4>{safe(sound.title)}</h4>", mark=mark)
    said = said or ("" if lasts(sound) else "Silence: nothing above -60 dBFS.")
    if said:
        out += f"<small>{safe(said)}</small>"
    if near:
        out += nearest(sound, title, album, distances(reference))
    told = [(what, text) for what, text in (("command", sound.command), ("address", sound.address)) if text]
    if told:
        boxes = [f'<pre>{safe(t)}</pre><button class="copy" type="button">Copy {what}</button>' for what, t in told]
        out += f"<details><summary>Command and address</summary>{''.join(boxes)}</details>"
    return out
