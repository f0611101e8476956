"""Measure what is in recordings: MFCC, chroma, spectra, pitch, wavelets."""

import functools
from pathlib import Path

from gen.commands import Argument

GROUP = "Before training"
ARGUMENT = Argument("the folder or file to measure", "~/recordings")
PATHS = ("out", "page", "png")
HELP = """gen features PATH [key=value ...]

Measure what is in a recording, or in each of a folder's, on all cores and in constant memory, whatever its format, rate
and length. A table is printed, and features.csv has a row for each file: the mean and the standard deviation of every
column, and the label if data.labels= makes one of its name; it opens in pandas and in a spreadsheet. frames=on keeps
every frame instead, in an NPZ file: files, starts, names, times, values, the hertz of what has an axis. page= writes a
page, and png= a folder of plots: waveform, spectrogram, scalogram, MFCC, chroma and curves on one time axis, on the
page with a player whose cursor moves along. A file that can't be read is skipped and named.

  gen features ~/recordings
  gen features ~/words data.rate=8000 data.labels=folder families=mfcc+spectral+pitch
  gen features song.mp3 frames=on out=song.npz families=all
  gen features song.mp3 page=song.html png=plots

The families, joined by +, or all:
  mfcc        20 mel-frequency cepstral coefficients, with their first and second derivatives
  chroma      the strength of each pitch class
  spectral    centroid, bandwidth, roll-off, flatness, contrast by octave
  level       RMS and zero crossings
  loudness    the A-weighted level
  onset       how fast sound begins, and where it does
  tempo       beats a minute
  octaves     levels by octave of a discrete wavelet transform
  pitch       the fundamental and the probability that there is one, by pYIN: slower than all above together
  mel, stft, constant_q, scalogram
              levels by frequency: mel bands, the Fourier transform, by semitone, a continuous wavelet transform
"""


def run(path, data: dict, families: str, hop: float, frames: bool, out: str | None, page: str | None, png: str | None):
    from gen.base import streams, terminal
    from gen.base.build import check
    from gen.survey import features

    check("data.rate", data["rate"], int)
    check("data.labels", data["labels"], str)
    out = out or ("features.npz" if frames else "features.csv")
    if (Path(out).suffix.lower() == ".npz") != frames:
        raise ValueError(f"frames={frames}, out={out}: all frames are written as .npz, means and deviations as .csv")
    chosen = features.split(families)
    rows = functools.partial(features.rows, path, data["rate"], data["labels"], chosen, hop, track=terminal.track)
    if page or png:
        from gen.pages import features as pages

        pages.check(path, page, png)
    if frames:
        with features.spooled(out) as spools:
            found = list(rows(spools=spools))
            features.write_frames(out, found, spools, data["rate"], hop, chosen)
    else:
        found = features.write_table(out, rows())
    for row in found:
        if row.fault:
            terminal.say(f"skipped {row.fault}")
    found = features.usable(found)
    terminal.table(*features.summary(found))
    streams.show(out)
    if page or png:
        for written in pages.write(path, [row.file for row in found], data["rate"], page, png, terminal.track):
            streams.show(written)
