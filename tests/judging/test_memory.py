import numpy as np
import pytest
import torch

from gen.corpus.splits import Segment
from gen.engine.player import Engine
from gen.judging.memory import Excerpt, Memory, excerpts, memory
from gen.models.likelihood import cross_entropies
from gen.sound.codec import MuLaw
from tests.small import LEVELS, sharp

RATE = 1000  # a millisecond is a symbol
CODEC = MuLaw(8, 0.0)


def drawn(count=6, before=40, after=70):
    random = np.random.default_rng(0)
    return [Excerpt(n % 2, random.integers(0, LEVELS, before + after - n), before) for n in range(count)]


def over_by_hand(model, chosen, first, last):
    """Return the mean of what symbols `first` to `last` behind the cut cost more in bits, by the model itself."""
    found = []
    for e in chosen:
        each = []
        for symbols in (e.symbols, e.symbols[e.cut :]):
            y = torch.from_numpy(symbols)[None]
            x = torch.cat([torch.tensor([[LEVELS // 2]]), y[:, :-1]], 1)
            logits, _ = model(x, model.start(torch.tensor([e.label])))
            each.append(cross_entropies(logits, y)[1][0].detach().numpy() / np.log(2))
        found.append((each[1] - each[0][e.cut :])[first:last])
    return np.concatenate(found).mean()


def test_it_is_what_symbols_cost_more_after_a_reset():
    model, chosen = sharp("gru", classes=2), drawn()
    got = memory(Engine(model, (LEVELS // 2,), "float32"), chosen, CODEC, RATE, 0.064)
    assert got.points[0][:2] == (0.0, 0.001)
    assert got.points[0][2] == pytest.approx(over_by_hand(model, chosen, 0, 1), abs=1e-3)
    _, b, over = next(point for point in got.points if point[0] == 0.008)
    assert over == pytest.approx(over_by_hand(model, chosen, 8, 12), abs=1e-3)  # symbols 8 to 11 ms behind it
    assert b == pytest.approx(0.008 * 2**0.5)


def test_what_lies_beyond_all_that_a_wavenet_sees_is_worth_nothing():
    """It sees 11 symbols: the last, and as far back as dilations of 1, 2, 4, 1 and 2 add up to."""
    engine = Engine(sharp("wavenet", classes=2), (LEVELS // 2,), "float32")
    points = memory(engine, drawn(), CODEC, RATE, 0.064).points
    assert all(over == 0 for a, _, over in points if a >= 0.011)
    assert all(over != 0 for _, b, over in points if b <= 0.011 and b > 0.0015)


def test_the_horizon_is_where_nearly_all_of_the_gain_is_there_for_good():
    edges = np.array([0, 1, 2, 4, 8, 16.0])
    assert Memory(3.0, edges, np.array([2, 0.05, 0.5, 0.09, 0])).horizon == 4  # at 2 it was there, and then not
    assert Memory(3.0, edges, np.array([2, 1, 0.5, 0.4, 0.3])).horizon is None
    assert Memory(3.0, edges, np.array([2, 1, 0.5, 0.01, np.nan])).horizon == 4
    assert Memory(3.0, edges, np.zeros(5)).horizon == 0


def test_excerpts_lie_within_their_segments_and_begin_with_a_sample():
    class Recording:
        def read(self, start, stop):
            return np.arange(start, stop)

    segments = [Segment(Recording(), 100, 140, 0), Segment(Recording(), 1000, 3000, 1)]
    chosen = excerpts(segments, 200, 2, 50, 0)
    assert {e.label for e in chosen} == {0, 1}
    for e in chosen:
        s = segments[e.label]
        assert s.start <= e.symbols[0] <= e.symbols[e.cut] <= e.symbols[-1] < s.stop
        assert e.symbols[e.cut] % 2 == 0
        assert e.cut <= 200
        assert len(e.symbols) - e.cut <= 200
    again = excerpts(segments, 200, 2, 50, 0)
    assert all(np.array_equal(a.symbols, b.symbols) for a, b in zip(chosen, again, strict=True))
