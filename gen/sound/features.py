"""What is in a wave, frame by frame: spectra, cepstra, chroma, level, pitch, onsets. The only door to `librosa`.

A wave is float (T,), mono, in [-1, 1] at `rate` Hz. Frame i is centred on i * hop seconds, the hop rounded to samples,
and there are 1 + T // hop frames in every family alike, so that families stand side by side. Beyond its ends a wave
counts as silent. Windows are of a length in seconds, the same at every rate, and their FFT is padded. Powers are such
that a sine of amplitude 1 has 0.25 (-6 dB) in its highest bin, as in `gen.sound.hearing`. What a family sees of a wave
ends REACH seconds before and after a frame, so that blocks that overlap by as much have the frames of the whole.
"""

import functools
import importlib
import importlib.util
import math

import numpy as np

from gen.base import files
from gen.sound import audio, wavelets
from gen.sound.hearing import FLOOR
from gen.sound.pool import Frames
from gen.sound.pool import pooled as pooled  # for who measures, to be found here

WINDOW = 0.032  # seconds: a Hann window that hears syllables
TONAL = 0.128  # seconds: one that tells semitones apart, from about 150 Hz on
LEAST_FFT = 512  # points, so that at low rates too no mel band is without a bin
MELS, COEFFICIENTS = 64, 20
FAINT = -80.0  # dB: what rises under it is no onset
LAG = 0.01  # seconds in which a rise is looked for, or from one frame to the next
RISE, SHORTEST = 2.0, 0.05  # dB over its surroundings that an onset stands out, and seconds from one to the next
BANDS = 6  # octaves of spectral contrast at most, from 200 Hz up
BINS, LOWEST = 12, 32.703  # of the constant-Q transform: a bin a semitone, from C1 on (Hz)
PITCH = 55.0, 1760.0  # Hz: A1 to A6, where pYIN looks for a fundamental
PITCH_RATE, PITCH_WINDOW = 8000, 0.064  # Hz at which it looks, and seconds of a frame: two periods and more
PITCH_STEP, FINER = 0.25, 2  # semitones from one state of its to the next; times the rate, for YIN to be exact within
NOTES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
HOPS = 0.001, 1.0  # seconds
COMPILED = ("core.audio", "core.pitch", "core.spectrum", "util.utils", "onset", "sequence", "feature.rhythm")


def frames(wave, rate: int, families, hop: float = 0.01) -> Frames:
    """Return the frames of a wave, the columns of `families` one after the other.

    All values are finite but the pitch of unvoiced frames, which is NaN. Raises ValueError for a family that there
    isn't, a hop or a wave that can't be measured, and where librosa or PyWavelets is missing.
    """
    check(families)
    samples = hop_samples(rate, hop)
    wave = np.asarray(wave, np.float32)
    if not np.isfinite(wave).all():
        raise ValueError(
            f"the wave holds NaN or infinity at {int(np.argmin(np.isfinite(wave))) / rate:.2f} s; mend it first"
        )
    heard = Heard(wave, rate, samples)
    measured = [FAMILIES[family](heard) for family in families]
    names = tuple(name for some, _ in measured for name in some)
    rows = [np.atleast_2d(values)[:, : heard.count] for _, values in measured]
    return Frames(names, np.arange(heard.count) * samples / rate, np.concatenate(rows).T.astype(np.float32))


def check(families):
    """Raise ValueError unless there are `families`, each of FAMILIES and once."""
    wrong = [family for family in families if family not in FAMILIES]
    if wrong or not families:
        raise ValueError(f"families={'+'.join(families)}: '{'+'.join(wrong)}' is none; there are {', '.join(FAMILIES)}")
    if len(set(families)) < len(families):
        raise ValueError(f"families={'+'.join(families)}: one is there twice; name each once")


def hop_samples(rate: int, hop: float) -> int:
    """Return a hop of seconds in samples. Raises ValueError for one that is out of HOPS."""
    if not HOPS[0] <= hop <= HOPS[1]:
        raise ValueError(f"hop={hop}: a frame follows the last after {HOPS[0]:g} to {HOPS[1]:g} s; 0.01 is usual")
    return max(1, round(hop * rate))


def hertz(family: str, rate: int):
    """Return the frequencies in Hz that the columns of a family stand for, in their order; None where they don't."""
    if family == "mel":
        return library().mel_frequencies(MELS + 2, fmin=0, fmax=rate / 2)[1:-1]
    if family == "stft":
        return np.fft.rfftfreq(fft_size(rate, WINDOW), 1 / rate)
    if family == "constant_q":
        return LOWEST * 2 ** (np.arange(constant_q_bins(rate)) / BINS)
    if family in ("scalogram", "octaves"):
        return {"scalogram": wavelets.frequencies, "octaves": wavelets.edges}[family](rate)
    return None


@functools.cache
def library():
    """Return librosa. Raises ValueError where it isn't installed.

    While it is imported it is compiled, once, and two processes that do so at the same time would mix up what they keep
    on disk, by which later ones crash. So they wait for each other.
    """
    found = importlib.util.find_spec("librosa")
    if not found or not found.origin:
        raise ValueError("features: measuring them needs librosa; pip install 'gen[analysis]'")
    with files.alone(found.origin):
        for part in COMPILED:
            importlib.import_module(f"librosa.{part}")
        import librosa
    return librosa


def window_size(rate: int, seconds: float) -> int:
    """Return a window of seconds in samples: an even number, so that it has a middle."""
    return max(2, 2 * round(seconds * rate / 2))


def fft_size(rate: int, seconds: float) -> int:
    """Return the points of the FFT of a window: twice as many as it has samples, or more."""
    return max(LEAST_FFT, 2 ** math.ceil(math.log2(2 * window_size(rate, seconds))))


def decibels(power):
    """Return powers in dB; what is under FLOOR, and nothing at all, is FLOOR."""
    return 10 * np.log10(np.maximum(power, 10 ** (FLOOR / 10)))


class Heard:
    """A wave on its way to frames: `count` of them, `hop` samples apart, and what several families are made of."""

    def __init__(self, wave, rate: int, hop: int):
        self.wave, self.rate, self.hop = wave, rate, hop
        self.count = 1 + len(wave) // hop
        self.size = window_size(rate, WINDOW)

    def padded(self, samples: int):
        """Return the wave (T,), followed by silence where it has fewer samples."""
        return np.pad(self.wave, (0, max(0, samples - len(self.wave))))

    def spectra(self, seconds: float):
        """Return the power spectra (bins, count) of windows of `seconds`."""
        size, points = window_size(self.rate, seconds), fft_size(self.rate, seconds)
        spectra = library().stft(self.padded(points), n_fft=points, hop_length=self.hop, win_length=size)
        return np.abs(spectra[:, : self.count]) ** 2 / (size / 2) ** 2  # a periodic Hann window sums to half its size

    @functools.cached_property
    def power(self):
        return self.spectra(WINDOW)

    @functools.cached_property
    def mel(self):
        """Levels (MELS, count) in dB of bands as wide on Slaney's mel scale."""
        bands = library().filters.mel(sr=self.rate, n_fft=2 * (len(self.power) - 1), n_mels=MELS, norm=None)
        return decibels(bands @ self.power)

    @functools.cached_property
    def onset(self):
        """How much the bands rise (count,) in LAG, on average in dB (Boeck and Widmer 2013, without vibrato's part)."""
        told = {"sr": self.rate, "hop_length": self.hop, "n_fft": self.size}
        lag = max(1, round(LAG * self.rate / self.hop))
        return library().onset.onset_strength(S=np.maximum(self.mel, FAINT), **told, lag=lag)


def numbered(name: str, values):
    """Return names for rows, the `name` with the number of each, and the rows."""
    return [f"{name}{number}" for number in range(len(values))], values


def mfcc(heard):
    """Mel-frequency cepstral coefficients (Davis and Mermelstein 1980) with their first and second derivatives.

    mfcc0.. are the orthonormal cosine transform of the mel bands in dB, d_mfcc0.. and dd_mfcc0.. what they change by a
    frame, and that changes, over nine frames.
    """
    feature = library().feature
    values = feature.mfcc(S=heard.mel, n_mfcc=COEFFICIENTS)
    deltas = [feature.delta(values, width=9, order=order, mode="nearest") for order in (1, 2)]
    names = [f"{order}mfcc{number}" for order in ("", "d_", "dd_") for number in range(len(values))]
    return names, np.concatenate([values, *deltas])


def mel(heard):
    """Levels in dB of 64 bands as wide on the mel scale: mel0 to mel63."""
    return numbered("mel", heard.mel)


def stft(heard):
    """The Fourier transform's levels in dB: stft0, which is DC, up to half the rate."""
    return numbered("stft", decibels(heard.power))


def chroma(heard):
    """How strong each pitch class is beside the strongest, from 0 to 1: chroma_C to chroma_B, A being 440 Hz."""
    values = library().feature.chroma_stft(S=heard.spectra(TONAL), sr=heard.rate, tuning=0.0)
    return [f"chroma_{note}" for note in NOTES], values


def spectral(heard):
    """The shape of the magnitude spectrum: centroid, bandwidth and rolloff (85 %) in Hz, flatness, contrast0.. in dB.

    Flatness is of the power, 0.56 of white noise (Gray and Markel 1974), and 1 of digital silence. Contrast is peaks
    over valleys in octaves from 200 Hz up (Jiang et al. 2002), contrast0 what lies below.
    """
    feature = library().feature
    told = {"S": np.sqrt(heard.power), "sr": heard.rate}
    centroid = feature.spectral_centroid(**told)
    rows = [
        centroid,
        feature.spectral_bandwidth(**told, centroid=centroid),
        feature.spectral_rolloff(**told),
        feature.spectral_flatness(S=told["S"], amin=10 ** (FLOOR / 10)),
    ]
    octaves = min(BANDS, math.ceil(math.log2(heard.rate / 2 / 200)))
    levels = decibels(heard.power) - FLOOR  # in which peaks less valleys don't depend on the loudest frame of all
    contrast = feature.spectral_contrast(S=levels, sr=heard.rate, n_bands=octaves, linear=True)
    names, contrast = numbered("contrast", contrast)
    return ["centroid", "bandwidth", "rolloff", "flatness", *names], np.concatenate([*rows, contrast])


def level(heard):
    """The root mean square, DC included, in dBFS, and zero crossings a second: rms, crossings."""
    feature = library().feature
    told = {"frame_length": heard.size, "hop_length": heard.hop}
    wave = heard.padded(1)
    rms = feature.rms(y=wave, **told, pad_mode="constant")
    crossings = feature.zero_crossing_rate(wave, **told) * heard.rate
    return ["rms", "crossings"], np.concatenate([decibels(rms[:, : heard.count] ** 2), crossings[:, : heard.count]])


def loudness(heard):
    """The level in dBFS as an ear weighs it, by the curve A of IEC 61672: loudness; a sine of 1 kHz has its RMS."""
    points = 2 * (len(heard.power) - 1)
    with np.errstate(divide="ignore"):  # of 0 Hz
        weights = library().A_weighting(np.fft.rfftfreq(points, 1 / heard.rate))
    power = 10 ** (weights / 10) @ heard.power * 4 * heard.size / (3 * points)  # of a Hann window and its padding
    return ["loudness"], decibels(power)


def pitch(heard):
    """The fundamental in Hz, NaN where unvoiced, and the probability of being voiced: f0, voiced.

    pYIN (Mauch and Dixon 2014) from 55 to 1,760 Hz at about 8 kHz, in steps of a quarter of a semitone; within a step
    it is YIN's own estimate (de Cheveigne and Kawahara 2002) at twice that rate.
    """
    hop = max(1, round(heard.hop * PITCH_RATE / heard.rate))
    rate = heard.rate * hop / heard.hop  # near PITCH_RATE, such that frames stay where they are

    def at(times):
        sizes = {"hop_length": times * hop, "frame_length": times * window_size(rate, PITCH_WINDOW)}
        wave = audio.resampled(heard.padded(1), heard.rate, times * rate)
        return {"y": wave, "sr": times * rate, "fmin": PITCH[0], "fmax": min(PITCH[1], rate / 4), **sizes}

    found, _, voiced = library().pyin(**at(1), resolution=PITCH_STEP, fill_na=np.nan)
    exact = library().yin(**at(FINER))
    exact = np.pad(exact, (0, 1), "edge")[: len(found)]  # a part of a sample may have cost it its last frame
    near = np.abs(12 * np.log2(exact / found)) <= PITCH_STEP
    rows = np.stack([np.where(near, exact, found), voiced])
    return ["f0", "voiced"], np.pad(rows, ((0, 0), (0, max(0, heard.count - rows.shape[1]))), "edge")  # as here


def onset(heard):
    """How fast sound begins, in dB in a hundredth of a second, and 1 in the frames in which one does: onset, attack."""
    frame = heard.hop / heard.rate
    near, far = math.ceil(SHORTEST / frame), math.ceil(2 * SHORTEST / frame)
    around = {"pre_max": near, "post_max": near, "pre_avg": far, "post_avg": far}
    attack = library().util.peak_pick(heard.onset, **around, delta=RISE, wait=near, sparse=False)
    return ["onset", "attack"], np.stack([heard.onset, attack])


def tempo(heard):
    """Beats a minute in the eight seconds around, likelier near 120: tempo (Grosche et al. 2010, by librosa)."""
    found = library().feature.tempo(onset_envelope=heard.onset, sr=heard.rate, hop_length=heard.hop, aggregate=None)
    return ["tempo"], found


def constant_q_bins(rate: int) -> int:
    """Return how many semitones from LOWEST on lie below half of a rate, with room for the highest filter."""
    return math.floor(BINS * math.log2(0.45 * rate / LOWEST)) + 1


def constant_q(heard):
    """Levels in dB of the constant-Q transform (Schoerkhuber and Klapuri 2010) by semitone from C1: constant_q0.."""
    wave = heard.padded(2 * heard.rate)  # the lowest filter has half a second
    bins = constant_q_bins(heard.rate)
    found = library().cqt(wave, sr=heard.rate, hop_length=heard.hop, fmin=LOWEST, n_bins=bins, bins_per_octave=BINS)
    return numbered("constant_q", decibels(np.abs(found) ** 2))


def scalogram(heard):
    """Levels in dB of a continuous wavelet transform, from low to high: scalogram0.. (see `gen.sound.wavelets`)."""
    return numbered("scalogram", decibels(wavelets.scalogram(heard.wave, heard.rate, heard.hop)))


def octaves(heard):
    """Levels in dB by octave of a discrete wavelet transform, from low to high: octave0.. (`gen.sound.wavelets`)."""
    return numbered("octave", decibels(wavelets.octaves(heard.wave, heard.rate, heard.hop, WINDOW)))


FAMILIES = {
    function.__name__: function
    for function in (
        *(mfcc, mel, chroma, spectral, level, loudness, pitch, onset),
        *(tempo, stft, constant_q, scalogram, octaves),
    )
}
REACH = {"mfcc": 0.06, "chroma": 0.07, "onset": 0.3, "tempo": 4.5, "pitch": 1.0, "constant_q": 1.0, "scalogram": 1.0}
REACH = dict.fromkeys(FAMILIES, 0.02) | {"octaves": 0.4} | REACH  # seconds
