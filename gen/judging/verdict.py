"""What the judge found, as a table and in one sentence."""

from gen.base.schema import Each, Number
from gen.judging.figures import HOARSE, LEVEL, PITCH, SILENCE
from gen.judging.judge import BREAKS, NAMED, PLACE, by_heart
from gen.sound.hearing import QUIET

NUMBER = (Number(float, -1e300, 1e300), None)
RULE = {  # of judge.json
    "sentence": str,
    "part": str,
    "takes": Number(int, 0),
    "recordings": Number(int, 0),
    "seconds": Number(float, 0),
    "figures": Each(
        {"real": NUMBER, "takes": NUMBER, "distance": NUMBER, "interval": (None, [NUMBER, NUMBER]), "unit": str}
    ),
}
DIGITS = {"dB": 1, "dBFS": 1, "Hz": 0, "%": 0}  # behind the point, by unit
OTHERS = 2
ROUGH, LOUD, OFF = 1.0, 3.0, 1.0  # dB, dB, semitones: differences that are worth a word
APART = {PITCH: "semitones"}  # what a distance is counted in where that isn't the figure's own unit


def table(done: dict) -> tuple:
    """Return the columns and the rows of the results of runs that were judged by the same recordings."""
    names = list(dict.fromkeys(name for result in done.values() for name in result["figures"]))
    columns = ("", "recordings", *map(str, done))
    rows = []
    for name in names:
        each = [result["figures"].get(name) for result in done.values()]
        first = next(figure for figure in each if figure)
        unit = f", {first['unit']}" if first["unit"] else ""
        digits = DIGITS.get(first["unit"], OTHERS)
        real = "" if first["real"] is None else f"{first['real']:.{digits}f}"
        rows.append((f"{name}{unit}", real, *(cell(name, figure, digits) if figure else "" for figure in each)))
    return columns, rows


def cell(name: str, figure: dict, digits: int) -> str:
    """Return a figure of takes as text: its value, its distance from the recordings', and the interval of the last."""
    if figure["takes"] is None and figure["distance"] is None:
        return "too few"
    value = "" if figure["takes"] is None else f"{figure['takes']:.{digits}f}"
    apart, sign = figure["distance"], ""
    if apart is not None:
        sign = "" if name in APART or figure["takes"] is None else "+"
        digits = 1 if name in APART else digits
        unit = f" {APART[name]}" if name in APART else ""
        value = ", ".join(filter(None, [value, f"{apart:{sign}.{digits}f}{unit}"]))
    bounds = " to ".join(f"{bound:{sign}.{digits}f}" for bound in figure["interval"] or ())
    return f"{value} ({bounds})" if bounds else value


def sentence(figures: dict, count: int) -> str:
    """Return in one sentence what is to be said of `count` takes that have these figures."""
    said = [f"between a second set of recordings (0) and noise (1) it stands at {figures[PLACE]['takes']:.2f}"]
    if right := [figure["takes"] for name, figure in figures.items() if name.startswith(NAMED.format(""))]:
        said.insert(0, f"its labels are right {right[0] / 10:.0f} times of 10")
    if figures[SILENCE]["takes"] == 100:
        return f"Its takes are silent: nothing is above {QUIET:g} dBFS."
    hoarse, loud, pitch = (figures[key] for key in (HOARSE, LEVEL, PITCH))
    if sure(hoarse, ROUGH):
        what = "hoarser" if hoarse["distance"] < 0 else "cleaner"
        said.append(f"its voice is {what} than the recordings by {abs(hoarse['distance']):.0f} dB")
    if sure(loud, LOUD):
        said.append(f"it is {'louder' if loud['distance'] > 0 else 'fainter'} by {abs(loud['distance']):.0f} dB")
    if sure(pitch, OFF):
        said.append(f"its pitch is {pitch['distance']:.0f} semitones off")
    if BREAKS in figures:
        said.append(broken(figures, count))
    if by_heart(figures):
        said.append("and it plays what it was trained on by heart")
    text = ", ".join(said)
    return f"{text[0].upper()}{text[1:]}."


def sure(figure: dict, least: float) -> bool:
    """Return whether a distance is `least` or more, and so is the nearer bound of its interval, of half of that."""
    if figure["distance"] is None:
        return False
    low, high = figure["interval"]
    return abs(figure["distance"]) >= least and (low > least / 2 or high < -least / 2)


def broken(figures: dict, count: int) -> str:
    """Return how many takes break out, and into what the most of them."""
    share = figures[BREAKS]["takes"]
    if not share:
        return f"and of {count} takes none breaks out"
    kinds = {name.partition(": ")[2]: each["takes"] for name, each in figures.items() if name.startswith(f"{BREAKS}: ")}
    most = max(kinds, key=lambda kind: kinds[kind])
    what = {"louder": "what is louder than any recording", "loop": "a loop"}.get(most, most)
    return f"and {share * count / 100:.0f} of {count} takes break out, most into {what}"
