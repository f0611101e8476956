import sys

import numpy as np
import pytest
import soundfile

import gen as package
from gen import address, checkpoint
from gen.__main__ import main
from tests.small import model_node, sharp

SETTINGS = {"seed": 5, "temperature": 0.9, "top_p": 0.95, "label": None, "engine": "compiled", "weights": "bfloat16"}


@pytest.fixture
def gen(tmp_path, monkeypatch, capfd):
    """Return a function that runs a command in a folder with a run `run`: its exit code, standard output and error."""
    monkeypatch.chdir(tmp_path)
    save("run")

    def run(*args):
        monkeypatch.setattr(sys, "argv", ["gen", *map(str, args)])
        capfd.readouterr()
        try:
            main()
        except SystemExit as exit:
            return (1, str(exit.code))
        return (0, capfd.readouterr().out)

    return run


def save(folder, scale=1.0):
    node = {**model_node("gru"), "hidden": 24, "embedding": 12, "layers": 2}
    header = {"model": node, "codec": {"_target_": "gen.codec.MuLaw"}, "rate": 8000, "classes": ["hi", "lo"]}
    weights = sharp("gru", 2, levels=256).state_dict()
    checkpoint.save(f"{folder}/{checkpoint.MODEL}", {k: v * scale for k, v in weights.items()}, header)


@pytest.mark.parametrize("form", ["wav", "flac"])
@pytest.mark.parametrize("extra", [[], ["label=lo", "weights=float32"], ["prime=heard.wav", "temperature=0.8"]])
def test_a_take_is_made_again_byte_for_byte_and_longer_as_if_at_once(gen, tmp_path, form, extra):
    soundfile.write("heard.wav", 0.3 * np.sin(np.arange(3000) / 9), 16000)
    common = ["sample", "run", "seed=3", "top_p=0.95", f"format={form}", *extra]
    code, out = gen(*common, "seconds=0.4", "count=3", "stream=2")
    assert code == 0
    for take in out.split():
        assert gen("again", take) == (0, f"{take[: -1 - len(form)]}-again.{form}\nthe same bytes as {take}\n")
    longer = gen(*common, "seconds=0.9", "count=3", "stream=2", "out=longer")[1].split()
    for take, want in zip(out.split(), longer, strict=True):
        assert gen("extend", take, "seconds=0.5", f"out=made.{form}")[0] == 0
        assert (tmp_path / f"made.{form}").read_bytes() == (tmp_path / want).read_bytes()


def test_a_changed_model_prime_or_take_is_refused(gen, tmp_path):
    soundfile.write("heard.wav", np.zeros(100), 8000)
    take = gen("sample", "run", "seconds=0.2", "count=1", "prime=heard.wav")[1].strip()
    soundfile.write("heard.wav", np.ones(100) / 2, 8000)
    assert "another prime" in gen("again", take)[1]
    soundfile.write("heard.wav", np.zeros(100), 8000)
    samples, _ = soundfile.read(take, dtype="int16")
    with soundfile.SoundFile("changed.wav", "w", 8000, 1, "PCM_16") as file:
        file.comment = soundfile.SoundFile(take).comment
        samples[700] += 1
        file.write(samples)
    assert "changed-again.wav differs from it, from sample 700 on" in gen("again", "changed.wav")[1]
    save("run", 0.9)
    assert "another run" in gen("again", take)[1]
    save("moved")
    assert gen("again", take, "run=moved")[0] == 0
    assert "give run= where it is now" in gen("again", take, "run=nowhere")[1]
    (tmp_path / "run").rename(tmp_path / "other")
    assert gen("again", f"other/{take.removeprefix('run/')}")[0] == 1  # it is another model by now
    save("other")
    assert gen("again", f"other/{take.removeprefix('run/')}")[0] == 0
    assert "carries no address" in gen("again", "heard.wav")[1]
    assert gen("again", "missing.wav")[1] == "missing.wav: No such file or directory"


def test_an_address_says_what_a_take_was_made_with(gen):
    take = gen("sample", "run", "seconds=0.1", "seed=5", "temperature=0.9", "top_p=0.95", "count=2")[1].split()[1]
    told = address.read(take)
    assert {key: told[key] for key in SETTINGS} == SETTINGS
    assert (told["stream"], told["prime"], told["model"]["path"]) == (1, None, "run")
    assert len(package.load("run").sample(seconds=0.1)) == 800
