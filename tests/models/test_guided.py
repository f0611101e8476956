"""A guided model is a model: its laws, and what guidance is, by an equation of its own."""

import pytest
import torch

from gen.models.base import tree_leaves
from gen.models.guided import Guidance, Guided
from tests.small import LEVELS, MODELS, small_model

CHANNELS, HOP = 5, 8
AWAY = [Guidance(2.0, 2, False), Guidance(3.0, 2, True), Guidance(0.5, None, False)]


@pytest.fixture(params=MODELS)
def case(request):
    """Yield a float64 model, input of a few strides, and what it is told."""
    torch.manual_seed(0)
    model = small_model(request.param, classes=3, control=CHANNELS, hop=HOP).double().eval()
    control = torch.randn(2, 3, CHANNELS, dtype=torch.double)
    return model, torch.randint(LEVELS, (2, 3 * HOP)), torch.tensor([0, 1]), control


@pytest.mark.parametrize("guidance", AWAY)
def test_its_step_equals_its_forward_and_chunks_the_whole(case, guidance):
    model, x, labels, control = case
    guided = Guided(model, guidance)
    want, after = guided(x, guided.start(labels), control)
    state, got = guided.start(labels), []
    for t in range(x.shape[1]):
        logits, state = guided.step(x[:, t], state, control[:, t // model.stride])
        got.append(logits)
    torch.testing.assert_close(torch.stack(got, 1), want, atol=1e-9, rtol=0)
    state, chunks = guided.start(labels), []
    for number, part in enumerate(x.split(model.stride, 1)):
        logits, state = guided(part, state, control[:, number : number + 1])
        chunks.append(logits)
    torch.testing.assert_close(torch.cat(chunks, 1), want, atol=1e-9, rtol=0)
    assert [a.shape for a in tree_leaves(after)] == [a.shape for a in tree_leaves(guided.start(labels))]


@pytest.mark.parametrize("guidance", AWAY)
def test_its_odds_are_those_told_times_a_power_of_what_being_told_makes_likelier(case, guidance):
    """p = told (told / untold)^(w - 1), as Ho & Salimans have it, up to a constant."""
    model, x, labels, control = case
    other = labels if guidance.label is None else torch.full_like(labels, guidance.label)
    told = model(x, model.start(labels), control)[0].softmax(-1)
    untold = model(x, model.start(other), control if guidance.curves else None)[0].softmax(-1)
    odds = told * (told / untold) ** (guidance.weight - 1)
    guided = Guided(model, guidance)
    got = guided(x, guided.start(labels), control)[0].softmax(-1)
    torch.testing.assert_close(got, odds / odds.sum(-1, keepdim=True), atol=1e-9, rtol=0)
