"""What a person types that can't be meant: one line on standard error, exit code 1, and nothing is written."""

import importlib.util

import numpy as np
import pytest
import soundfile

from gen.commands import train
from tests.cli.test_commands import refused
from tests.small import save_run

TINY = ["model=gru", "model.hidden=16", "model.embedding=8", "lanes=4", "window=32", "data.rate=8000"]
FLAGS = "there is no such flag; there are -m, --cfg job and --help"
PLAIN = "this is the name of a folder in runs, a word without / and \\"


@pytest.fixture
def recordings(tmp_path):
    """A folder `in` of recordings."""
    (tmp_path / "in").mkdir()
    for index in range(24):
        wave = 0.5 * np.sin(2 * np.pi * (300 + index) * np.arange(2000) / 8000)
        soundfile.write(tmp_path / "in" / f"{index}.wav", wave, 8000)


BAD = [
    ("", "gen train: an argument is empty"),
    ("~steps", "~steps: settings are key=value"),
    ("~steps=3", "~steps=3: a key can't be taken away"),
    ("+steps=3", "+steps=3: + is for +experiment="),
    ("+more=3", "+more=3: + is for +experiment="),
    ("++more=3", "more: there is no such key"),
    ("=3", "=3: settings are key=value"),
    ("a b=3", "a b=3: settings are key=value"),
    ("data=null", "data=null: this is no word to choose"),
    ("model=", "model=: this is no word to choose"),
    ("model=[]", "model=[]: this is no word to choose"),
    ("model=../model/gru", "model=../model/gru: this is no word to choose"),
    ("hydra/launcher=[1]", "hydra/launcher=[1]: this is no word to choose"),
    ("+experiment=null", "+experiment=null: this is no word to choose"),
    ("seed=1,2", "seed=1,2: for a sweep over these values add -m"),
    ("data.rate=${nothing}", "data.rate=${nothing}: Interpolation key 'nothing' not found"),
    ("data.path=in", "data.path=in: the folder of recordings is given already, as in"),
    ("data.valid=", "data.valid=: holds no path; give one, or leave it out"),
    ("data.valid=/dev/zero", "/dev/zero: is no regular file"),
    ("data.segment=inf", "data.segment=inf: this is a length in seconds that has an end"),
    ("data.labels=(x*)*.wav", "0.wav: data.labels=(x*)*.wav makes the label '' of it, which is no name"),
    ("codec=linear16", "codec=linear16: codes a sample as two symbols, and CharRNN predicts one symbol"),
    ("model.hidden=1000000", "GB of memory or more, and here are"),
    ("model.hidden=9999999999999999999", "GB of memory or more"),
    ("model.layers=10000000", "model.layers=10000000: at most 1,000 are built"),
    ("lanes=1000000000", "training with lanes=1000000000, window=32 takes 65,536 GB of memory or more"),
    ("name=", f"name=: {PLAIN}"),
    ("name=.", f"name=.: {PLAIN}"),
    ("name=..", f"name=..: {PLAIN}"),
    ("name=a/../../b", f"name=a/../../b: {PLAIN}"),
    ("name=a\\b", f"name=a\\b: {PLAIN}"),
    ("name=/tmp/elsewhere", f"name=/tmp/elsewhere: {PLAIN}"),
    ("name=a\nb", f"name=a b: {PLAIN}"),
    ("name=\x1b[2J", f"name=?[2J: {PLAIN}"),
    ("--experimental-rerun", f"--experimental-rerun: {FLAGS}"),
    ("--experimental-rerun=a.pickle", f"--experimental-rerun=a.pickle: {FLAGS}"),
    ("--cfg", "--cfg: there is one thing that it shows: --cfg job"),
    ("hydra/launcher=rq", "hydra/launcher=rq: isn't installed here; pip install 'hydra-rq-launcher'"),
    ("hydra/launcher=other", "hydra/launcher=other: there is no such hydra/launcher; there are basic"),
]


@pytest.mark.parametrize(("word", "told"), BAD)
def test_what_cannot_be_meant_is_refused_in_one_line_and_makes_no_run(gen, recordings, tmp_path, word, told):
    refused(gen("train", "in", *TINY, "steps=2", word), told)
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("seed=glob(*)", "seed=glob(*): matches nothing; list the values"),
        ("model=glob(zz*)", "model=glob(zz*): matches nothing"),
        ("seed=range(0,0)", "seed=range(0,0): matches nothing"),
        ("seed=range(0,100000000000)", "-m: these are more than 10,000 trainings"),
        ("hydra/launcher=rq", "pip install 'hydra-rq-launcher'"),
        ("learning_rate=interval(0.001,0.01)", "for a search in an interval add hydra/sweeper=optuna"),
    ],
)
def test_a_sweep_over_nothing_or_without_end_is_refused(gen, recordings, tmp_path, value, told):
    refused(gen("train", "in", *TINY, "steps=2", "-m", value), told)
    assert not list((tmp_path / "runs").glob("in*"))


@pytest.mark.parametrize(
    ("word", "package", "extra"),
    [
        ("hydra/launcher=joblib", "hydra_joblib_launcher", "joblib"),
        ("hydra/launcher=submitit_slurm", "hydra_submitit_launcher", "slurm"),
        ("hydra/launcher=submitit_local", "hydra_submitit_launcher", "slurm"),
        ("hydra/launcher=ray", "hydra_ray_launcher", "ray"),
        ("hydra/sweeper=optuna", "hydra_optuna_sweeper", "optuna"),
    ],
)
@pytest.mark.parametrize("sweep", [[], ["-m", "seed=1,2"]])
def test_a_launcher_that_is_an_extra_says_so_where_it_isnt_installed(
    gen, recordings, tmp_path, word, package, extra, sweep
):
    if importlib.util.find_spec("hydra_plugins") and importlib.util.find_spec(f"hydra_plugins.{package}"):
        pytest.skip(f"{package} is installed")
    refused(
        gen("train", "in", *TINY, "steps=2", *sweep, word), f"{word}: isn't installed here; pip install 'gen[{extra}]'"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_a_setting_is_one_though_a_folder_has_its_name(gen, tmp_path):
    for name in ("model=gru", "data.rate=8000", "my=folder"):
        (tmp_path / name).mkdir()
    code, out, err = gen("train", "model=gru", "data.rate=8000", "--cfg", "job")
    assert code == 0
    assert "cell: gru" in out
    assert err == "model=gru: taken as the setting; the file of that name is ./model=gru\n"
    assert "path: ./model=gru" in gen("train", "./model=gru", "--cfg", "job")[1]
    assert "path: my=folder" in gen("train", "my=folder", "--cfg", "job")[1]
    assert gen("train", "my=folder", "--help")[0] == 0


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (["doctor", "-m"], "gen doctor: takes no settings"),
        (["tones", "notes", "--cfg", "job"], "gen tones: takes no settings"),
        (["tones", ""], "gen tones: an argument is empty"),
        (["evaluate", "run", "+data.foo=1"], "+data.foo=1: + is for +experiment="),
        (["evaluate", "run", "data.path=[1]"], "data.path=[1]: this must be of type str"),
        (["train", "data.path=[1]"], "data.path=[1]: this must be of type str"),
        (["train", "data.path=5"], "data.path=5: this must be of type str"),
        (["report", "run", "data.path=[1]"], "data.path=[1]: this must be of type str"),
        (["report", "run", "temperatures=[1,[2]]"], "temperatures=[2]: this must be of type float"),
        (["report", "run", "seconds=1e300"], "seconds=1e+300, count=4: a page has room for 60 minutes"),
        (["report", "run", "count=1000000000"], "a page has room for 60 minutes of new takes"),
        (["train", "model=tiered", "model.frames=3"], "model.frames=3: this must be a list, such as [3]"),
        (["train", "model=samplernn", "model.frames=[a]"], "model.frames=a: this must be of type int, not str"),
    ],
)
def test_a_command_refuses_what_it_does_not_take(gen, tmp_path, args, told):
    refused(gen(*args), told)
    assert not list(tmp_path.iterdir())


def test_links_that_lead_nowhere_are_no_folders_and_no_files(gen, tmp_path):
    (tmp_path / "loop").symlink_to("loop")
    save_run(tmp_path / "run")
    refused(gen("train", "loop"), "loop: there is no such folder or file")
    for words in (["sample", "loop"], ["again", "loop"], ["sample", "run", "prime=loop"]):
        refused(gen(*words), "loop: Too many levels of symbolic links")
    refused(gen("sample", "run", "seconds=0.05", "out=loop"), "loop/seed0-0.wav: can't be written (File exists)")
    assert {path.name for path in tmp_path.iterdir()} == {"loop", "run"}


def test_the_help_of_a_model_with_a_codec_of_its_own_shows_one_model_and_that_codec(gen):
    code, out, _ = gen("train", "model=wavernn", "--help")
    assert code == 0
    assert out.count("\nmodel:\n") == 1
    assert "gen.models.wavernn.WaveRNN" in out
    assert "# codec=linear16;" in out
    assert "defaults" not in out


def test_a_run_is_called_by_a_plain_name_whatever_its_folder_and_values_are_called():
    settings = {"name": None, "data": {"path": "/words\x1b[2J"}}
    train.complete(settings, {"model": "gru"}, {"model": "gru", "data.valid": "lists/a.txt"})
    assert settings["name"] == "words?[2J-gru-data.valid-lists-a.txt"
