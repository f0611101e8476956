"""Each cell against an equation that somebody else wrote: numpy's, or torch's own loop."""

import numpy as np
import pytest
import torch

from gen.models.rnn import CELLS, Elman
from tests.small import built

B, T, INPUTS, H = 3, 7, 5, 6


@pytest.mark.parametrize("cell", CELLS)
def test_each_cell_is_torchs_own(cell):
    torch.manual_seed(1)
    rnn = CELLS[cell](INPUTS, H, **({"activation": "tanh"} if cell == "elman" else {})).double()
    x = torch.randn(B, T, INPUTS, dtype=torch.double)
    state = tuple(torch.randn(B, H, dtype=torch.double) for _ in range(rnn.parts))
    theirs = {"elman": torch.nn.RNNCell, "lstm": torch.nn.LSTMCell, "gru": torch.nn.GRUCell}[cell](INPUTS, H).double()
    theirs.load_state_dict({k.removesuffix("_l0"): v for k, v in rnn.state_dict().items()})
    want = state if rnn.parts > 1 else state[0]
    for t in range(T):
        y, state = rnn.step(x[:, t], state)
        want = theirs(x[:, t], want)
        torch.testing.assert_close(y, want[0] if rnn.parts > 1 else want)


F = {"tanh": np.tanh, "sigmoid": lambda a: 1 / (1 + np.exp(-a)), "relu": lambda a: np.maximum(a, 0)}
SLOPE = {"tanh": lambda h: 1 - h**2, "sigmoid": lambda h: h * (1 - h), "relu": lambda h: (h > 0).astype(float)}


@pytest.mark.parametrize("activation", F)
def test_elman_and_its_gradients_are_backpropagation_through_time_in_numpy(activation):
    torch.manual_seed(2)
    rnn = Elman(INPUTS, H, activation).double()
    x = torch.randn(T, INPUTS, dtype=torch.double)
    pull = torch.randn(T, H, dtype=torch.double)  # d loss / d h[t]
    start = torch.randn(1, H, dtype=torch.double, requires_grad=True)
    y, _ = rnn.run(x[None], (start,))
    (y[0] * pull).sum().backward()

    w, u, b, c = (p.detach().numpy() for p in rnn.parameters())
    h = [start.detach().numpy()[0]]
    for t in range(T):
        h.append(F[activation](w @ x[t].numpy() + b + u @ h[-1] + c))
    np.testing.assert_allclose(y[0].detach().numpy(), h[1:])
    dw, du, db, flowing = np.zeros_like(w), np.zeros_like(u), np.zeros_like(b), np.zeros(H)
    for t in reversed(range(T)):
        before = (pull[t].numpy() + flowing) * SLOPE[activation](h[t + 1])
        dw += np.outer(before, x[t].numpy())
        du += np.outer(before, h[t])
        db += before
        flowing = u.T @ before
    for got, want in zip(rnn.parameters(), (dw, du, db, db), strict=True):
        np.testing.assert_allclose(got.grad.numpy(), want, atol=1e-12)
    np.testing.assert_allclose(start.grad.numpy()[0], flowing, atol=1e-12)


def test_dropout_acts_between_layers_in_training_only():
    torch.manual_seed(3)
    model = built("gru", 16, (8,), hidden=8, embedding=4, layers=2, dropout=0.5)
    x, state = torch.randint(16, (2, 5)), model.start(torch.zeros(2, dtype=torch.long))
    assert not torch.equal(model(x, state)[0], model(x, state)[0])
    model.eval()
    assert torch.equal(model(x, state)[0], model(x, state)[0])


@pytest.mark.parametrize(
    ("bad", "named"),
    [({"cell": "gro"}, "elman, lstm, gru"), ({"activation": "gelu"}, "sigmoid"), ({"activation": "relu"}, "elman")],
)
def test_a_wrong_choice_lists_the_right_ones(bad, named):
    with pytest.raises(ValueError, match=named):
        built("elman" if bad == {"activation": "gelu"} else "gru", 16, (8,), **bad)
