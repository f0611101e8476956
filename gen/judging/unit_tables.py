"""What was found out about the parts and units of models, as tables."""

import math

import numpy as np

from gen.judging.traits import TRAITS
from gen.judging.units import READINGS, Units

PARTS = ("part", "units", "bits without", "half-life (10 to 90 %)", "oscillates", *TRAITS)
PARTS_CSV = (
    "run",
    "part",
    "units",
    "bits/sample",
    "bits/sample without",
    *TRAITS,
    *(f"{trait} untrained" for trait in TRAITS),
)
UNITS_CSV = (
    "run",
    "part",
    "unit",
    *(f"{trait} of {reading}" for reading in READINGS for trait in TRAITS),
    "mean",
    "deviation",
    "half-life ms",
    "hz",
    "bits/sample without",
)


def part_rows(found: Units) -> list:
    """Return PARTS as text of the whole model and each part: of traits the R2 of probes, in brackets untrained."""
    units = sum(len(one.mean) for one in found.parts)
    out = [("nothing left out", str(units), f"{found.bits:.3f}", *[""] * (len(PARTS) - 3))]
    for one in found.parts:
        traits = [
            f"{r:.2f} ({before:.2f})" if not math.isnan(r) else ""
            for r, before in zip(one.probes, one.before, strict=True)
        ]
        lasts, hertz = one.halved[~np.isnan(one.halved)], one.hertz[~np.isnan(one.hertz)]
        ends = [1000 * np.quantile(lasts, share) for share in (0.5, 0.1, 0.9)] if len(lasts) else []
        lasting = "{} ms ({} to {})".format(*map(short, ends)) if ends else ""
        swings = f"{short(hertz.min())} to {short(hertz.max())} Hz" if len(hertz) else ""
        out.append((one.name, str(len(one.mean)), f"{one.without:.3f}", lasting, swings, *traits))
    return out


def told(found: Units) -> list:
    """Return a line about each chosen unit."""
    lines = []
    for part, unit, reading, trait, bits, _ in found.chosen:
        one = found.parts[part]
        r = one.readings[reading, unit, trait]
        goes = f"{READINGS[reading]} goes with {TRAITS[trait]} (r = {r:.2f})"
        lines.append(f"{one.name}, unit {unit}: its {goes}; without it {bits - found.bits:+.4f} bits/sample")
    return lines


def parts_csv(found) -> list:
    """Return PARTS_CSV for each part of each (run, Units)."""
    return [
        (
            run,
            one.name,
            len(one.mean),
            f"{units.bits:.4f}",
            f"{one.without:.4f}",
            *map(number, (*one.probes, *one.before)),
        )
        for run, units in found
        for one in units.parts
    ]


def units_csv(found) -> list:
    """Return UNITS_CSV for each unit of each (run, Units), those that go with a trait most first."""
    out = []
    for run, units in found:
        lacking = {(left.part, left.unit): f"{left.bits:.4f}" for left in units.chosen}
        rows = []
        for index, one in enumerate(units.parts):
            most = np.nan_to_num(np.abs(one.readings)).max((0, 2))
            for unit in range(len(one.mean)):
                traits = one.readings[:, unit].ravel()
                own = one.mean[unit], one.deviation[unit], 1000 * one.halved[unit], one.hertz[unit]
                cells = (*map(number, (*traits, *own)), lacking.get((index, unit), ""))
                rows.append((most[unit], (run, one.name, unit, *cells)))
        out += [row for _, row in sorted(rows, key=lambda each: -each[0])]
    return out


def short(value: float) -> str:
    """Return a number in about two digits."""
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"


def number(value: float) -> str:
    """Return a number in four digits, nothing for NaN."""
    return "" if math.isnan(value) else f"{value:.4g}"
