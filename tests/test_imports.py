"""Imports run downward, and each dependency has one door."""

import ast
from pathlib import Path

import pytest

import gen

FOLDER = Path(gen.__file__).parent
ROWS = [  # a file imports only from rows above its own
    {
        "files",
        "hearing",
        "chart",
        "codec",
        "build",
        "loss",
        "machine",
        "optimizers",
        "terminal",
        "ranks",
        "models.__init__",
        "models.base",
        "engine.__init__",
        "engine.program",
    },
    {"audio", "pictures", "verdict", "step", "models.rnn", "models.linear", "models.tiers", "models.wavernn"},
    {"plots", "models.samplernn", "models.tiered", "cache", "folder", "tones", "checkpoint", "baselines"},
    {"data", "resume", "journal", "duplicates", "nearest", "page"},
    {"sample", "survey", "trial", "engine.kernels"},
    {"findings", "engine.functions", "engine.lower", "engine.measure"},
    {"survey_page", "engine.loop"},
    {"engine.player"},
    {"ear", "guard"},
    {"train", "trained"},
    {"evaluate", "bench", "address", "doctor", "__init__"},
    {"report"},
    {"commands"},
    {"__main__"},
]
DOORS = {
    "soundfile": "audio",
    "soxr": "audio",
    "safetensors": "checkpoint",
    "rich": "terminal",
    "torch.distributed": "ranks",
    "torch.utils.tensorboard": "journal",
    "numba": "engine.kernels",
    "llvmlite": "engine.kernels",
    "matplotlib": "plots",
    "hydra": "__main__",
    "omegaconf": "__main__",
}
FILES = {".".join(p.relative_to(FOLDER).with_suffix("").parts): p for p in FOLDER.rglob("*.py")}


def imported(path):
    """Return the dotted names that a file imports, `from a import b` as a.b and as a."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def test_every_file_has_its_row():
    assert set(FILES) == set().union(*ROWS)


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_file_imports_only_from_rows_above_it(name):
    row = next(i for i, files in enumerate(ROWS) if name in files)
    own = {n.removeprefix("gen.") for n in imported(FILES[name])} & set(FILES)
    assert own <= set().union(*ROWS[:row])


@pytest.mark.parametrize(("dependency", "door"), DOORS.items())
def test_a_dependency_has_one_door(dependency, door):
    users = {
        name
        for name, path in FILES.items()
        if any(n == dependency or n.startswith(f"{dependency}.") for n in imported(path))
    }
    assert users == {door}


def test_listing_the_commands_imports_no_torch():
    import subprocess
    import sys

    code = "import sys, gen.__main__ as m; sys.argv = ['gen']; m.main(); assert 'torch' not in sys.modules"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert all(f"gen {command}" in shown for command in ("train", "sample", "evaluate"))
