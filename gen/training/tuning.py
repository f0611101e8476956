"""Which size of a model? Trainings of many sizes, of which the better half goes on, and on (successive halving).

Jamieson & Talwalkar 2016, arXiv 1502.07943, algorithm 1: each round trains twice as long in all as the one before.
Trainings are exactly resumable, and what each came to is kept in TUNED, so that a search that was stopped goes on.
"""

import json
from typing import NamedTuple

from gen.base import files, schema
from gen.base.terminal import hushed
from gen.run import checkpoint
from gen.run.folder import model_file, run_folder
from gen.run.resume import different, flat
from gen.training import law

TUNED = "tune.json"
WIDTHS = ("hidden", "embedding", "size", "head", "skip")  # keys of models that are widths
EACH = 16  # a width is a multiple of it
FINAL = 2  # trainings of the last round
FIGURES = {
    "bits": schema.Number(float, 0, 1e3),
    "samples": schema.Number(int, 1, 1 << 62),
    "minutes": schema.Number(float, 1e-6, 1e9),
    "parameters": schema.Number(int, 1, 1 << 62),
}
KEPT = {"settings": schema.Each((str, int, float, bool, None, list)), "rounds": [schema.Each(FIGURES)]}


class Candidate(NamedTuple):
    """A model's node and a learning rate to try, `name` saying which in words, and as part of a run's name."""

    name: str
    model: dict
    learning_rate: float

    @property
    def keys(self) -> str:
        """What to give gen train for it."""
        widths = " ".join(f"model.{key}={self.model[key]}" for key in WIDTHS if key in self.model)
        return f"{widths} learning_rate={self.learning_rate:g}"


class Found(NamedTuple):
    """What a Candidate came to last: bits held out after so many samples and minutes, and its parameters.

    `expected` are the bits (best guess, low, high) for the training that is planned.
    """

    candidate: Candidate
    bits: float
    samples: int
    minutes: float
    parameters: int
    expected: tuple = ()

    @property
    def speed(self) -> float:
        """Samples a minute."""
        return self.samples / self.minutes


def candidates(model: dict, learning_rate: float, sizes, rates) -> list:
    """Return a Candidate for each of `sizes`, times the model's own widths, and `rates`, times its learning rate.

    Raises ValueError for a size or rate that isn't over 0, or sizes that come to the same.
    """
    made = []
    for key, values in (("sizes", sizes), ("rates", rates)):
        if not values or not all(isinstance(v, int | float) and 0 < v <= 1000 for v in values):
            raise ValueError(f"{key}={values}: these are numbers over 0, such as [0.5, 1, 2]; 1 is as the model comes")
    for size in sizes:
        widths = {key: EACH * max(1, round(model[key] * size / EACH)) for key in WIDTHS if key in model}
        for rate in rates:
            name = "-".join(map(str, (*dict.fromkeys(widths.values()), f"{learning_rate * rate:g}")))
            made.append(Candidate(name, {**model, **widths}, learning_rate * rate))
    if len({each.name for each in made}) < len(made):
        raise ValueError(f"sizes={sizes}, rates={rates}: two of them come to the same; widths are multiples of {EACH}")
    return made


def check(valid, **given):
    """Raise ValueError where nothing is to be held out, or for minutes that are none."""
    if valid == 0:
        raise ValueError("data.valid=0: sizes are told apart by recordings held out; leave it at 0.1")
    for key, value in given.items():
        if not 0 < value < 1e6:
            raise ValueError(f"{key}={value}: these are minutes, more than 0")


def rounds(count: int, minutes: float) -> list:
    """Return for each round how many train, and the minutes that each of them has had by its end; all in `minutes`."""
    counts = [count]
    while counts[-1] > FINAL:
        counts.append(max(FINAL, counts[-1] // 2))
    parts = [1.0] + [2.0 ** (number - 1) for number in range(1, len(counts))]
    unit = minutes / sum(n * part for n, part in zip(counts, parts, strict=True))
    return [(n, unit * 2.0**number) for number, n in enumerate(counts)]


def search(train, name: str, tried: list, tuning: float, settings: dict, tell=lambda text: None) -> list:
    """Return the rounds of a search of `tuning` minutes among Candidates: each a list of Found, the best first.

    `train(minutes, name, model, learning_rate)` trains one, or goes on, and returns its run. `settings` are all that
    may not differ when a search goes on. Raises ValueError.
    """
    home = run_folder(name)
    book, done = begun(home, settings), []
    alive = tried
    for number, (count, minutes) in enumerate(rounds(len(tried), tuning)):
        if number == len(book["rounds"]):
            book["rounds"].append({})
        kept, found = book["rounds"][number], []
        for each in alive[:count]:
            if each.name not in kept:
                with hushed():
                    run = train(
                        minutes=minutes, name=f"{name}-{each.name}", model=each.model, learning_rate=each.learning_rate
                    )
                kept[each.name] = measured(run)
                files.write(home / TUNED, json.dumps(book, indent=1).encode())
            found.append(Found(each, **kept[each.name]))
            f = found[-1]
            tell(f"round {number + 1}: {each.keys}: {f.bits:.3f} bits held out, {f.minutes:.1f} min")
        done.append(sorted(found, key=lambda f: f.bits))
        alive = [f.candidate for f in done[-1]]
    return done


def begun(home, settings: dict) -> dict:
    """Return what a search in a folder has come to so far. Raises ValueError if it was one with other `settings`."""
    now = flat(json.loads(json.dumps(settings)))
    if not (home / TUNED).exists():
        return {"settings": now, "rounds": []}
    try:
        book = schema.parse(files.regular(home / TUNED).read_text(encoding="utf-8"))
        schema.check(book, KEPT, "it")
    except (OSError, ValueError) as error:
        raise ValueError(f"{home / TUNED}: is damaged ({error}); delete it, and the search begins anew") from None
    if key := different(book["settings"], now):
        before = book["settings"].get(key)
        raise ValueError(f"{key}={now.get(key)}: {home} was begun with {key}={before}; go on so, or give another name=")
    return book


def measured(run) -> dict:
    """Return what the training in a run came to, as FIGURES has it. Raises ValueError."""
    tensors, header, _ = checkpoint.read(model_file(run), checkpoint.HEADER)
    trained = header["trained"]
    told = {"bits": trained["valid_bits"], "samples": trained["samples"], "minutes": trained["minutes"]}
    return {**told, "parameters": sum(t.numel() for t in tensors.values())}


def answer(done: list, minutes: float) -> tuple:
    """Return a Found for each Candidate that was best of its size, the one expected to be best first, and the Law.

    From where each was last it goes on as the law says, to what it sees in `minutes`. Intervals are those of laws
    fitted to points drawn anew, and of how far the points lie from the law.
    """
    rated = [{f.parameters: f for f in reversed(found)} for found in done]  # of each size the best rate
    points = [(f.parameters, f.samples, f.bits) for some in rated for f in some.values()]
    best, others = law.fit(points), law.fits(points)
    off = float(sum((best.bits(n, t) - bits) ** 2 for n, t, bits in points) / len(points)) ** 0.5
    last = {f.candidate.name: f for found in done for f in found}
    chosen: dict[int, Found] = {}
    for f in last.values():
        here = chosen.get(f.parameters)
        if here is None or (f.minutes, -f.bits) > (here.minutes, -here.bits):
            chosen[f.parameters] = f
    out = []
    for f in chosen.values():
        guesses = [
            f.bits + one.bits(f.parameters, f.speed * minutes) - one.bits(f.parameters, f.samples)
            for one in (best, *others)
        ]
        spread = sorted(guesses[1:])
        low, high = (spread[round(p / 100 * (len(spread) - 1))] for p in law.PERCENT)
        out.append(f._replace(expected=(guesses[0], min(low, guesses[0]) - off, max(high, guesses[0]) + off)))
    return sorted(out, key=lambda f: f.expected[0]), best
