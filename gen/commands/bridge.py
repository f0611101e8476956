"""Join two recordings by what a model plays between them."""

from typing import Any

from gen.commands import Argument

GROUP = "Your recordings"
ARGUMENT = Argument("the two recordings to join", "one.wav two.wav", many=True)
PATHS = ("run", "back", "out")
HELP = """gen bridge A B run=RUN [key=value ...]

Go from the end of A to the beginning of B: the model in RUN, of sounds like these, tries 64 continuations of A, keeps
those from which B is likely to follow, and the likeliest is written between the two into A-to-B beside A, at A's rate,
depth and channels. All samples of A and B stay as they are; the bridge itself is cross-faded at both ends. Another rate
or channel count of B is converted. count=4 makes four bridges, and says which is the likeliest; another seed= makes
others. With back=, a run that gen train made with reverse=on, it is made from both sides, joined where the two are most
alike. The same command makes the same bytes, and so does gen again of what it wrote.

  gen bridge one.wav two.wav run=runs/speech
  gen bridge verse.flac chorus.flac run=runs/piano seconds=3 count=4 out=bridges
"""


def run(
    paths,
    run: str,
    back: str | None,
    seconds: float,
    label: str | None,
    count: int,
    seed: int,
    temperature: float,
    out: str | None,
):
    from pathlib import Path

    from gen.base import streams, terminal
    from gen.repair import address, bridged, version
    from gen.sampling.settings import Settings

    if len(paths) != 2:
        raise ValueError(f"gen bridge: joins two recordings, such as one.wav two.wav, and {len(paths)} are given")
    Settings(count=count, seed=seed, temperature=temperature).check()
    there, new = address.place(paths[0], out, f"to-{Path(paths[1]).stem}")
    if there.exists() and there.samefile(paths[1]):
        raise ValueError(f"out={out}: is one of the recordings, which stay as they are; give another name")
    settings: Any = {"seconds": seconds, "label": label, "seed": seed, "temperature": temperature}
    told: Any = {"say": terminal.say, "track": terminal.track}
    first, second = paths
    made = bridged.versions(first, second, run, **settings, streams=range(count), back=back, **told)
    version.keep(made, there, new, count, terminal.say, streams.show)
