import json
import pickle

import pytest
import safetensors.torch
import torch

from gen.run import checkpoint
from gen.run.folder import MODEL
from tests.conftest import full_disk
from tests.small import MULAW, model_node, small_model

HEADER = {"codec": MULAW, "rate": 8000, "classes": ["a", "b"]}


@pytest.fixture
def run(tmp_path):
    """Return a run folder with a small GRU in it, and the model."""
    node = {**model_node("gru"), "hidden": 8, "embedding": 4}
    model = small_model("gru", classes=2, levels=256)
    node.update(hidden=24, embedding=12, layers=2)
    checkpoint.save(tmp_path / "run" / MODEL, model.state_dict(), {**HEADER, "model": node})
    return tmp_path / "run", model


def test_a_model_file_is_all_that_is_needed(run):
    folder, model = run
    for path in (folder, folder / MODEL):
        loaded = checkpoint.open_model(path)
        assert (loaded.rate, loaded.classes, loaded.codec.levels) == (8000, ["a", "b"], 256)
        for name, tensor in model.state_dict().items():
            assert torch.equal(loaded.model.state_dict()[name], tensor)


def test_nothing_else_lies_in_the_folder(run):
    assert [p.name for p in run[0].iterdir()] == [MODEL]


@pytest.mark.parametrize("share", [0.0, 0.001, 0.5, 0.999])
def test_a_file_cut_short_is_named(run, share):
    path = run[0] / MODEL
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])
    with pytest.raises(ValueError, match=r"model\.safetensors: is cut short"):
        checkpoint.open_model(run[0])


def test_a_pickle_is_refused_unopened(tmp_path):
    class Trap:
        def __reduce__(self):
            return open, (str(tmp_path / "sprung"), "w")

    torch.save({"a": Trap()}, tmp_path / "a.pt")
    (tmp_path / "b.pt").write_bytes(pickle.dumps(Trap()))
    for name in ("a.pt", "b.pt"):
        with pytest.raises(ValueError, match="refused unopened"):
            checkpoint.open_model(tmp_path / name)
    assert not (tmp_path / "sprung").exists()


def test_a_header_of_any_length_is_no_pickle(tmp_path):
    path = tmp_path / MODEL
    begins = set()
    for length in range(0, 2048, 8):
        checkpoint.save(path, {"a": torch.zeros(1)}, {"filler": "x" * length})
        begins.add(path.read_bytes()[0])
        assert checkpoint.read(path, {}).header["filler"] == "x" * length
    assert {0x50, 0x80} <= begins


def test_other_safetensors_and_versions_are_named(run):
    path = run[0] / MODEL
    safetensors.torch.save_file({"a": torch.zeros(1)}, path)
    with pytest.raises(ValueError, match="not one of gen's"):
        checkpoint.open_model(run[0])
    safetensors.torch.save_file({"a": torch.zeros(1)}, path, {"gen": json.dumps({"format": 99})})
    with pytest.raises(ValueError, match="format 99"):
        checkpoint.open_model(run[0])


def test_weights_that_do_not_fit_are_named(run):
    checkpoint.save(run[0] / MODEL, {"a": torch.zeros(1, 400)}, {**HEADER, "model": model_node("gru")})
    with pytest.raises(ValueError, match="don't fit"):
        checkpoint.open_model(run[0])


def test_a_missing_run_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"none: No such file"):
        checkpoint.open_model(tmp_path / "none")
    with pytest.raises(ValueError, match=r"holds no model\.safetensors"):
        checkpoint.open_model(tmp_path)


def test_a_disk_that_fills_up_leaves_the_last_one_whole(run):
    folder, _ = run
    before = (folder / MODEL).read_bytes()
    with full_disk(100_000), pytest.raises(ValueError, match=r"can't be saved.*whole"):
        checkpoint.save(folder / MODEL, {"a": torch.zeros(10**6)}, {})
    assert (folder / MODEL).read_bytes() == before
    assert [p.name for p in folder.iterdir()] == [MODEL]
