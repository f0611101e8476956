"""Audio files in and out: any format libsndfile reads, any rate, channel count and length, block by block.

Waves are float32 (T,) mono in [-1, 1] as recorded; rates are in Hz. Every error is a ValueError of one line that names
the file, what is wrong with it and what to do.
"""

import io
from pathlib import Path

import numpy as np
import soundfile
import soxr

from gen import files

READABLE = {".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff", ".aifc", ".au", ".caf", ".w64", ".rf64"}
FOREIGN = {".m4a", ".aac", ".mp4", ".wma", ".ape", ".mka", ".webm", ".amr"}  # audio that libsndfile doesn't read
WRITABLE = {".wav": "WAV", ".flac": "FLAC"}
EXACT = {"FLAC", "WAV", "WAVEX", "AIFF"}  # formats whose header gives the true number of frames
BLOCK = 65536  # frames read at a time


def native_rate(path) -> int:
    """Return the rate in Hz that a file was recorded at."""
    with _open(path) as file:
        return file.samplerate


def blocks(path, rate: int):
    """Yield the wave of a file, mixed to mono and resampled to `rate`, in float32 blocks (n,) of any length.

    Raises ValueError for a file that can't be read, breaks off, is empty or holds NaN or infinity.
    """
    with _open(path) as file:
        resampler = soxr.ResampleStream(file.samplerate, rate, 1, dtype="float32") if file.samplerate != rate else None
        read = 0
        while True:
            try:
                frames = file.read(BLOCK, dtype="float32", always_2d=True)
            except (soundfile.SoundFileError, RuntimeError) as error:
                raise ValueError(
                    f"{path}: breaks off after {read / file.samplerate:.2f} s ({_reason(error)})"
                ) from None
            if not np.isfinite(frames).all():
                at = (read + int(np.argmin(np.isfinite(frames).all(1)))) / file.samplerate
                raise ValueError(f"{path}: holds NaN or infinity at {at:.2f} s; export it again")
            read += len(frames)
            mono = frames.mean(1, dtype=np.float32)
            last = len(frames) < BLOCK
            if resampler:
                mono = resampler.resample_chunk(mono, last=last)
            if len(mono):
                yield mono
            if last:
                break
        if not read:
            raise ValueError(f"{path}: holds no audio (0 frames); remove it")
        if file.format in EXACT and read < file.frames:
            raise ValueError(f"{path}: is cut short, {read} of the {file.frames} frames it announces; copy it again")


def read(path, rate: int):
    """Return the whole wave (T,) of a file at `rate`; see `blocks`."""
    return np.concatenate([np.zeros(0, np.float32), *blocks(path, rate)])


def write(path, wave, rate: int):
    """Write a wave (T,) as 16-bit WAV or FLAC, by the extension, at its own level; it appears whole or not at all."""
    path = Path(path)
    data = encoded(wave, rate, path.suffix)
    try:
        with files.replacing(path) as file:
            file.write(data)
    except OSError as error:
        raise ValueError(f"{path}: can't be written ({error.strerror}); give another place with out=") from None


def write_new(path, wave, rate: int) -> Path:
    """Write a wave to `path`, or where another recording has that name to the next free `name-2`; return where."""
    path, data, number = Path(path), encoded(wave, rate, Path(path).suffix), 1
    free = path
    while free.exists() and free.read_bytes() != data:
        number += 1
        free = path.with_stem(f"{path.stem}-{number}")
    write(free, wave, rate)
    return free


def encoded(wave, rate: int, suffix: str) -> bytes:
    """Return the bytes of a 16-bit ".wav" or ".flac" file: samples rounded, clipped at full scale."""
    if suffix.lower() not in WRITABLE:
        raise ValueError(f"out: takes are written as .wav or .flac, not '{suffix}'")
    samples = np.clip(np.rint(np.asarray(wave, np.float64) * 32768), -32768, 32767).astype(np.int16)
    file = io.BytesIO()
    soundfile.write(file, samples, rate, "PCM_16", format=WRITABLE[suffix.lower()])
    return file.getvalue()


def _open(path):
    path = Path(path)
    if path.suffix.lower() in FOREIGN:
        raise ValueError(f"{path}: {path.suffix} can't be read here; convert it to WAV or FLAC")
    try:
        if path.stat().st_size == 0:
            raise ValueError(f"{path}: is an empty file (0 bytes); remove it")
        return soundfile.SoundFile(path)
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}") from None
    except (soundfile.SoundFileError, RuntimeError) as error:
        raise ValueError(
            f"{path}: isn't audio that can be read ({_reason(error)}); convert it to WAV or FLAC"
        ) from None


def _reason(error):
    text = getattr(error, "error_string", None) or str(error)
    return text.strip().rstrip(".").removeprefix("Error : ")
