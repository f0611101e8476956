"""What the READMEs show is what the program takes; README's own commands run here in their order, on less."""

import ast
import functools
import glob
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from gen.__main__ import main
from gen.cli.arguments import has_keys
from gen.cli.help import commands
from gen.corpus import tones
from gen.engine import measure
from gen.sampling import bench
from gen.training import trial
from tests.sound.test_midi import note, song
from tests.test_house import FILES, ROOMS

HERE = Path(__file__).parent.parent
README, SAMPLES = (HERE / "README.md").read_text(), (HERE / "samples" / "README.md").read_text()
CODE = re.compile(r"^```(\w*)\n(.*?)^```$|`([^`\n]+)`", re.DOTALL | re.MULTILINE)
NAMED = {  # what the text leaves open
    "tones FOLDER": "tones notes",
    "classifier FOLDER": "classifier ~/words",
    "CLASSIFIER PATH": "runs/words-classifier-lstm ~/recordings",
    "png=FOLDER": "png=plots",
    "RUN FOLDER": "runs/recordings-tiered ~/recordings",
    "FOLDER": "~/recordings",
    "PATH": "~/recordings",
    "repair FILE gap=FROM:TO": "repair ~/recordings/0.wav gap=0.1:0.11",
    "bridge A B": "bridge ~/recordings/0.wav ~/recordings/1.wav",
    "loop FILE": "loop ~/recordings/0.wav",
    "RUN": "runs/tones-tiered",
    "controls FILE": "controls ~/beginning.flac",
    "TAKE": "runs/tones-tiered/takes/A4-seed0-0.wav",
}
SMALL = ["lanes=2", "window=64"]
SHORT = ["minutes=null", "steps=2"]
LESS = {  # what makes a command small
    "data": [*SMALL, "model.hidden=16"],
    "train": [*SMALL, *SHORT, "model.hidden=16"],
    "tune": [*SMALL, "model.hidden=16", "tuning=0.02", "sizes=[1,2]", "rates=[1]"],
    "sample": ["seconds=0.1"],
    "extend": ["seconds=0.1"],
    "bridge": ["seconds=0.03"],
    "loop": ["seconds=0.2"],
    "report": ["seconds=0.1", "count=1"],
    "inspect": ["longest=0.1", "reach=0.05", "count=4"],
    "classifier": ["classifier.epochs=1"],
    "judge": ["count=8", "seconds=0.05", "long=0", "classifiers.lstm.epochs=1", "classifiers.lstm.hidden=[8]"],
}
RECORDED = {  # the folders that README names, and what lies there
    "recordings": "{0}.wav",
    "piano": "{0}.wav",
    "words": "{1}/{0}.wav",
    "digits": "{1}_anna_{0}.wav",
    "speech_kerstin": "{0}.flac",
    "piano_wtc": "{0}.ogg",
}


def shown(text):
    """Return the commands of gen in `text`, and its Python as ("python", code), in their order, each once."""
    found = []
    for language, block, inline in CODE.findall(text):
        if language == "python":
            found.append(("python", block))
        elif not language:
            parts = [part.strip() for part in re.split(r"&&|\||\n", inline or block)]
            found += [("gen", part) for part in parts if part.startswith("gen ")]
    return list(dict.fromkeys(found))


def test_the_readme_shows_commands():
    assert len(shown(README)) > 30
    assert "\npip install . && gen train && gen sample runs/tones-tiered\n" in README
    first = next(line for line in README.splitlines() if "pip install '.[test]'" in line)
    assert first == "pip install '.[test]' && pytest"  # .ci/run runs this line


@pytest.mark.parametrize("line", sorted({line for kind, line in shown(README + SAMPLES) if kind == "gen"}))
def test_every_command_is_understood(line, monkeypatch, capsys):
    words = shlex.split(line)
    assert words[1] in commands()
    if "--help" not in words and has_keys(words[1]):
        if "-m" in words:  # the first of the values that are swept
            first = (re.sub(r"=(range|interval)\(", "=", word).partition(",")[0] for word in words)
            words = [word for word in first if word != "-m" and not word.startswith("hydra")]
        words += ["--cfg", "job"]
        monkeypatch.setattr(sys, "argv", words)
        main()
        assert capsys.readouterr().out.strip()


def record(home):
    """Write half a second of sound, 24 times, into each of the folders in `home` that README names."""
    random = np.random.default_rng(0)
    for folder, pattern in RECORDED.items():
        paths = [home / folder / pattern.format(number, number % 10) for number in range(24)]
        for path in paths:
            path.parent.mkdir(parents=True, exist_ok=True)
            wave = np.sin(random.uniform(0.1, 0.5) * np.arange(8000)) / 4 + 0.02 * random.standard_normal(8000)
            soundfile.write(path, wave, 16000)
        (home / f"{folder}_test.txt").write_text(f"{paths[0].name}\n{paths[1].name}\n")
    soundfile.write(home / "beginning.flac", wave, 16000)
    song(home / "song.mid", note(60))


def run(line, gen):
    """Run a command as README shows it, but for what makes it small; a sweep in a process of its own."""
    words = [name for word in shlex.split(line)[1:] for name in sorted(glob.glob(word)) or [word]]
    if any(word.startswith("hydra") for word in words):
        return  # what takes other machines, or an extra
    if "-m" in words:
        few = [*SMALL, *SHORT, "model=gru,tiered"] if words[0] == "train" else []
        subprocess.run([sys.executable, "-m", "gen", *words, *few], check=True, capture_output=True)
    elif "--help" in words:
        assert gen(*words)[0] == 0
    elif words[0] not in ("doctor", "live"):  # which have tests of their own
        code, _, err = gen(*words, *LESS.get(words[0], []))
        assert code == 0 or ("png=" in line and "pip install" in err), f"{line}: {err}"


def test_every_command_of_the_readme_runs(gen, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    for module, name in ((measure, "SECONDS"), (bench, "REFERENCE_SECONDS"), (trial, "SECONDS"), (tones, "SECONDS")):
        monkeypatch.setattr(module, name, 0.1)
    record(tmp_path)
    for kind, text in shown(README):
        if kind == "python":
            found = {}
            exec(text, found)
            assert found["wave"].shape == (5 * found["model"].rate,)
            assert found["bits"] > 0
        else:
            run(functools.reduce(lambda line, name: line.replace(name, NAMED[name]), NAMED, text), gen)
    made = [
        "data.html",
        "features.csv",
        "beginning.html",
        "continued.wav",
        "notes/A4/A4-00.wav",
        "runs/recordings-tiered/report.html",
    ]
    made += ["runs/spoken/takes/7-seed0-2-again.wav", "runs/spoken/takes/7-seed0-2-extended.wav"]
    assert [path for path in made if not (tmp_path / path).exists()] == []


def test_every_script_that_measures_is_named():
    named = set(re.findall(r"`python -m tests\.measure\.(\w+)", README + SAMPLES))
    assert named - {"NAME"} == {p.stem for p in (HERE / "tests" / "measure").glob("[!_]*.py")}


def test_what_the_readmes_point_to_is_there():
    named = re.findall(r"`((?:gen|tests|conf|samples)(?:/[\w.-]+)+)/?`", README + SAMPLES)
    named += [path for path in re.findall(r"\]\(([\w/.-]+)[)#]", README)]
    assert len(named) > 20
    assert [path for path in named if "NAME" not in path and not (HERE / path).exists()] == []


def test_what_is_said_to_be_in_a_file_is_in_it():
    told = re.findall(r"`(gen/[\w/]+\.py)` ((?:`\w+`(?:, )?)+)", README)
    assert len(told) > 8
    for file, names in told:
        source = (HERE / file).read_text()
        assert [name for name in re.findall(r"\w+", names) if not re.search(rf"(def|class) {name}\b", source)] == []


def test_rooms_commands_and_numbers_are_told_in_the_same_words_everywhere():
    for room in ROOMS:
        line = ast.get_docstring(ast.parse(FILES[f"{room}.__init__"].read_text())).splitlines()[0]
        assert f"| `{room}` | {line} |" in README
    for name, command in commands().items():
        does = command.__doc__.strip().rstrip(".")
        assert re.search(rf"`gen {name}\b[^|]*\| {re.escape(does[0].lower() + does[1:])} \|", README)
    table = README.partition("| what | command | reached |")[2].partition("\n\n")[0]
    assert all(row in SAMPLES for row in table.splitlines())
