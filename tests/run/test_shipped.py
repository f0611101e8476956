"""Models that come with gen: sampled by their name from anywhere, each with a card of what it was trained on."""

import pytest
import soundfile
import torch

from gen.run import checkpoint, folder
from gen.run.folder import MODEL, SHIPPED, folder_of, is_shipped, model_file, shipped
from tests.measure.ship import ship
from tests.small import save_run

MOST = 12_000_000  # bytes of all
TRAINED = {"steps": 1, "samples": 1, "minutes": 1.0, "valid_bits": None, "files": 1, "seconds": 1.0}


@pytest.fixture
def tin(tmp_path, monkeypatch):
    """Have one model come with gen: `tin`."""
    save_run(tmp_path / "run", ["a", "b"])
    monkeypatch.setattr(folder, "SHIPPED", tmp_path / "pretrained")
    ship(tmp_path / "run", tmp_path / "pretrained" / "tin.safetensors", "a tin", "CC0", "3 minutes")
    return "tin"


def test_it_is_sampled_and_made_again_by_its_name(tin, gen, tmp_path):
    code, out, err = gen("sample", tin, "count=1", "seconds=0.1")
    assert (code, out) == (0, "runs/gen-tin/takes/a-seed0-0.wav\n"), err
    assert "tin: 3 minutes on a tin (CC0)" in err
    assert gen("again", out.strip())[1].splitlines()[1] == f"the same bytes as {out.strip()}"
    assert soundfile.info(out.strip()).frames == 800


def test_a_run_of_that_name_comes_first_and_a_folder_of_recordings_does_not(tin, gen, tmp_path):
    (tmp_path / "tin").mkdir()
    assert is_shipped("tin")
    save_run(tmp_path / "tin", scale=0.5)
    assert not is_shipped("tin")
    assert (model_file("tin"), folder_of("tin")) == (tmp_path.__class__("tin", MODEL), tmp_path.__class__("tin"))


def test_nothing_else_is_taken_for_one(tin, gen):
    for name in ("../pretrained/tin", "tin.safetensors", "pan", ""):
        assert not is_shipped(name)
    assert "pan: No such file or directory" in gen("sample", "pan")[2]


def test_weights_take_two_bytes_each_and_no_path_of_who_trained_it_is_in_it(tin, tmp_path):
    tensors, header, _ = checkpoint.read(model_file(tmp_path / "run"), checkpoint.HEADER)
    data = {"path": "/home/me/tin", "rate": 8000, "labels": "none", "valid": "/home/me/some.txt", "segment": 20.0}
    header |= {"trained": {**TRAINED, "settings": {"data": data, "seed": 0}}}
    checkpoint.save(tmp_path / "run" / MODEL, tensors, {k: v for k, v in header.items() if k != "checksum"})
    ship(tmp_path / "run", model_file(tin), "a tin", "CC0", "3 minutes")
    file = checkpoint.read(model_file(tin), checkpoint.HEADER)
    assert all(t.dtype == torch.bfloat16 for t in file.tensors.values() if t.is_floating_point())
    assert "/home/me" not in str(file.header)


@pytest.mark.parametrize("name", shipped())
def test_each_that_comes_with_gen_can_be_opened_and_has_its_card(name):
    found = checkpoint.open_model(name)
    assert all(found.header["card"].values())
    assert found.header["trained"]["settings"]["data"]["path"] == name


def test_together_they_are_small():
    assert sum(path.stat().st_size for path in SHIPPED.glob("*")) < MOST
