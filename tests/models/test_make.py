"""A model from its description: only for a codec that it is meant for, and in the memory that there is."""

import pytest
import torch
import yaml

from gen.base import machine
from gen.base.build import build
from gen.models.make import make
from gen.sound.codec import Codec
from tests.small import CONF, PRESETS, SIZES, model_node

CODECS = sorted(path.stem for path in (CONF / "codec").glob("*.yaml"))


def codec_of(name):
    return build(yaml.safe_load((CONF / "codec" / f"{name}.yaml").read_text()), "codec", Codec)


def small(name):
    node = model_node(name)
    return {**node, **{key: size for key, size in SIZES.items() if key in node}}


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("model", PRESETS)
def test_a_model_is_built_only_for_a_codec_that_it_is_meant_for(model, codec):
    codes = codec_of(codec)
    if (model == "wavernn") == (codec == "linear16"):
        assert make(small(model), codes, 2).digits == codes.digits
        return
    with pytest.raises(ValueError, match=rf"^codec={codec}: codes a sample as .*; give codec=\w+ with this model"):
        make(small(model), codes, 2)


@pytest.mark.parametrize("name", PRESETS)
def test_a_model_that_the_machine_has_no_memory_for_is_refused_before_it_is_built(name):
    codes = codec_of("linear16" if name == "wavernn" else "mulaw8")
    key = "hidden" if "hidden" in model_node(name) else "size"
    with pytest.raises(ValueError, match=r"^[\d,]+ parameters: a model takes [\d,]+ GB of memory or more, and here"):
        make({**small(name), key: 10**12}, codes, 0)
    with pytest.raises(ValueError, match=r"parameters: training with lanes=1000, window=10000000 takes"):
        make(small(name), codes, 0, 1000, 10_000_000)


def test_its_first_weights_are_those_of_the_seed():
    torch.manual_seed(3)
    made = make(small("gru"), codec_of("mulaw8"), 0, 4, 32)
    torch.manual_seed(3)
    plain = build(small("gru"), "model", type(made).__mro__[1], levels=256, silence=(128,), classes=0)
    for name, value in plain.state_dict().items():
        assert torch.equal(made.state_dict()[name], value)


def test_what_there_is_of_memory_can_be_afforded():
    there = machine.memory()
    if there:
        machine.afford(there, "all of it")
        with pytest.raises(ValueError, match=r"^more takes"):
            machine.afford(there + 1, "more")
