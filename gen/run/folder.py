"""The run folder: the name of every file in it, and the way from a run, a model file or a take to it."""

from pathlib import Path

HOME = Path("runs")
MODEL = "model.safetensors"  # all that sampling needs
RESUME = "resume.safetensors"  # the rest of a training
LOG = "log.jsonl"  # a line a step that is logged; a folder that holds one is a run
BOARD = "tensorboard"
PREVIEWS = "previews"
TAKES = "takes"
SCORES = "evaluate.json"
PAGE = "report.html"


def folder_of(run) -> Path:
    """Return the run folder, given that or the model file in it."""
    return Path(run) if Path(run).is_dir() else Path(run).parent


def model_file(run) -> Path:
    """Return the model file of a run folder, or the model file itself."""
    return Path(run) / MODEL if Path(run).is_dir() else Path(run)


def run_of(take) -> Path:
    """Return where the run of a take is, if the take lies where it was written: in RUN/takes."""
    return Path(take).parent.parent
