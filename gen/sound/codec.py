"""Codecs: a wave in [-1, 1] to symbols and back.

A codec has `levels` (how many symbols there are), `digits` (symbols per audio sample) and `silence` (the digits of a
sample that is exactly zero). Waves are float32 (..., T), symbols are int64 (..., T * digits).
"""

import math

import numpy as np

ALIGN = 64  # samples: blocks of one sound are multiples of these
MU = 255.0  # ITU-T G.711: the companding constant of mu-law telephony, for any number of bits


class Codec:
    """What every codec has; see above."""

    levels: int
    digits: int
    bits: int
    name: str
    silence: tuple[int, ...]

    def encode(self, wave, before: float = 0.0):
        """Return the symbols (..., T * digits) of a wave (..., T); `before` is the audio sample before its first."""
        raise NotImplementedError

    def decode(self, symbols, before: float = 0.0):
        """Return the wave (..., T) of symbols (..., T * digits), the inverse of `encode`."""
        return next(iter(self.decode_blocks([symbols], before)))

    def decode_blocks(self, blocks, before: float = 0.0):
        """Yield the waves (..., n) of one sound's `blocks` of symbols (..., n * digits).

        All but the last hold a multiple of ALIGN samples. They are bit for bit what `decode` makes of the whole.
        """
        for symbols in blocks:
            wave, before = self.decoded(symbols, before)
            yield wave

    def decoded(self, symbols, before):
        """Return the wave (..., n) of one of these blocks, and what is `before` the next one."""
        raise NotImplementedError


class MuLaw(Codec):
    """Mu-law companding to 2**bits levels, after ITU-T G.711's continuous law.

    F(x) = sign(x) ln(1 + mu |x|) / ln(1 + mu) is rounded to a grid with a level at zero, as two's complement has it:
    level `q` stands for F = (q - levels/2) / (levels/2). Silence is therefore exact, and +1.0 is clipped to the
    highest level, less than half a quantisation step of its neighbourhood below (0.957 at 8 bits).
    `emphasis` a > 0 codes x[t] - a x[t-1] instead, which moves quantisation noise under the low frequencies
    (LPCNet, arXiv 1810.11846, uses 0.85); decoding filters it back.
    """

    digits = 1

    def __init__(self, bits: int, emphasis: float):
        if not 8 <= bits <= 12:
            raise ValueError(f"codec.bits={bits}: mu-law has 8 to 12 bits; use codec=linear16 for 16")
        if not 0 <= emphasis < 1:
            raise ValueError(f"codec.emphasis={emphasis}: the coefficient is 0 (off) or more, and under 1")
        self.bits, self.emphasis, self.name = bits, emphasis, f"mulaw{bits}"
        self.levels = 2**bits
        self.silence = (self.levels // 2,)

    def encode(self, wave, before: float = 0.0):
        wave = np.asarray(wave, np.float64)
        if self.emphasis:
            previous = np.concatenate([np.full_like(wave[..., :1], before), wave[..., :-1]], -1)
            wave = wave - self.emphasis * previous
        half = self.levels // 2
        companded = np.sign(wave) * np.log1p(MU * np.minimum(np.abs(wave), 1)) / np.log1p(MU)
        return np.clip(np.rint(companded * half) + half, 0, self.levels - 1).astype(np.int64)

    def decoded(self, symbols, before):
        half = self.levels // 2
        wave = expand((np.asarray(symbols, np.float64) - half) / half)
        if self.emphasis:
            wave = leaky_sum(wave, self.emphasis, before)
            before = wave[..., -1]
        return wave.astype(np.float32), before


def expand(companded, library=np):
    """Return the wave, in [-1, 1], for what mu-law companded to [-1, 1]; the `library` of the numbers may be torch."""
    return library.sign(companded) * library.expm1(library.abs(companded) * math.log1p(MU)) / MU


class Linear16(Codec):
    """16-bit linear samples as two 8-bit symbols each: the coarse (high) byte, then the fine one.

    WaveRNN (Kalchbrenner et al. 2018, arXiv 1802.08435, section 2.2) predicts them in this order.
    """

    levels = 256
    digits = 2
    bits = 16
    name = "linear16"
    silence = (128, 0)

    def encode(self, wave, before: float = 0.0):
        value = np.clip(np.rint(np.asarray(wave, np.float64) * 32768) + 32768, 0, 65535).astype(np.int64)
        return np.stack([value >> 8, value & 255], -1).reshape(*value.shape[:-1], -1)

    def decoded(self, symbols, before):
        symbols = np.asarray(symbols, np.int64)
        pairs = symbols.reshape(*symbols.shape[:-1], -1, 2)
        return ((pairs[..., 0] * 256 + pairs[..., 1] - 32768) / 32768).astype(np.float32), before


def leaky_sum(wave, decay: float, before: float = 0.0, block: int = ALIGN):
    """Return y (..., T) with y[t] = wave[t] + decay y[t-1] and y[-1] = `before`: a one-pole filter in float64.

    Within a block of samples it is a product with the lower-triangular matrix decay**(i - j); blocks run in order.
    """
    wave = np.asarray(wave, np.float64)
    power = np.arange(block)
    response = np.tril(decay ** np.maximum(power[:, None] - power, 0))
    out = np.empty_like(wave)
    last = np.full(wave.shape[:-1], before, np.float64)
    for start in range(0, wave.shape[-1], block):
        part = wave[..., start : start + block]
        n = part.shape[-1]
        out[..., start : start + n] = part @ response[:n, :n].T + last[..., None] * decay ** (power[:n] + 1)
        last = out[..., start + n - 1]
    return out
