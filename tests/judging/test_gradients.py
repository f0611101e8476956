import numpy as np
import pytest
import torch

from gen.judging.gradients import distances, faded, kept, norms, steepest
from tests.small import LEVELS, MODELS, built, sharp

T = 32


def elman(**changes):
    torch.manual_seed(0)
    return built("elman", LEVELS, (8,), hidden=6, embedding=5, layers=1, **changes).double().eval()


def test_they_are_backpropagation_through_time_in_numpy():
    model, x = elman(), torch.randint(LEVELS, (1, T + 1))
    far = distances(1, 20)
    got = norms(model, x, torch.tensor([0]), far).numpy()[:, 0]
    rnn, out = model.layers[0], model.out
    w, u, b, c = (p.detach().numpy() for p in (rnn.weight_ih_l0, rnn.weight_hh_l0, rnn.bias_ih_l0, rnn.bias_hh_l0))
    h, seen = [np.zeros(6)], model.embedding.weight.detach().numpy()
    for symbol in x[0, :-1]:
        h.append(np.tanh(w @ seen[symbol] + b + u @ h[-1] + c))
    p = torch.softmax(out(torch.from_numpy(h[-1])), -1).detach().numpy()
    p[x[0, -1]] -= 1
    flowing, want = out.weight.detach().numpy().T @ p, {}
    for k in range(1, 21):  # d loss / d h_{T - k}
        flowing = u.T @ (flowing * (1 - h[-k] ** 2))
        want[k] = np.linalg.norm(flowing)
    np.testing.assert_allclose(got, [want[k] for k in far], rtol=1e-9)


def test_an_elman_network_forgets_at_least_as_fast_as_its_largest_singular_value_says():
    model = elman()
    with torch.no_grad():
        model.layers[0].weight_hh_l0.mul_(2)
    bound = steepest(model)
    assert bound == pytest.approx(np.linalg.svd(model.layers[0].weight_hh_l0.detach().numpy())[1][0])
    far = distances(1, 24)
    found = norms(model, torch.randint(LEVELS, (3, T + 1)), torch.zeros(3, dtype=torch.long), far).numpy()
    for k, norm in zip(far, found, strict=True):
        assert (norm <= found[-1] * bound ** (k - 1) * (1 + 1e-9)).all()


@pytest.mark.parametrize("name", MODELS)
def test_every_family_has_them(name):
    model = sharp(name, classes=2).double()
    far = distances(model.stride, 32)
    assert all(k % model.stride == 0 for k in far)
    length = 40 // model.stride * model.stride
    x, labels = torch.randint(LEVELS, (3, length + 1)), torch.tensor([0, 1, 0])
    found = norms(model, x, labels, far)
    assert found.shape == (len(far), 3)
    assert found.isfinite().all()
    assert (found[-1] > 0).all()
    torch.testing.assert_close(norms(model, x[1:2], labels[1:2], far), found[:, 1:2])


def test_only_of_one_elman_layer_it_is_known_how_much_a_symbol_keeps_at_most():
    relu, sigmoid = elman(activation="relu"), elman(activation="sigmoid")
    assert steepest(sigmoid) == pytest.approx(steepest(relu) / 4)
    assert steepest(sharp("gru")) is None
    assert steepest(sharp("elman", layers=2)) is None
    assert steepest(sharp("tiered")) is None


def test_what_a_symbol_keeps_is_measured_between_the_nearest_and_the_farthest():
    assert kept([8, 4, 1], [0.5**7, 0.1, 1]) == pytest.approx(0.5)
    assert kept([8, 3, 1], [0, 0.25, 1]) == pytest.approx(0.5)
    assert kept([1], [1]) == 0


def test_distances_grow_by_octaves_of_the_stride():
    assert distances(1, 8) == [8, 6, 4, 3, 2, 1]
    assert distances(64, 300) == [256, 192, 128, 64]
    assert distances(64, 10) == [64]


def test_it_has_faded_where_a_hundredth_is_left_for_good():
    assert faded([8, 4, 2, 1], [0.001, 0.02, 0.005, 1]) == 8
    assert faded([8, 4, 2, 1], [0.5, 0.02, 0.005, 1]) is None
