import numpy as np
import pytest
import soundfile

from gen.engine.forced import hear
from gen.repair import blended
from gen.repair import continuation as filled
from gen.sampling.trained import Trained
from gen.sound import autoregression
from tests.small import save_run

RATE = 8000


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return save_run(tmp_path_factory.mktemp("continuation") / "run")


def sides(run, seconds=1.0, gap=400):
    """Return a take of the model in `run`, before, in and after a gap."""
    wave = Trained(run).sample(seconds=seconds, seed=5).astype(np.float64)
    return np.split(wave, [len(wave) // 2, len(wave) // 2 + gap])


def fill(run, before, count, after, seed=0, stream=0):
    trained = Trained(run)
    predicted = autoregression.fill(before, count, after, RATE)
    return filled.continuation(trained.sampler(), trained.codec, before, predicted, after, RATE, 0, seed, stream, 1.0)


def test_without_resampling_it_is_the_stream_after_which_the_right_side_is_likeliest(run, monkeypatch):
    monkeypatch.setattr(filled, "SHARP", 0.0)
    monkeypatch.setattr(blended, "TRUST", 1e9)  # the likeliest alone counts
    monkeypatch.setattr(blended, "foretold", lambda *sides: 0.0)
    before, gap, after = sides(run)
    trained, steps = Trained(run), len(gap)
    engine, codec = trained.sampler(), trained.codec
    symbols, last = codec.encode(before), codec.encode(after[: round(filled.AFTER[1] * RATE)])
    streams = range(3 * filled.STREAMS, 4 * filled.STREAMS)
    monkeypatch.setattr(filled, "STEP", 1.0)  # one look, so that no number is taken between
    made = np.concatenate(list(engine.generate(steps, streams, [0] * len(streams), 7, primed=symbols)), 1)
    state = engine.begin([0] * len(streams))
    engine.prime(state, symbols)
    hear(engine, state, made)
    bits = hear(engine, state, np.tile(last, (len(streams), 1))).bits.mean(1)
    found = fill(run, before, steps, after, seed=7, stream=3)
    assert found.bits == pytest.approx(bits.min(), abs=1e-5)
    fade = round(filled.FADE * RATE)
    assert found.wave[fade:-fade] == pytest.approx(codec.decode(made[bits.argmin()])[fade:-fade], abs=1e-6)
    assert found.wave.shape == gap.shape


def test_its_level_is_led_to_the_one_after_it():
    random = np.random.default_rng(0)
    loud, faint = (0.2 * random.standard_normal(4 * RATE) * level for level in (1.0, 0.25))
    wave = filled.joined(loud[: 2 * RATE], loud[2 * RATE :], faint, RATE)
    levels = [wave[at : at + 400].std() for at in (0, 12000, 14400, 15400)]
    assert levels[0] == pytest.approx(levels[1], rel=0.2)
    assert levels[1] > 1.5 * levels[2] > 2 * levels[3]
    silent = filled.joined(loud[: 2 * RATE], loud[2 * RATE :], 1e-9 * faint, RATE)
    assert silent[15400:15800].std() > 0.05 * loud.std()  # by so many dB at most


def test_resampling_leads_to_where_the_right_side_is_likelier(run, monkeypatch):
    parts = [sides(run, gap=400 + 40 * n) for n in range(6)]
    twisted = [fill(run, before, len(gap), after).bits for before, gap, after in parts]
    monkeypatch.setattr(filled, "STREAMS", 1)
    alone = [fill(run, before, len(gap), after).bits for before, gap, after in parts]
    assert all(among < one for among, one in zip(twisted, alone, strict=True))


def test_it_is_the_same_again_and_another_for_another_stream(run):
    before, gap, after = sides(run)
    first = fill(run, before, len(gap), after)
    assert np.array_equal(fill(run, before, len(gap), after).wave, first.wave)
    assert not np.array_equal(fill(run, before, len(gap), after, stream=1).wave, first.wave)
    assert not np.array_equal(fill(run, before, len(gap), after, seed=1).wave, first.wave)


def test_at_an_end_there_is_one_side(run):
    before, gap, after = sides(run)
    nothing = np.zeros(0)
    assert fill(run, before, len(gap), nothing).wave.shape == gap.shape
    assert fill(run, nothing, len(gap), after).wave.shape == gap.shape


def test_a_resampled_stream_is_the_likeliest(run):
    trained = Trained(run)
    engine = trained.sampler()
    state = filled.Filter(engine, engine.begin([0]), 0, 0, 16, 1.0)
    state.sample(50)
    before = state.symbols()
    twist = np.zeros(16)
    twist[5] = 100.0
    state.resample(twist)
    assert np.array_equal(state.symbols(), np.tile(before[5], (16, 1)))
    state.sample(50)
    assert len(np.unique(state.symbols(), axis=0)) == 16  # each goes on by its own numbers
    heard = engine.begin([0])
    hear(engine, heard, state.symbols()[3:4])
    assert np.array_equal(heard.numbers[0], state.state.numbers[3])


@pytest.mark.parametrize(("rate", "channels"), [(8000, 1), (44100, 2)])
def test_repair_fills_a_long_gap_by_the_model_at_any_rate(gen, run, tmp_path, rate, channels):
    wave = np.repeat(np.concatenate(sides(run, 1.5))[:, None], channels, 1)
    wave = np.repeat(wave, rate // 8000, 0)
    soundfile.write(tmp_path / "a.wav", wave, rate)
    code, out, err = gen("repair", "a.wav", "gap=0.7:0.8", f"run={run}", "count=2")
    assert code == 0
    assert out.split() == ["a-repaired-0.wav", "a-repaired-1.wav"]
    assert "100.0 ms filled by model, after which the rest costs" in err
    before, one, two = (
        soundfile.read(tmp_path / name, dtype="int16", always_2d=True)[0] for name in ("a.wav", *out.split())
    )
    gap = np.zeros(len(before), bool)
    gap[round(0.7 * rate) : round(0.8 * rate)] = True
    for made in (one, two):
        assert np.array_equal(made[~gap], before[~gap])
        assert 0.2 < made[gap].std() / before.std() < 5
    assert not np.array_equal(one[gap], two[gap])
    first = (tmp_path / "a-repaired-0.wav").read_bytes()
    gen("repair", "a.wav", "gap=0.7:0.8", f"run={run}", "out=again.wav")
    assert np.array_equal(soundfile.read(tmp_path / "again.wav", dtype="int16", always_2d=True)[0], one)
    assert gen("repair", "a.wav", "gap=0.7:0.8", f"run={run}", "count=2")[1].split() == out.split()
    assert (tmp_path / "a-repaired-0.wav").read_bytes() == first


def test_a_model_of_another_kind_of_sound_is_said_to_be(gen, run, tmp_path):
    soundfile.write(tmp_path / "a.wav", np.random.default_rng(0).uniform(-1, 1, 8000), RATE)
    err = gen("repair", "a.wav", "gap=0.6:0.7", f"run={run}")[2]
    assert err.count("learned another kind of sound") == 1
    soundfile.write(tmp_path / "b.wav", np.concatenate(sides(run, 1.5)), RATE)
    assert "another kind" not in gen("repair", "b.wav", "gap=0.6:0.7", f"run={run}")[2]
