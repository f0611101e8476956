"""The past heard through noise: how much, and that none is none."""

import torch

from gen.training.noise import noisy


def test_without_noise_symbols_are_the_same_and_no_random_number_is_drawn():
    x, before = torch.randint(256, (3, 50)), torch.get_rng_state()
    assert noisy(x, 0.0, 256) is x
    assert torch.equal(torch.get_rng_state(), before)


def test_noise_is_laplacian_with_deviations_that_change_with_the_span():
    """The mean magnitude of a Laplacian is its deviation over the root of 2; that of 1.5 ln u + 0.5 ln v is 2."""
    torch.manual_seed(0)
    for levels in (256, 1024):
        x = torch.full((400, 3000), levels // 2)
        steps = (noisy(x, 1.0, levels) - levels // 2).abs().double() * 256 / levels
        spans = torch.stack([part.mean(1) for part in steps.split(1024, 1)])
        assert abs(spans.mean().item() - 2**0.5) < 0.12
        assert spans.std() > 0.5
        half = (noisy(x, 0.5, levels) - levels // 2).abs().double().mean() * 256 / levels
        assert abs(half.item() - 2**0.5 / 2) < 0.08


def test_what_is_heard_is_a_symbol():
    torch.manual_seed(0)
    x = torch.tensor([[0, 255] * 600])
    heard = noisy(x, 10.0, 256)
    assert heard.dtype == torch.int64
    assert (heard.min(), heard.max()) == (0, 255)
    assert (heard != x).float().mean() > 0.3
