"""The run folder: the name of every file in it, and the way from a run, a model file or a take to it.

Models that come with `gen` have a name instead, and in place of a run folder one in HOME that is theirs.
"""

from pathlib import Path

from gen.base.streams import plain

HOME = Path("runs")
SHIPPED = Path(__file__).parents[1] / "pretrained"  # models that come with gen
OURS = "gen-"  # what the folder of one of them is called in HOME, before its name
MODEL = "model.safetensors"  # all that sampling needs
RESUME = "resume.safetensors"  # the rest of a training
LOG = "log.jsonl"  # a line a step that is logged; a folder that holds one is a run
BOARD = "tensorboard"
PREVIEWS = "previews"
TAKES = "takes"
SCORES = "evaluate.json"
JUDGED = "judge.json"
PAGE = "report.html"
CONFUSION = "classifier.html"


def run_folder(name: str) -> Path:
    """Return the folder of the run of that name. Raises ValueError for what is no plain name of a folder."""
    if not is_name(name) or {"/", "\\"} & set(name) or name in (".", ".."):
        raise ValueError(f"name={name}: this is the name of a folder in {HOME}, a word without / and \\; give another")
    return HOME / name


def is_name(text: str) -> bool:
    """Return whether a text can be shown as the name of something: a few letters, and no terminal's commands."""
    return 0 < len(text) < 256 and plain(text) == text


def name_of(text: str) -> str:
    """Return a text as part of a file's name."""
    return plain(text).replace("/", "-").replace("\\", "-")


def shipped() -> list:
    """Return the names of the models that come with gen."""
    return sorted(path.stem for path in SHIPPED.glob(f"*{Path(MODEL).suffix}"))


def is_shipped(run) -> bool:
    """Return whether this is the name of a model that comes with gen, and no run that is there."""
    there = (Path(run) / MODEL).exists() or Path(run).is_file()
    return not there and str(run) in shipped()


def folder_of(run) -> Path:
    """Return the run folder, given that or the model file in it; of a model that comes with gen its own in HOME."""
    if is_shipped(run):
        return HOME / f"{OURS}{run}"
    return Path(run) if Path(run).is_dir() else Path(run).parent


def model_file(run) -> Path:
    """Return the model file of a run folder, or the model file itself; or that of the model of this name."""
    if is_shipped(run):
        return SHIPPED / f"{run}{Path(MODEL).suffix}"
    return Path(run) / MODEL if Path(run).is_dir() else Path(run)


def run_of(take) -> Path:
    """Return where the run of a take is, if the take lies where it was written: in RUN/takes."""
    return Path(take).parent.parent


def is_run(path) -> bool:
    """Return whether a path is a run folder or a model file."""
    file = model_file(path)
    return file.exists() and file.suffix == Path(MODEL).suffix
