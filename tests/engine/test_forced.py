import numpy as np
import pytest
import torch

from gen.base.uniforms import Uniforms
from gen.engine.forced import cost, hear
from gen.engine.player import Engine
from gen.models.likelihood import cross_entropies
from tests.small import LEVELS, MODELS, sharp


def silence(name):
    return (LEVELS // 2, 0) if name == "wavernn" else (LEVELS // 2,)


@pytest.mark.parametrize("name", MODELS)
def test_what_symbols_cost_is_what_the_model_says(name):
    model = sharp(name, classes=2).double()
    y = torch.randint(LEVELS, (3, 640), generator=torch.Generator().manual_seed(0))
    labels = [0, 1, 0]
    before = torch.full((3, 1), silence(name)[-1])
    with torch.inference_mode():
        logits, _ = model(torch.cat([before, y[:, :-1]], 1), model.start(torch.tensor(labels)))
    log_p = torch.log_softmax(logits, -1)
    entropy = -(log_p.exp() * log_p).sum(-1)
    engine = Engine(model, silence(name), "float64")
    found = hear(engine, engine.begin(labels), y.numpy())
    np.testing.assert_allclose(found.nats, cross_entropies(logits, y)[1].numpy(), atol=1e-9)
    np.testing.assert_allclose(found.expected, entropy.numpy(), atol=1e-9)
    variance = (log_p.exp() * (log_p + entropy[..., None]) ** 2).sum(-1)
    np.testing.assert_allclose(found.variance, variance.numpy(), atol=1e-9)


def test_streams_that_heard_go_on_as_from_a_prime():
    engine = Engine(sharp("tiered"), (8,))
    symbols = np.random.default_rng(0).integers(0, LEVELS, 700)
    one, other = engine.begin([0]), engine.begin([0])
    engine.prime(one, symbols)
    for part in (symbols[:300], symbols[300:]):
        hear(engine, other, part[None])
    uniforms = Uniforms(0, 0).take(50)[None]
    assert np.array_equal(engine.advance(one, 50, None, uniforms), engine.advance(other, 50, None, uniforms))


@pytest.mark.parametrize("name", ["gru", "tiered"])
def test_a_models_own_takes_surprise_it_as_much_as_it_expected(name):
    engine = Engine(sharp(name), silence(name))
    made = np.concatenate(list(engine.generate(2000, range(16), [0] * 16, 0)), 1)
    found = hear(engine, engine.begin([0] * 16), made)
    error = (found.nats - found.expected).sum() / np.sqrt(found.variance.sum())
    assert abs(error) < 4  # standard deviations
    strange = hear(engine, engine.begin([0] * 16), np.random.default_rng(0).integers(0, LEVELS, made.shape))
    assert (strange.nats - strange.expected).sum() / np.sqrt(strange.variance.sum()) > 40


def test_of_equal_chances_each_costs_the_logarithm_of_how_many_there_are():
    found = cost(np.zeros((1, 5, 256)), np.arange(5)[None])
    assert np.allclose(found.bits, 8)
    assert np.allclose(found.expected, np.log(256))
    assert np.array_equal(found.variance, np.zeros((1, 5)))


def test_no_symbols_cost_nothing():
    engine = Engine(sharp("gru"), (8,))
    assert hear(engine, engine.begin([0, 0]), np.zeros((2, 0))).nats.shape == (2, 0)
