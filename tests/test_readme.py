"""What the README shows is what the program takes."""

import re
import shlex
import sys
from pathlib import Path

import pytest

from gen.__main__ import main
from gen.cli.help import commands

README = (Path(__file__).parent.parent / "README.md").read_text()
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
PROSE = re.sub(r"^```.*?^```$", "", README, flags=re.DOTALL | re.MULTILINE)
LINES = [line for language, block in BLOCKS if not language for line in block.splitlines()]
LINES += re.findall(r"`(gen [^`]*)`", PROSE)
SHOWN = {part.strip() for line in LINES for part in re.split(r"&&|\|", line) if part.strip().startswith("gen ")}


def test_the_readme_shows_commands():
    assert len(SHOWN) > 8
    assert "pip install '.[test]' && pytest" in README


@pytest.mark.parametrize("line", sorted(SHOWN))
def test_every_command_of_the_readme_is_understood(line, monkeypatch, capsys):
    words = shlex.split(line)
    assert words[1] in commands()
    if "--help" not in words and words[1] not in ("tones", "doctor"):  # those have no keys
        words = [w for w in words if w != "-m"] + ["--cfg", "job"]
        monkeypatch.setattr(sys, "argv", words)
        main()
        assert capsys.readouterr().out.strip()


def test_the_python_of_the_readme_runs(tmp_path, monkeypatch):
    import numpy as np
    import soundfile

    from tests.small import MULAW, model_node, train, usual

    monkeypatch.chdir(tmp_path)
    (tmp_path / "recordings").mkdir()
    for index in range(3):
        soundfile.write(tmp_path / "recordings" / f"{index}.wav", np.sin(np.arange(4000) * 0.1) / 2, 8000)
    node = {**model_node("gru"), "hidden": 8, "embedding": 4}
    settings = {**usual("data/folder"), "path": "recordings", "rate": 1000}
    train(
        data=settings,
        codec=MULAW,
        model=node,
        steps=2,
        lanes=2,
        window=8,
        name="recordings-tiered",
    )
    (code,) = (block for language, block in BLOCKS if language == "python")
    found = {}
    exec(code, found)
    assert found["wave"].shape == (5000,)
    assert found["bits"] > 0
