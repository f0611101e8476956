import json

import numpy as np
import pytest
import soundfile

from gen.corpus.cache import Recording
from gen.corpus.corpus import prepare
from gen.corpus.splits import Segment
from gen.judging.baselines import COEFFICIENT, ORDER, PER_BLOCK, _fitted, baselines, linear_prediction_per_block
from gen.judging.evaluate import measure, rows, write
from gen.run import checkpoint
from gen.run.folder import MODEL
from gen.sampling.trained import Trained
from gen.sound import codec as codecs
from tests.small import MULAW, model_node, save_run, train

pytestmark = pytest.mark.trains


def evaluate(run, **settings):
    """Score a run and write what was found beside it, as the command does; return it."""
    result = measure(run, **settings)
    write(run, result)
    return result


def segments(tmp_path, waves, codec):
    out = []
    for index, wave in enumerate(waves):
        symbols = codec.encode(wave).astype(np.uint8)
        path = tmp_path / str(index)
        path.write_bytes(symbols.tobytes())
        out.append(Segment(Recording(str(index), path, "uint8", len(symbols), 8000), 0, len(symbols), 0))
    return out


@pytest.mark.parametrize("codec", [codecs.MuLaw(8, 0.0), codecs.MuLaw(8, 0.85), codecs.Linear16()])
def test_uniform_noise_over_the_symbols_needs_all_the_bits(tmp_path, codec):
    random = np.random.default_rng(0)
    made = []
    for index in range(4):
        symbols = random.integers(0, 256, 40_000).astype(np.uint8)
        (tmp_path / str(index)).write_bytes(symbols.tobytes())
        made.append(Segment(Recording(str(index), tmp_path / str(index), "uint8", 40_000, 8000), 0, 40_000, 0))
    bits = baselines(made[:3], made[3:], codec)
    whole = 8 * codec.digits
    assert bits["uniform"] == whole
    assert bits["histogram"] == pytest.approx(whole, abs=0.02)
    assert bits["first-order Markov"] >= whole
    assert bits["linear prediction, order 16"] >= whole - 0.01
    assert whole <= bits[PER_BLOCK] <= whole + 0.001  # two bits a block say that it is as it is


def test_a_coin_between_two_levels_needs_one_bit_and_an_alternation_none_after_its_context(tmp_path):
    codec, random = codecs.MuLaw(8, 0.0), np.random.default_rng(0)
    coin = [codec.decode(100 + 50 * random.integers(0, 2, 20_000)) for _ in range(2)]
    made = segments(tmp_path, coin, codec)
    assert baselines(made[:1], made[1:], codec)["histogram"] == pytest.approx(1.0, abs=0.01)
    turns = [codec.decode(np.tile([100, 150], 10_000)) for _ in range(2)]
    made = segments(tmp_path, turns, codec)
    bits = baselines(made[:1], made[1:], codec)
    assert bits["histogram"] == pytest.approx(1.0, abs=0.01)
    assert bits["first-order Markov"] < 0.01


@pytest.mark.parametrize("scale", [0.02, 0.1])
def test_linear_prediction_of_an_autoregression_comes_near_its_entropy(tmp_path, scale):
    """Its own coefficients and scales cost each block 311 bits, 0.076 a sample, which the entropy doesn't know of."""
    random, codec = np.random.default_rng(1), codecs.Linear16()
    waves = []
    for _ in range(2):
        wave, noise = np.zeros(30_000), random.laplace(0, scale / 10, 30_000)
        for t in range(2, len(wave)):
            wave[t] = 1.6 * wave[t - 1] - 0.8 * wave[t - 2] + noise[t]
        waves.append(np.clip(wave, -1, 1))
    made = segments(tmp_path, waves, codec)
    entropy = np.log2(2 * np.e * scale / 10 * 32768)  # of the Laplace law, in steps of 2**-15
    bits = baselines(made[:1], made[1:], codec)
    assert entropy - 0.02 < bits["linear prediction, order 16"] < entropy + 0.1
    assert entropy + 0.076 - 0.02 < bits[PER_BLOCK] < entropy + 0.076 + 0.05


@pytest.mark.parametrize("codec", [codecs.MuLaw(8, 0.0), codecs.MuLaw(8, 0.85), codecs.Linear16()])
def test_silence_costs_linear_prediction_per_block_next_to_nothing(tmp_path, codec):
    """The scales of its parts are 98 bits a block of 4,096, and its symbols 0.003 a sample each."""
    bits = linear_prediction_per_block(segments(tmp_path, [np.zeros(10_000), np.zeros(3)], codec), codec)
    assert 0 < bits < 0.04


def test_coefficients_are_told_in_whole_numbers_of_their_bits():
    random = np.random.default_rng(0)
    for size in (1e-9, 1.0, 300.0):
        past, weights = random.standard_normal((500, ORDER)), size * random.standard_normal(ORDER)
        fitted = _fitted(past, past @ weights)
        step = 2.0 ** (np.ceil(np.log2(np.abs(weights).max() + 1e-9)).clip(-16, 15) - COEFFICIENT + 1)
        told = fitted / step
        assert np.array_equal(told, told.round())
        assert np.abs(told).max() <= 2 ** (COEFFICIENT - 1)
        assert np.abs(fitted - weights).max() <= step


def test_the_probabilities_of_linear_prediction_sum_to_one():
    from gen.judging.baselines import _laplace

    law = codecs.MuLaw(8, 0.0)
    every = np.arange(256)
    low, high = law.decode(every - 0.5).astype(float), law.decode(every + 0.5).astype(float)
    low[0], high[-1] = -np.inf, np.inf
    assert np.allclose(low[1:], high[:-1])
    assert (_laplace((high - 0.1) / 0.03) - _laplace((low - 0.1) / 0.03)).sum() == pytest.approx(1.0)


def test_a_folder_whose_labels_have_changed_is_scored_with_the_models_own(tmp_path):
    trained = Trained(save_run(tmp_path / "run", ["hi", "lo"]))
    added, hi, lo = (Segment(None, 0, 1, number) for number in range(3))
    assert [s.label for s in trained.own_labels([lo, hi], ["added", "hi", "lo"])] == [1, 0]
    with pytest.raises(ValueError, match="label=added: this model has no such label"):
        trained.own_labels([added], ["added", "hi", "lo"])


def described(run, data):
    """Let the model in `run` say that it was trained with the settings `data`."""
    tensors, header, _ = checkpoint.read(run / MODEL, checkpoint.HEADER)
    trained = {"steps": 1, "samples": 1, "minutes": 1.0, "valid_bits": None, "files": 1, "seconds": 1.0}
    trained["settings"] = {"data": data}
    checkpoint.save(run / MODEL, tensors, {**header, "trained": trained})


def trained_run(folder, **more):
    """Train runs/a a little on 30 recordings in `folder`/in, with `more` settings of the data; return these."""
    for index in range(30):
        wave = 0.4 * np.sin(np.arange(2000) * (0.05 + 0.01 * index))
        (folder / "in").mkdir(exist_ok=True)
        soundfile.write(folder / "in" / f"{index}.wav", wave, 8000)
    settings = {"path": "in", "rate": 8000, "labels": "none", "valid": 0.2, "segment": 20.0, "tail": 0.0, **more}
    node = {**model_node("gru"), "hidden": 16, "embedding": 8}
    train(data=settings, codec=MULAW, model=node, steps=20, name="a", lanes=4, window=32)
    return settings


def test_evaluate_scores_what_training_held_out(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    settings = trained_run(tmp_path)
    done = evaluate("runs/a")
    held = prepare(**settings, codec=codecs.MuLaw(8, 0.0)).valid
    assert done["pieces"] == len(held) > 0
    assert done["part"] == "valid"
    assert json.loads((tmp_path / "runs/a/evaluate.json").read_text()) == done
    last = json.loads((tmp_path / "runs/a/log.jsonl").read_text().splitlines()[-1])
    assert done["bits_per_sample"] == pytest.approx(last["valid_bits"], abs=1e-5)
    (tmp_path / "names.txt").write_text("3.wav\n7.wav\n")
    named = evaluate("runs/a", names="names.txt")
    assert (named["part"], named["pieces"]) == ("files", 2)
    everything = evaluate("runs/a", names="all")
    assert (everything["part"], everything["pieces"]) == ("all", 30)
    assert set(everything["baselines"]) == {"uniform", PER_BLOCK}
    (tmp_path / "names.txt").write_text("other.wav\n")
    with pytest.raises(ValueError, match=r"data\.files=names\.txt: names none of the recordings"):
        evaluate("runs/a", names="names.txt")


def test_evaluate_opens_the_test_part_where_there_is_one_and_says_so(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    settings = trained_run(tmp_path, test=0.3)
    done = evaluate("runs/a")
    corpus = prepare(**settings, codec=codecs.MuLaw(8, 0.0))
    assert done["part"] == json.loads((tmp_path / "runs/a/evaluate.json").read_text())["part"] == "test"
    assert len(corpus.valid) != done["pieces"] == len(corpus.test) > 0
    assert rows({"runs/a": done})[0][-1].startswith(f"test, {done['pieces']} pieces")
    held = [s.recording.name for s in corpus.test]
    (tmp_path / "names.txt").write_text("\n".join(held))
    assert evaluate("runs/a", names="names.txt")["bits_per_sample"] == pytest.approx(done["bits_per_sample"], abs=1e-5)


def test_what_a_run_of_before_may_have_heard_is_told(tmp_path):
    run, path = save_run(tmp_path / "run"), tmp_path / "in" / "long.wav"
    path.parent.mkdir()
    soundfile.write(path, np.full(80_000, 0.1), 8000)
    data = {"path": str(path), "rate": 8000, "labels": "none", "valid": 0.1, "segment": 20.0, "tail": 0.0}
    for more, part in (({}, "valid, drawn anew"), ({"test": 0.0}, "valid"), ({"test": 0.1}, "test")):
        described(run, data | more)
        assert evaluate(run)["part"] == part


def test_a_list_may_name_all_there_is_of_a_label(tmp_path):
    run = save_run(tmp_path / "run", ["hi", "lo"])
    for index in range(6):
        path = tmp_path / "in" / ("hi" if index < 3 else "lo") / f"{index}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, np.full(800 + index, 0.1), 8000)
    data = {"path": str(tmp_path / "in"), "rate": 8000, "labels": "folder", "valid": 0.0, "segment": 20.0, "tail": 0.0}
    described(run, data)
    (tmp_path / "names.txt").write_text("0.wav\n1.wav\n2.wav\n")
    assert evaluate(run, names=str(tmp_path / "names.txt"))["pieces"] == 3
