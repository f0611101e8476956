"""The past heard through noise: how much, that none is none, and that it depends on the seed and the step alone."""

import torch

from gen.training.noise import Noisy


def noisy(noise, levels=256, seed=0, lanes=1, mine=None):
    return Noisy(noise, levels, seed, lanes, mine or range(lanes))


def test_without_noise_symbols_are_the_same():
    x = torch.randint(256, (3, 50))
    assert noisy(0.0, lanes=3)(x, 0) is x


def test_noise_is_laplacian_with_deviations_that_change_with_the_span():
    """The mean magnitude of a Laplacian is its deviation over the root of 2; that of 1.5 ln u + 0.5 ln v is 2."""
    for levels in (256, 1024):
        x = torch.full((400, 3000), levels // 2)
        heard = [(noisy(noise, levels, lanes=400)(x, 0) - levels // 2).double() * 256 / levels for noise in (1.0, 0.5)]
        spans = torch.stack([part.abs().mean(1) for part in heard[0].split(1024, 1)])
        assert abs(spans.mean().item() - 2**0.5) < 0.12
        assert spans.std() > 0.5
        assert abs(heard[1].abs().mean().item() - 2**0.5 / 2) < 0.12  # small steps are rounded away
        assert abs(heard[0].mean().item()) < 0.02
        fourth = (heard[0][:, :1024] ** 4).mean(1) / (heard[0][:, :1024] ** 2).mean(1) ** 2
        assert 5 < fourth[spans[0] > 1].mean() < 7  # of a Laplacian it is 6, of a Gaussian 3


def test_what_is_heard_is_a_symbol():
    x = torch.tensor([[0, 255] * 600])
    heard = noisy(10.0)(x, 0)
    assert heard.dtype == torch.int64
    assert (heard.min(), heard.max()) == (0, 255)
    assert (heard != x).float().mean() > 0.3


def test_it_depends_on_the_seed_and_the_step_and_ranks_hear_what_one_would():
    x, before = torch.randint(256, (4, 2000)), torch.get_rng_state()
    whole = noisy(1.0, seed=7, lanes=4)
    parts = [noisy(1.0, seed=7, lanes=4, mine=range(begin, begin + 2)) for begin in (0, 2)]
    assert torch.equal(torch.cat([part(x[2 * i : 2 * i + 2], 5) for i, part in enumerate(parts)]), whole(x, 5))
    assert torch.equal(whole(x, 5), whole(x, 5))
    assert not torch.equal(whole(x, 6), whole(x, 5))
    assert not torch.equal(noisy(1.0, seed=8, lanes=4)(x, 5), whole(x, 5))
    assert torch.equal(torch.get_rng_state(), before)
