"""What a take is made with: the settings of sampling, their usual values, and what they may be."""

import dataclasses

from gen.engine.program import WEIGHTS

HEARD = ("prime", "follow", "curves", "midi")  # settings that are files
PLAYED = ("follow", "curves", "midi", "pitch", "loudness", "shift")  # settings that a model with curves is told
COMPILED, REFERENCE = "compiled", "reference"  # the samplers
SECONDS = 5.0  # of a take
LONGEST_HOURS = 24  # of a take in a file
MOST = 100_000  # takes at a time
ANY = "any"  # the label that says nothing
STRONGEST = 100  # guidance


@dataclasses.dataclass(frozen=True)
class Settings:
    """The settings of takes; with a model they say all that there is to say of them.

    `seconds` is their length, or inf; SECONDS, or that of what they follow, unless given. `label` is one of the
    model's, or ANY. `guidance` moves takes away from what the model makes untold (see `gen.models.guided`): 1 is as
    trained, 0 is untold. `prime` is a recording to go on from, `follow` one whose curves they are told: a path, or a
    wave (T,) at the model's rate; `curves` is a table of them, `midi` a file each of whose channels is a stream, and
    `pitch`, `loudness` and `shift` are as `gen.sampling.play.asked` has it.
    `engine` is compiled or reference, the definition in PyTorch, slow; where a model can't be compiled it takes over.
    `weights` of the compiled one are bfloat16, float32 (twice the bytes, slower) or float64, numbers beside them
    float32 or float64. `guard` has what collapses drawn again (see `gen.sampling.guard`). `stream` is the first take's
    number, the others follow.
    """

    seconds: float | None = None
    count: int | None = None
    seed: int = 0
    temperature: float = 1.0
    top_p: float = 1.0
    label: str | None = None
    guidance: float = 1.0
    prime: str | None = None
    follow: str | None = None
    curves: str | None = None
    midi: str | None = None
    pitch: str | None = None
    loudness: float | None = None
    shift: float | None = None
    engine: str = COMPILED
    weights: str = "bfloat16"
    guard: bool = False
    stream: int = 0

    def check(self):
        """Raise ValueError for a setting that is out of range."""
        for key, (holds, rule) in RULES.items():
            if not holds(value := getattr(self, key)):
                raise ValueError(f"{key}={value}: {key} {rule}")
        if sum(given is not None for given in (self.follow, self.curves, self.midi)) > 1:
            raise ValueError("follow=, curves=, midi=: a take follows a recording, a table or notes; give one of them")
        if self.stream + (self.count or 1) > 2**63:
            raise ValueError(f"stream={self.stream}, count={self.count}: a stream's number is under 2^63")


def check_length(seconds: float):
    """Raise ValueError for takes that are longer than a file's."""
    if seconds > LONGEST_HOURS * 3600:
        raise ValueError(f"seconds={seconds:g}: a take in a file has {LONGEST_HOURS} hours at most; inf has no end")


RULES = {
    "seconds": (lambda v: v is None or v > 0, "is a length over 0, or inf"),
    "count": (lambda v: v is None or 1 <= v <= MOST, f"is how many takes, 1 to {MOST:,}; stream= goes on from there"),
    "seed": (lambda v: 0 <= v < 2**64, "is 0 or more, and under 2^64"),
    "stream": (lambda v: 0 <= v < 2**63, "is the number of the first take, 0 or more"),
    "temperature": (
        lambda v: v == 0 or 0.001 <= v <= 1000,
        "is 0 (greedy: always the likeliest symbol) or more, from 0.001 to 1000; 1 as trained",
    ),
    "guidance": (
        lambda v: 0 <= v <= STRONGEST,
        f"is 0 to {STRONGEST}: 1 is as trained, over 1 more is made of the label or the curves that are told",
    ),
    "shift": (lambda v: v is None or -120 <= v <= 120, "is in semitones, -120 to 120"),
    "top_p": (lambda v: 0 < v <= 1, "is over 0 and at most 1 (off)"),
    "engine": (lambda v: v in (COMPILED, REFERENCE), f"is {COMPILED} or {REFERENCE}"),
    "weights": (lambda v: v in WEIGHTS, f"are one of {', '.join(WEIGHTS)}"),
}
