"""Rooms import downward only, each dependency has one door, and each room a line on its own."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import gen

FOLDER = Path(gen.__file__).parent
ROOMS = (
    "cli",
    "commands",
    "live",
    "pages",
    "training",
    "survey",
    "repair",
    "judging",
    "naming",
    "sampling",
    "engine",
    "corpus",
    "run",
    "models",
    "sound",
    "compiled",
    "base",
)  # from the top floor down
DOORS = {
    "soundfile": "sound.audio",
    "soxr": "sound.audio",
    "librosa": "sound.features",
    "pywt": "sound.wavelets",
    "safetensors": "run.checkpoint",
    "sklearn": "naming.fitting",
    "rich": "base.terminal",
    "filelock": "run.lock",
    "torch.distributed": "base.ranks",
    "tensorboard": "run.board",
    "torch.utils.tensorboard": "run.board",
    "numba": "compiled.door",
    "llvmlite": "compiled.door",
    "matplotlib": "pages.plots",
    "jinja2": "pages.template",
    "PIL": "pages.pictures",
    "mido": "sound.midi",
    "starlette": "live.server",
    "uvicorn": "live.server",
    "pythonosc": "live.osc",
    "sounddevice": "live.speaker",
    "hydra": "cli.compose",
    "omegaconf": "cli.compose",
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


def own(name):
    """Return the files of gen that one of them imports."""
    return {n.removeprefix("gen.") for n in imported(FILES[name])} & set(FILES)


def test_every_file_is_in_a_room():
    assert {name.partition(".")[0] for name in FILES} == {*ROOMS, "__init__", "__main__"}


@pytest.mark.parametrize("name", sorted(set(FILES) - {"__init__", "__main__"}))
def test_a_room_imports_only_from_those_below(name):
    room = name.partition(".")[0]
    below = ROOMS[ROOMS.index(room) :]
    assert {other.partition(".")[0] for other in own(name)} <= set(below)


def test_no_two_files_of_a_room_need_each_other():
    done = set()

    def visit(name, above):
        assert name not in above, " -> ".join((*above, name))
        if name not in done:
            for other in own(name):
                visit(other, (*above, name))
        done.add(name)

    for name in FILES:
        visit(name, ())


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_has_its_line_on_the_door(room):
    assert len(ast.get_docstring(ast.parse(FILES[f"{room}.__init__"].read_text())).splitlines()[0]) > 20


@pytest.mark.parametrize(("dependency", "door"), DOORS.items())
def test_a_dependency_has_one_door(dependency, door):
    users = {
        name
        for name, path in FILES.items()
        if any(n == dependency or n.startswith(f"{dependency}.") for n in imported(path))
    }
    assert users == {door}


def test_listing_the_commands_imports_no_torch():
    code = "import sys, gen.__main__ as m; sys.argv = ['gen']; m.main(); assert 'torch' not in sys.modules"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert all(f"gen {command}" in shown for command in ("train", "sample", "evaluate"))
