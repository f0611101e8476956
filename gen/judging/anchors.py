"""The two ends of the scale: real recordings, cut to the length of takes, and noise of their colour."""

import numpy as np

from gen.sound.hearing import fitted, power

LEAST = 0.05  # seconds: what is shorter is no sound to compare


def ending(segment) -> bool:
    """Return whether a segment ends where its recording ends, so that silence follows."""
    return segment.stop == segment.recording.length


def usual_seconds(segments, codec, rate: int, longest: float) -> float:
    """Return how long takes are to be compared: as most recordings are, a second at least, `longest` at most.

    Recordings that are held out whole are followed by silence where they are shorter; stretches of them can't be, and
    are as long as all but a few.
    """
    lengths = [(s.stop - s.start) / codec.digits / rate for s in segments]
    if np.mean([ending(s) for s in segments]) > 0.5:
        return float(min(longest, max(1.0, np.ceil(10 * np.quantile(lengths, 0.95)) / 10)))
    return float(min(longest, max(LEAST, np.floor(10 * np.quantile(lengths, 0.05)) / 10)))


def excerpts(segments, codec, rate: int, seconds: float, most: int, seed: int) -> list:
    """Return up to `most` excerpts of `seconds` as (segment, wave (T,)), from all over the segments, in random order.

    A recording shorter than that is followed by silence; of a longer one the rest that fills no excerpt is left out.
    """
    size = round(seconds * rate)
    places = []
    for s in segments:
        length = (s.stop - s.start) // codec.digits
        if length >= size:
            places += [(s, at) for at in range(0, length - size + 1, size)]
        elif ending(s) and length >= LEAST * rate:
            places.append((s, 0))
    found = []
    for index in np.random.default_rng(seed).permutation(len(places))[:most]:
        s, at = places[index]
        begin = s.start + at * codec.digits
        wave = codec.decode(s.recording.read(begin, min(s.stop, begin + size * codec.digits)))
        found.append((s, fitted(wave, size)))
    return found


def joined(segments, codec, rate: int, seconds: float, most: int, seed: int) -> list:
    """Return up to `most` stretches (T,) of `seconds`, of segments one after the other as they come by chance.

    Where all of them are shorter than that it is one, shorter.
    """
    size, have = round(seconds * rate), 0
    waves: list = []
    made: list = []
    for index in np.random.default_rng(seed).permutation(len(segments)):
        if len(made) == most:
            break
        s = segments[index]
        waves.append(codec.decode(s.recording.read(s.start, s.stop)))
        have += len(waves[-1])
        while have >= size and len(made) < most:
            whole = np.concatenate(waves)
            made.append(whole[:size])
            waves, have = [whole[size:]], len(whole) - size
    return made or ([np.concatenate(waves)] if waves else [])


def spectrum_of(waves, rate: int):
    """Return the average power spectrum (bins,) of waves (T,)."""
    return np.mean([power(wave, rate).mean(0) for wave in waves], 0)


def noise(spectrum, size: int, rate: int, count: int, seed: int) -> list:
    """Return `count` waves (size,) of Gaussian noise that has a power `spectrum` as `gen.sound.hearing.power` gives it.

    Their colour and their level are those of the recordings; nothing else is.
    """
    random = np.random.default_rng(seed)
    bins = np.fft.rfftfreq(size)
    amplitude = np.sqrt(np.interp(bins, np.linspace(0, 0.5, len(spectrum)), spectrum))
    amplitude[0] = 0
    flat = np.mean(spectrum_of([random.standard_normal(size) for _ in range(8)], rate)[2:-2])
    white = random.standard_normal((count, size))
    return [np.fft.irfft(np.fft.rfft(wave) * amplitude, size) / np.sqrt(flat) for wave in white]


def coloured(rate: int, seed: int) -> list:
    """Return ten seconds of white and of brown noise each, (T,): a recording's colour is one of many."""
    white = np.random.default_rng(seed).standard_normal(10 * rate) / 10
    brown = np.fft.rfft(white) / np.maximum(1, np.fft.rfftfreq(len(white), 1 / rate) / 100)
    return [white, np.fft.irfft(brown, len(white))]
