"""Which parameters which optimizer moves, and how far."""

import pytest
import torch

from gen.training import muon
from gen.training.optimizers import build
from tests.small import MODELS, small_model


@pytest.mark.parametrize("name", MODELS)
def test_every_parameter_is_moved_once_and_muon_moves_inner_matrices_alone(name):
    net = small_model(name, classes=3, **({"weight_norm": True} if name == "samplernn" else {}))
    adamw, muon = ([p for g in o.param_groups for p in g["params"]] for o in build("muon", net, 0.001))
    assert sorted(map(id, adamw + muon)) == sorted(map(id, net.parameters()))
    names = {id(p): n for n, p in net.named_parameters()}
    assert all(p.ndim == 2 for p in muon)
    others = ("embedding", "label", "out.", "coarse.2", "fine.2")
    assert not [names[id(p)] for p in muon if names[id(p)].startswith(others)]
    assert all(min(p.shape) > 1 for p in muon)
    assert [len(o.param_groups[0]["params"]) for o in build("adamw", net, 0.001)] == [len(names)]


def test_muon_moves_a_matrix_in_all_its_directions_alike():
    torch.manual_seed(0)
    net = small_model("tiered")
    matrix, rate = net.up[0].weight, 0.01
    before = matrix.detach().clone()
    matrix.grad = torch.randn(matrix.shape)
    sizes = torch.linalg.svdvals(matrix.grad)
    assert sizes.max() > 4 * sizes.min()
    _, muon = build("muon", net, rate)
    muon.step()
    moved = torch.linalg.svdvals(matrix.detach() - before * (1 - rate * 0.01))
    size = 0.2 * max(matrix.shape) ** 0.5 * rate
    assert (moved / size).min() > 0.3
    assert (moved / size).max() < 1.5


def test_an_unknown_optimizer_is_refused_by_name():
    with pytest.raises(ValueError, match="optimizer=sgd: there are adamw and muon"):
        build("sgd", small_model("gru"), 0.001)


def test_muon_is_torchs_with_matrices_of_a_shape_side_by_side():
    torch.manual_seed(0)
    shapes = [(24, 8), (8, 24), (24, 8), (16, 16), (8, 24), (5, 3)]
    both = [[torch.nn.Parameter(w.clone()) for w in (torch.randn(s) for s in shapes)] for _ in range(2)]
    for ours, theirs in zip(*both, strict=True):
        theirs.data.copy_(ours)
    how = {"lr": 0.01, "weight_decay": 0.1, "ns_steps": 3, "adjust_lr_fn": "match_rms_adamw"}
    optimizers = muon.Muon(both[0], **how), torch.optim.Muon(both[1], **how)
    for _ in range(4):
        before = [w.detach().clone() for w in both[0]]
        for ours, theirs in zip(*both, strict=True):
            ours.grad = torch.randn_like(ours)
            theirs.grad = ours.grad.clone()
        for optimizer in optimizers:
            optimizer.step()
    for ours, theirs, was in zip(*both, before, strict=True):
        assert (ours - theirs).norm() < 0.1 * (ours - was).norm()  # bfloat16 has eight bits
        state, other = (o.state[w]["momentum_buffer"] for o, w in zip(optimizers, (ours, theirs), strict=True))
        torch.testing.assert_close(state, other)
