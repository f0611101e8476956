"""What a survey of recordings means: each finding in a sentence that says what to do, and the figures as tables.

How much audio is enough is what users of SampleRNN's own code reported
(https://github.com/soroushmehr/sampleRNN_ICLR2017, numbers 10 and 13): 22 minutes were too little, of four hours of
guitar came "pretty amazing results".
"""

from pathlib import Path

import numpy as np

from gen.base.streams import plain
from gen.survey import recording
from gen.survey.recording import lossless

FEW, PLENTY = 30 * 60, 4 * 3600  # seconds of audio
AUDIBLE = 1e-3  # share of the energy that one may miss
FAINT, OFFSET = -40.0, -40.0  # dBFS: an RMS under it is faint, a DC above it is much
CLIPPED = 1e-4  # share of the samples
SILENT, ALL = 0.4, 0.999  # share of the time that is much silence, and nothing else
UNEVEN = 20.0  # dB between the faint and the loud tenth of the recordings
HEARD = 8  # recordings that training looks at before it begins, and
BEGINNING = 10.0  # seconds of each
SHOWN = 3  # names in a sentence


def lines(corpus, path, rate: int) -> list:
    """Return the three lines that matter when training begins: how much audio, which rate, what levels.

    Of a `gen.corpus.corpus.Corpus` in `path`, encoded at `rate`, it reads the beginnings of a few recordings, however
    many there are.
    """
    folder = Path(path) if Path(path).is_dir() else Path(path).parent
    names = sorted({s.recording.name for s in corpus.train + corpus.valid})
    figures, total = [], np.zeros(1)
    for name in names[:: -(-len(names) // HEARD)]:
        measured = recording.measure(folder / name, BEGINNING)
        figures.append({"name": plain(name), **measured.figures})
        total = recording.added(total, measured.spectrum)
    return [enough(corpus.seconds), best_rate(figures, {rate: recording.lost(total, rate)}, rate), levels(figures)[0]]


def findings(report: dict) -> list:
    """Return what was found in a folder and what to do about it, a sentence each; `report` is of `gen.survey.folder`.

    Its key `trial` may hold what `gen.training.trial` returned, or `refused` why it couldn't.
    """
    out = []
    if report["faults"]:
        names = listed(f"{f['name']} ({f['why']})" for f in report["faults"])
        out.append(f"{count(report['faults'], 'file')} can't be used: {names}. Training skips them.")
    if report["twins"]:
        names = listed(" and ".join(same) for same in report["twins"])
        out.append(f"Names that differ only in extension: {names}. gen train refuses them; rename or remove one.")
    ways = {"file": "byte for byte", "samples": "in every sample", "sound": "re-encoded, scaled or resampled"}
    for kind, how in ways.items():
        same = [p for p in report["pairs"] if p["kind"] == kind]
        if same:
            names = listed(f"{p['copy']} is {p['first']}" for p in same)
            remedy = "Remove them: a recording both trained on and held out makes held-out bits look better."
            out.append(f"{count(same, 'copy', 'copies')}, {how}: {names}. {remedy}")
    if not report["files"]:
        return [*out, "No recording can be read: convert them to WAV or FLAC."]
    of = f" without silence and copies, {span(report['seconds'])} with them"
    out += [enough(report["usable_seconds"], of), best_rate(report["files"], report["lost"], report["rate"])]
    out += levels(report["files"])
    if report.get("refused"):
        out.append(f"gen train would refuse this: {report['refused']}")
    if "trial" in report:
        out += costs(report["trial"])
    return out


def enough(seconds: float, of: str = "") -> str:
    """Say whether so much audio is enough; `of` may tell of what it is a part."""
    told = f"{span(seconds)} of audio{of}"
    if seconds < FEW:
        return f"{told}: little; 22 minutes were too little for a SampleRNN. Expect colour and pace; add recordings."
    if seconds < PLENTY:
        return f"{told}: enough to begin with; four hours gave others convincing guitar. More of the same kind helps."
    return f"{told}: plenty. A longer training or a larger model will do more than more recordings."


def best_rate(files: list, lost: dict, rate: int) -> str:
    """Say which data.rate loses nothing of files of some bandwidths, and what `rate` leaves out."""
    top, native = (max(f[key] for f in files) for key in ("bandwidth", "rate"))
    best = min(lossless(top), native)
    usual = min(lossless(np.percentile([f["bandwidth"] for f in files], 90)), native)
    cut = f", though recorded at {native} Hz" if top < recording.WHOLE * native / 2 else ""
    most = f" ({usual} of nine in ten recordings)" if usual < best else ""
    told = f"There is sound up to {top / 1000:.1f} kHz{cut}: data.rate={best} loses nothing{most}"
    if rate == best:
        return f"{told}; keep it."
    if rate > best:
        return f"{told}, and a second of sound is {rate / best:.1f} times fewer samples than at {rate}: give it."
    told, more = f"{told}; data.rate={rate} leaves out {percent(lost[rate])} of the energy", f"{best / rate:.1f} times"
    if lost[rate] > AUDIBLE:
        return f"{told}, which one hears: give data.rate={best} if it matters, for {more} as many samples a second."
    return f"{told}, hardly a loss: keep it, unless you miss the air, which takes {more} as many samples a second."


def levels(files: list) -> list:
    """Say what is wrong with the levels of files, each with its remedy; or that nothing is."""
    seconds = np.array([f["seconds"] for f in files])
    rms = np.array([f["rms"] for f in files])
    whole = 10 * np.log10(np.average(10 ** (rms / 10), weights=seconds))
    silence = np.average([f["silence"] for f in files], weights=seconds)
    if silence > ALL:
        return [
            "All of it is silence: there is nothing to learn. See what went wrong when it was recorded or exported."
        ]
    told = f"RMS {whole:.0f} dBFS, highest peak {max(f['peak'] for f in files):.1f}, {silence:.0%} silence"
    out = []
    if clipped := sorted((f for f in files if f["clipping"] > CLIPPED), key=lambda f: -f["clipping"]):
        names = listed(f"{f['name']} ({percent(f['clipping'])} of its samples)" for f in clipped)
        out.append(f"{count(clipped, 'recording')} clipped: {names}. A model learns the crackle; leave them out.")
    if whole < FAINT:
        out.append(f"{told}: faint, so that 8-bit mu-law hisses. Amplify all by {FAINT + 20 - whole:.0f} dB.")
    if offset := sorted((f for f in files if f["dc"] > OFFSET), key=lambda f: -f["dc"]):
        names = listed(f"{f['name']} ({f['dc']:.0f} dBFS)" for f in offset)
        out.append(f"{count(offset, 'recording')} with a DC offset: {names}. Filter out what is below 20 Hz.")
    if silence > SILENT:
        out.append(f"{silence:.0%} is silence, and takes will be silent as often. Trim it.")
    faint, loud = np.percentile(rms, [10, 90])
    if loud - faint > UNEVEN:
        out.append(f"Levels differ by {loud - faint:.0f} dB, and takes' will too. Even them out if that isn't meant.")
    return out or [f"{told}, no clipping: nothing to do about levels."]


def costs(trial: dict) -> list:
    """Say how long training will take and what memory it needs, and what its bits are to be compared with."""
    out, speed = [], trial["samples_per_second"]
    once = trial["train_seconds"] * trial["rate"] / speed
    told = f"{trial['parameters']:,} parameters train on {speed:,.0f} samples a second here (measured)"
    more = f"Give minutes={once / 60:.0f} to hear all" if once > 3600 else "More minutes help while held-out bits fall"
    out.append(f"{told}: all recordings once in {span(once)}, {3600 / once:.1f} times in minutes=60. {more}.")
    if trial["memory_mb"]:
        out.append(
            f"Its steps took {trial['memory_mb']:,.0f} MB of memory (measured), previews some more; fewer lanes= less."
        )
    if trial["baselines"]:
        name, bits = min(trial["baselines"].items(), key=lambda item: item[1])
        out.append(f"What learns nearly nothing, {name}, reaches {bits:.3f} bits/sample: a model has to be under it.")
    else:
        out.append("No recording is held out, so bits/sample can't be judged: give data.valid=0.1, or more recordings.")
    return out


def tables(report: dict) -> list:
    """Return the figures of a report as tables: columns, the first of them the title, and rows, all text."""
    files = report["files"]
    kinds: dict[tuple, list] = {}
    for f in files:
        kinds.setdefault((f["format"], f["subtype"], f["rate"], f["channels"]), []).append(f)
    rows: list[tuple] = [
        (f"{form} {kind}", f"{rate:,}", f"{channels}", f"{len(of):,}", f"{sum(f['seconds'] for f in of) / 60:.1f}")
        for (form, kind, rate, channels), of in sorted(kinds.items())
    ]
    out: list[tuple] = [(("format", "rate (Hz)", "channels", "files", "minutes"), rows)]
    if not files:
        return []
    figures = {
        "length (s)": ([f["seconds"] for f in files], ".2f"),
        "peak (dBFS)": ([f["peak"] for f in files], ".1f"),
        "RMS (dBFS)": ([f["rms"] for f in files], ".1f"),
        "DC offset (dBFS)": ([f["dc"] for f in files], ".0f"),
        "clipped samples": ([f["clipping"] for f in files], ".2%"),
        "silence": ([f["silence"] for f in files], ".0%"),
        "bandwidth used (kHz)": ([f["bandwidth"] / 1000 for f in files], ".1f"),
    }
    rows = [
        (name, *(format(v, form) for v in np.percentile(values, [0, 50, 100])))
        for name, (values, form) in figures.items()
    ]
    out.append((("each file", "lowest", "median", "highest"), rows))
    highest = max(f["rate"] for f in files)
    rows = [(f"data.rate={r}", percent(share)) for r, share in report["lost"].items() if r < highest]
    if rows:
        out.append((("what it would cost", "energy left out"), rows))
    if "trial" in report and report["trial"]["baselines"]:
        rows = [(name, f"{bits:.3f}") for name, bits in report["trial"]["baselines"].items()]
        out.append((("trivial predictor", "bits/sample"), rows))
    return out


def listed(names) -> str:
    """Return names in a row, the first few of many."""
    names = list(names)
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more


def count(things, one: str, many: str | None = None) -> str:
    """Return how many there are of what."""
    return f"{len(things)} {one if len(things) == 1 else many or one + 's'}"


def percent(share: float) -> str:
    """Return a share in per cent, of two digits."""
    if 0 < share < 1e-6:
        return "under 0.0001 %"
    return f"{float(f'{100 * share:.2g}'):.5f}".rstrip("0").rstrip(".") + " %"


def span(seconds: float) -> str:
    """Return a length of time in the unit that suits it."""
    for unit, size in (("hours", 3600), ("minutes", 60)):
        if seconds >= 1.5 * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} seconds"
