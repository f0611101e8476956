import numpy as np
import pytest

from gen.sound.codec import Linear16, MuLaw, leaky_sum


@pytest.mark.parametrize("bits", range(8, 13))
@pytest.mark.parametrize("emphasis", [0.0, 0.85])
def test_every_mu_law_symbol_survives_decoding_and_encoding(bits, emphasis):
    codec = MuLaw(bits, emphasis)
    every = np.random.default_rng(0).permutation(codec.levels)
    assert np.array_equal(codec.encode(codec.decode(every)), every)


def test_every_16_bit_value_survives():
    codec = Linear16()
    every = np.stack(np.divmod(np.arange(65536), 256), -1).ravel()
    assert np.array_equal(codec.encode(codec.decode(every)), every)


@pytest.mark.parametrize("codec", [MuLaw(8, 0.0), MuLaw(12, 0.0), MuLaw(8, 0.85), Linear16()])
def test_silence_is_exactly_zero(codec):
    assert not codec.decode(np.tile(codec.silence, 100)).any()
    assert np.array_equal(codec.encode(np.zeros(100)), np.tile(codec.silence, 100))


def test_mu_law_is_the_companding_curve_of_g711():
    """Points of F(x) = ln(1 + 255 x) / ln 256, computed by hand: 128 F rounded, above the level of silence."""
    x = np.array([0.0, 1 / 255, 15 / 255, 63 / 255, -15 / 255])
    assert MuLaw(8, 0.0).encode(x).tolist() == [128, 128 + 16, 128 + 64, 128 + 96, 128 - 64]


@pytest.mark.parametrize(("bits", "at_least_db"), [(8, 36), (10, 48), (12, 60)])
@pytest.mark.parametrize("level_db", [-3, -20, -30])
def test_a_tone_keeps_the_signal_to_noise_ratio_of_its_bits_at_any_level(bits, at_least_db, level_db):
    wave = 10 ** (level_db / 20) * np.sin(np.arange(16000) * 2 * np.pi * 440.3 / 16000)
    codec = MuLaw(bits, 0.0)
    noise = codec.decode(codec.encode(wave)) - wave
    assert 10 * np.log10(np.mean(wave**2) / np.mean(noise**2)) > at_least_db - (5 if level_db < -25 else 1)


def test_values_out_of_range_clip():
    assert MuLaw(8, 0.0).encode([2.0, -2.0]).tolist() == [255, 0]
    assert Linear16().encode([2.0, -2.0]).tolist() == [255, 255, 0, 0]


def test_emphasis_in_blocks_is_emphasis_of_the_whole():
    wave = np.random.default_rng(0).uniform(-0.3, 0.3, 1000)
    codec = MuLaw(8, 0.85)
    whole = codec.encode(wave)
    assert np.array_equal(np.concatenate([codec.encode(wave[:300]), codec.encode(wave[300:], wave[299])]), whole)
    first = codec.decode(whole[:300])
    second = codec.decode(whole[300:], leaky_sum(codec_linear(whole[:300]), 0.85)[-1])
    np.testing.assert_allclose(np.concatenate([first, second]), codec.decode(whole), atol=1e-7)


def codec_linear(symbols):
    return MuLaw(8, 0.0).decode(symbols).astype(np.float64)


def test_leaky_sum_is_its_recursion():
    wave = np.random.default_rng(0).normal(size=(2, 200))
    want, last = np.empty_like(wave), np.full(2, 0.5)
    for t in range(200):
        last = want[:, t] = wave[:, t] + 0.9 * last
    np.testing.assert_allclose(leaky_sum(wave, 0.9, 0.5), want)


@pytest.mark.parametrize(
    ("bad", "named"), [({"bits": 7}, "8 to 12"), ({"bits": 16}, "linear16"), ({"emphasis": 1.0}, "1")]
)
def test_a_wrong_setting_is_named(bad, named):
    with pytest.raises(ValueError, match=named):
        MuLaw(**{"bits": 8, "emphasis": 0.0, **bad})


@pytest.mark.parametrize("codec", [MuLaw(8, 0.0), MuLaw(12, 0.85), Linear16()])
def test_a_sound_decoded_in_blocks_is_the_same_bits(codec):
    symbols = np.random.default_rng(0).integers(0, codec.levels, (3, 1000 * codec.digits))
    blocks = np.split(symbols, [64 * codec.digits, 256 * codec.digits], 1)
    made = np.concatenate(list(codec.decode_blocks(blocks, 0.25)), 1)
    assert made.tobytes() == codec.decode(symbols, 0.25).tobytes()
