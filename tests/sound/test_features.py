"""What is in waves of which it is known: tones, noise, silence, clicks, chirps."""

import numpy as np
import pytest

from gen.sound import features
from gen.sound.features import FAMILIES, NOTES, Frames, frames, hertz, pooled
from gen.sound.hearing import FLOOR
from gen.sound.pool import Pool

RATE = 16000
MIDDLE = slice(30, -30)  # frames that hear neither end


def sine(hz=440.0, seconds=2.0, rate=RATE, peak=0.5):
    return peak * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate)


def noise(seconds=2.0, rate=RATE, level=0.1, seed=0):
    return np.random.default_rng(seed).normal(0, level, round(seconds * rate))


def clicks(times, seconds=4.0, rate=RATE):
    """Return faint noise with loud, short bursts of it at `times`."""
    wave = noise(seconds, rate, 1e-4)
    for time in times:
        at = round(time * rate)
        wave[at : at + rate // 50] += noise(0.02, rate, 0.3)[: len(wave) - at] * np.linspace(1, 0, rate // 50)
    return wave


def columns(wave, family, rate=RATE, **settings):
    """Return the columns (n,) of a family by name."""
    found = frames(wave, rate, [family], **settings)
    return dict(zip(found.names, found.values.T, strict=True))


@pytest.mark.parametrize("rate", [8000, 16000, 44100])
@pytest.mark.parametrize("family", ["mel", "stft", "constant_q", "scalogram"])
def test_a_tone_is_highest_where_its_frequency_is(family, rate):
    hz = hertz(family, rate)
    highest = hz[frames(sine(rate=rate), rate, [family]).values[MIDDLE].argmax(1)]
    nearest = hz[np.abs(np.log(hz.clip(1) / 440)).argmin()]
    assert np.median(highest) == nearest == pytest.approx(440, rel=0.06)
    assert (highest == nearest).mean() > 0.95


@pytest.mark.parametrize("rate", [8000, 16000, 44100])
def test_a_tone_has_its_centroid_chroma_and_pitch_there(rate):
    told = columns(sine(rate=rate), "spectral", rate)
    assert told["centroid"][MIDDLE] == pytest.approx(440, abs=5)
    assert told["flatness"][MIDDLE].max() < 1e-4
    chroma = columns(sine(rate=rate), "chroma", rate)
    assert all(chroma[f"chroma_{note}"][MIDDLE].max() < 0.5 for note in NOTES if note != "A")
    assert chroma["chroma_A"][MIDDLE] == pytest.approx(1)
    pitch = columns(sine(rate=rate), "pitch", rate)
    assert 1200 * np.log2(pitch["f0"][MIDDLE] / 440) == pytest.approx(0, abs=10)  # cents
    assert pitch["voiced"][MIDDLE].min() > 0.8


@pytest.mark.parametrize("hz", [65, 220, 700])
def test_the_pitch_of_a_trembling_voice_is_followed(hz):
    time = np.arange(RATE) / RATE
    sung = hz * 2 ** (0.3 / 12 * np.sin(2 * np.pi * 5 * time))  # a third of a semitone, five times a second
    wave = sum(np.sin(2 * np.pi * n * np.cumsum(sung) / RATE) / n for n in range(1, 6)) / 5 + noise(1, level=0.003)
    found = frames(wave, RATE, ["pitch"])
    cents = np.abs(1200 * np.log2(found.values[5:-5, 0] / np.interp(found.times[5:-5], time, sung)))
    assert np.median(cents) < 8
    assert (cents < 20).mean() > 0.9  # and so nowhere unvoiced, nor an octave off


@pytest.mark.parametrize("rate", [8000, 16000, 44100])
def test_white_noise_is_flat_and_has_no_pitch(rate):
    told = columns(noise(rate=rate), "spectral", rate)
    assert told["flatness"].mean() == pytest.approx(0.5615, abs=0.02)  # exp(-Euler's constant), of a periodogram
    assert told["centroid"].mean() == pytest.approx(rate / 4, rel=0.03)
    assert np.isnan(columns(noise(rate=rate), "pitch", rate)["f0"]).mean() > 0.95


def test_levels_are_those_of_the_wave_and_an_ear_hears_less_of_what_is_low():
    level = columns(sine(1000), "level")
    assert level["rms"][MIDDLE] == pytest.approx(20 * np.log10(0.5 / np.sqrt(2)), abs=0.05)
    assert level["crossings"][MIDDLE].mean() == pytest.approx(2000, rel=0.02)
    heard = [columns(sine(hz), "loudness")["loudness"][MIDDLE].mean() for hz in (1000, 100)]
    assert heard[0] == pytest.approx(20 * np.log10(0.5 / np.sqrt(2)), abs=0.1)
    assert heard[0] - heard[1] == pytest.approx(19.1, abs=0.6)  # IEC 61672's curve A at 100 Hz
    scalogram = frames(sine(hertz("scalogram", RATE)[40], peak=1), RATE, ["scalogram"]).values[MIDDLE, 40]
    assert scalogram == pytest.approx(10 * np.log10(0.25), abs=0.1)


def test_the_ridge_of_a_scalogram_follows_a_chirp():
    time = np.arange(4 * RATE) / RATE
    chirp = 0.5 * np.sin(2 * np.pi * 100 / np.log(2) * 2**time)  # 100 Hz, doubled every second
    found = frames(chirp, RATE, ["scalogram"])
    ridge = hertz("scalogram", RATE)[found.values.argmax(1)]
    octaves = np.log2(ridge / (100 * 2**found.times))[MIDDLE]
    assert np.abs(octaves).max() < 0.15


def test_octaves_hold_their_own_sounds_and_add_up_to_the_wave():
    edges = hertz("octaves", RATE)
    for number, (low, high) in enumerate(zip(edges[1:], [*edges[2:], RATE / 2], strict=True), 1):
        levels = frames(sine(np.sqrt(low * high)), RATE, ["octaves"]).values[MIDDLE].mean(0)
        assert levels.argmax() == number
        assert levels[number] == pytest.approx(20 * np.log10(0.5 / np.sqrt(2)), abs=0.7)
    powers = 10 ** (frames(noise(), RATE, ["octaves"]).values[MIDDLE] / 10)
    assert powers.sum(1).mean() == pytest.approx(0.01, rel=0.05)


@pytest.mark.parametrize("hop", [0.004, 0.01, 0.02])
def test_onsets_are_where_sounds_begin(hop):
    times = [0.7, 1.5, 1.72, 3.1]
    found = frames(clicks(times), RATE, ["onset"], hop)
    attacks = found.times[found.values[:, 1] > 0]
    assert attacks == pytest.approx(times, abs=0.025)
    octaves = frames(clicks(times), RATE, ["octaves"], hop).values
    assert np.abs(found.times[octaves[:, 2:].argmax(0)] - 0.7).min() < 0.03


def test_a_beat_has_its_tempo():
    beat = columns(clicks(np.arange(0.5, 12, 0.5), seconds=12), "tempo")["tempo"]
    assert np.median(beat) == pytest.approx(120, rel=0.03)


def test_cepstra_are_the_shape_of_the_spectrum_and_deltas_how_it_changes():
    loud, faint = (columns(noise(level=level), "mfcc") for level in (0.1, 0.01))
    assert (loud["mfcc0"] - faint["mfcc0"])[MIDDLE] == pytest.approx(20 * np.sqrt(features.MELS), rel=0.01)
    assert (loud["mfcc3"] - faint["mfcc3"])[MIDDLE] == pytest.approx(0, abs=0.1)
    rising = noise(level=1) * 10 ** (np.arange(2 * RATE) / RATE * 20 / 20 - 3)  # 20 dB a second
    told = columns(rising, "mfcc")
    assert told["d_mfcc0"][MIDDLE].mean() == pytest.approx(0.2 * np.sqrt(features.MELS), rel=0.1)
    assert abs(told["dd_mfcc0"][MIDDLE].mean()) < 0.1


@pytest.mark.parametrize("rate", [1000, 8000, 11025, 48000])
def test_nothing_much_has_figures_that_are_numbers_and_as_many_in_every_family(rate):
    for wave in (np.zeros(rate), np.zeros(1), np.zeros(0), np.full(rate // 2, 0.3), noise(0.005, rate)):
        for family in FAMILIES:
            found = frames(wave, rate, [family])
            assert len(found.values) == len(found.times) == 1 + len(wave) // round(0.01 * rate)
            assert np.isfinite(
                np.delete(found.values, [n for n, name in enumerate(found.names) if name == "f0"], 1)
            ).all()
    assert frames(np.zeros(rate), rate, ["level"]).values[:, 0] == pytest.approx(FLOOR)


def test_families_stand_side_by_side_and_have_an_axis_as_long_as_they_are():
    for family in FAMILIES:
        axis = hertz(family, RATE)
        assert axis is None or len(axis) == len(frames(noise(0.1), RATE, [family]).names)
    both = frames(noise(), RATE, ["mfcc", "level"])
    assert both.values[:, :60] == pytest.approx(frames(noise(), RATE, ["mfcc"]).values)
    assert both.names[-2:] == ("rms", "crossings")
    assert both.values.dtype == np.float32


def test_what_is_pooled_leaves_out_what_is_not_there():
    values = np.array([[1, np.nan, 5], [3, np.nan, np.nan], [5, np.nan, 5]], np.float32)
    names, told = pooled(Frames(("a", "b", "c"), np.arange(3), values))
    assert names == ("a_mean", "a_deviation", "b_mean", "b_deviation", "c_mean", "c_deviation")
    np.testing.assert_allclose(told, [3, np.sqrt(8 / 3), np.nan, np.nan, 5, 0], rtol=1e-6)


def test_pooling_in_blocks_is_pooling_the_whole_far_from_zero_too():
    values = np.random.default_rng(0).normal(1e4, 0.01, (1000, 3))
    values[::3, 1] = np.nan
    pool = Pool("abc")
    for start in range(0, 1000, 70):
        pool.add(values[start : start + 70])
    expected = np.stack([np.nanmean(values, 0), np.nanstd(values, 0)], -1).ravel()
    np.testing.assert_allclose(pool.result()[1], expected, rtol=1e-4)


@pytest.mark.parametrize(
    ("wave", "families", "hop", "said"),
    [
        (np.zeros(9), ["mfcc", "melody"], 0.01, "families=mfcc+melody: 'melody' is none; there are mfcc, mel, "),
        (np.zeros(9), [], 0.01, "families=: '' is none; there are mfcc, mel, "),
        (np.zeros(9), ["mel", "mel"], 0.01, "families=mel+mel: one is there twice; name each once"),
        (np.zeros(9), ["mel"], 0.0, "hop=0.0: a frame follows the last after 0.001 to 1 s; 0.01 is usual"),
        (np.zeros(9), ["mel"], float("nan"), "hop=nan: a frame follows the last"),
        (np.array([0, 1, np.nan]), ["mel"], 0.01, "the wave holds NaN or infinity at 0.00 s"),
    ],
)
def test_what_can_not_be_measured_is_told_in_a_line(wave, families, hop, said):
    with pytest.raises(ValueError, match="^" + "".join(rf"\{c}" if c in "+.()" else c for c in said)):
        frames(wave, RATE, families, hop)
