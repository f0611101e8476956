"""Audio files in and out: any format libsndfile reads, any rate, channel count and length, block by block.

Waves are float32 (T,) mono in [-1, 1] as recorded; rates are in Hz. Every error is a ValueError of one line that names
the file, what is wrong with it and what to do.
"""

import contextlib
import errno
import filecmp
import io
import itertools
import os
from pathlib import Path

import numpy as np
import soundfile
import soxr

from gen.base import files
from gen.sound import depths, riff

READABLE = {".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff", ".aifc", ".au", ".caf", ".w64", ".rf64"}
FOREIGN = {".m4a", ".aac", ".mp4", ".wma", ".ape", ".mka", ".webm", ".amr"}  # audio that libsndfile doesn't read
WRITABLE = {".wav": "WAV", ".flac": "FLAC"}
EXACT = {"FLAC", "WAV", "WAVEX", "AIFF"}  # formats whose header gives the true number of frames
RATES = range(1000, 768001)  # Hz: what is read; a header that says more or less is damaged
LOUDEST = 1e4  # times full scale: samples over it are numbers of another kind, or damaged
BLOCK = 65536  # frames read at a time
MOST = {".wav": (2**32 - 2**16) // 2, ".flac": 2**36 - 1}  # samples of a 16-bit file, as its header counts them
KEPT = {"WAV", "WAVEX", "RF64", "FLAC", "AIFF"}  # formats that `rewrite` writes
TOLD = ("title", "copyright", "artist", "date", "album", "license", "tracknumber", "genre")  # that it copies
FLAC_FRAME = 4096  # samples that libsndfile encodes together
MP3_RATES = (24000, 32000, 44100, 48000)  # Hz; lower ones are encoded worse, for hardly fewer bytes


def mp3(wave, rate: int) -> bytes:
    """Return a wave (T,) as an MP3 of the best variable bitrate, resampled to the next rate that suits it."""
    suits = min((r for r in MP3_RATES if r >= rate), default=MP3_RATES[-1])
    wave = resampled(wave, rate, suits)
    file = io.BytesIO()
    best = {"bitrate_mode": "VARIABLE", "compression_level": 0.0}
    soundfile.write(file, np.clip(wave, -1, 1), suits, format="MP3", **best)
    return file.getvalue()


def resampled(wave, rate: float, to: float):
    """Return a wave (T,) at another rate; its sample 0 stays where it is, and beyond its ends it is silent."""
    return wave if rate == to else soxr.resample(wave, rate, to)


def resampled_blocks(blocks, rate: int, to: int, channels: int):
    """Yield blocks (n, channels) of any length at another rate, as `resampled` does with all of them together."""
    resampler = soxr.ResampleStream(rate, to, channels, dtype="float64")
    for block in blocks:
        yield resampler.resample_chunk(block)
    yield resampler.resample_chunk(np.zeros((0, channels)), last=True)


def native_rate(path) -> int:
    """Return the rate in Hz that a file was recorded at."""
    with _open(path) as file:
        return file.samplerate


def info(path) -> dict:
    """Return what a file's header says: its format and subtype in libsndfile's names, its rate in Hz, its channels."""
    with _open(path) as file:
        return {
            "format": file.format,
            "subtype": file.subtype,
            "rate": file.samplerate,
            "channels": file.channels,
        }


def blocks(path, rate: int):
    """Yield the wave of a file, mixed to mono and resampled to `rate`, in float32 blocks (n,) of any length.

    Raises ValueError for a file that can't be read, breaks off, is empty or holds NaN, infinity or what is near it.
    """
    with _open(path) as file:
        read, resampler = 0, None
        while True:
            try:
                if resampler is None and file.samplerate != rate:
                    resampler = soxr.ResampleStream(file.samplerate, rate, 1, dtype="float32")
                frames = file.read(BLOCK, dtype="float32", always_2d=True)
                _check(frames, path, read, file.samplerate)
                read += len(frames)
                mono = frames.mean(1, dtype=np.float32)
                last = len(frames) < BLOCK
                if resampler:
                    mono = resampler.resample_chunk(mono, last=last)
            except (soundfile.SoundFileError, RuntimeError, MemoryError) as error:
                raise ValueError(
                    f"{path}: breaks off after {read / file.samplerate:.2f} s ({_reason(error)})"
                ) from None
            if len(mono):
                yield mono
            if last:
                break
        if not read:
            raise ValueError(f"{path}: holds no audio (0 frames); remove it")
        if file.format in EXACT and read < file.frames:
            raise ValueError(f"{path}: is cut short, {read} of the {file.frames} frames it announces; copy it again")


def _check(frames, path, read: int, rate: int):
    """Raise ValueError for the first of `frames` (n, channels), `read` before them, that no recording holds."""
    if np.abs(frames).max(initial=0) <= LOUDEST:
        return
    at = int(np.argmin((np.abs(frames) <= LOUDEST).all(1)))
    where = f"at {(read + at) / rate:.2f} s; export it again"
    if not np.isfinite(frames[at]).all():
        raise ValueError(f"{path}: holds NaN or infinity {where}")
    raise ValueError(f"{path}: holds samples of {np.abs(frames[at]).max():.0e}, where full scale is 1, {where}")


def read(path, rate: int):
    """Return the whole wave (T,) of a file at `rate`; see `blocks`."""
    return np.concatenate([np.zeros(0, np.float32), *blocks(path, rate)])


def write(path, wave, rate: int):
    """Write a wave (T,) as 16-bit WAV or FLAC, by the extension, at its own level; it appears whole or not at all."""
    path = Path(path)
    file = io.BytesIO()
    soundfile.write(file, depths.pcm(wave), rate, "PCM_16", format=written_format(path))
    files.write(path, file.getvalue())


def as_wav(wave, rate: int) -> bytes:
    """Return a wave (T,) as a 16-bit WAV."""
    samples = depths.pcm(wave)
    return depths.wav_header(rate, len(samples)) + samples.tobytes()


class Take:
    """A 16-bit WAV or FLAC file written block by block, in constant memory; until `keep` it has a temporary name."""

    def __init__(self, path, rate: int, comment: str = ""):
        self.path, self.rate, self.frames = Path(path), rate, 0
        self.part = self.path.with_name(f".{self.path.name}.{os.getpid()}.part")
        form = written_format(self.path)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.part.touch()  # the system says better than libsndfile what stands in the way
            self.file = soundfile.SoundFile(_native(self.part), "w", rate, 1, "PCM_16", format=form)
            self.file.comment = comment
        except (OSError, soundfile.SoundFileError) as error:
            raise ValueError(
                f"{self.path}: can't be written ({_reason(error)}); give another place with out="
            ) from None

    def write(self, wave):
        """Add a block of the wave (n,); raise ValueError where there is no room, what came before it is kept."""
        try:
            if self.frames + len(wave) > MOST[self.path.suffix.lower()]:
                raise OSError(errno.EFBIG, "such a file holds no more")
            self.file.write(depths.pcm(wave))
            self.frames += len(wave)
        except (OSError, soundfile.SoundFileError) as error:
            self.file.close()
            self.frames = mend(self.part)
            kept = f"the {self.frames / self.rate:.2f} s before it are kept"
            raise ValueError(f"{self.path}: can't be written on ({_reason(error)}); {kept}; make room") from None

    def keep(self, new: bool = False):
        """End the file and return its path; with nothing in it there is none.

        With `new` it doesn't replace a different take of that name, but is called `name-2` and so on.
        """
        self.file.close()
        if not self.frames:
            self.part.unlink()
            return None
        free = free_name(self.path, self.part) if new else self.path
        os.replace(self.part, free)
        return free


def free_name(path, made):
    """Return `path`, or where a file is that differs from the file `made`, `path-2` and so on."""
    free, number = path, 1
    while free.exists() and not filecmp.cmp(free, made, shallow=False):
        number += 1
        free = path.with_stem(f"{path.stem}-{number}")
    return free


def mend(path) -> int:
    """Return how many samples a file that broke off holds; write it into a FLAC's header, which else has no end."""
    with open(path, "r+b") as raw:
        if raw.read(4) != b"fLaC":
            return soundfile.info(_native(path)).frames
        whole = 0
        with contextlib.suppress(soundfile.SoundFileError), soundfile.SoundFile(_native(path)) as file:
            while count := len(file.read(FLAC_FRAME, dtype="int16")):
                whole += count
        raw.seek(21)  # 36 bits: the lower half of this byte and the next four
        high = raw.read(1)[0] & 0xF0
        raw.seek(21)
        raw.write((high << 32 | whole).to_bytes(5, "big"))
    return whole


def comment(path) -> str:
    """Return the comment in a file, such as `Take` writes."""
    with _open(path) as file:
        return file.comment or riff.comment(path)


def frames(path) -> int:
    """Return how many samples long a file is."""
    with _open(path) as file:
        return file.frames


def samples(path):
    """Return the 16-bit samples (T,) of a file that `Take` wrote."""
    with _open(path) as file:
        return file.read(dtype="int16")


def stored(path, begin: int, end: int):
    """Return the samples (n, channels) from `begin` to `end` of a file as they are stored there.

    Whole numbers of any depth are int32 with full scale at 2**31, others float32 or float64. Raises ValueError.
    """
    with _open(path) as file:
        try:
            file.seek(begin)
            return file.read(end - begin, dtype=depths.REAL.get(file.subtype, "int32"), always_2d=True)
        except (soundfile.SoundFileError, RuntimeError) as error:
            raise ValueError(f"{path}: breaks off ({_reason(error)}); copy it again") from None


def check_kept(path):
    """Raise ValueError unless a file is of a format that `rewrite` writes, sample for sample."""
    header = info(path)
    if header["format"] not in KEPT or header["subtype"] not in depths.DEPTHS | depths.REAL:
        what = f"{header['format']} {header['subtype']}"
        raise ValueError(f"{path}: is {what}, which isn't written without loss here; convert it to WAV or FLAC")


def rewrite(path, out, patches, comment: str, new: bool, form: str | None = None, finish=lambda part: None) -> Path:
    """Write a file again to `out` in its own format, the `patches` in place of its samples; return where it is.

    `patches` are (begin, end, samples as `stored`) in order, taken as they are needed; all else is the same, bit for
    bit. The `comment` replaces its own. With `new` no different file of that name is replaced, see `free_name`. `form`
    is another of KEPT to write, and `finish(part)` is called with the path of what is written, before it has its name.
    Raises ValueError.
    """
    out = Path(out)
    part = out.with_name(f".{out.name}.{os.getpid()}.part")
    try:
        with _open(path) as old, files.named(out):
            part.touch()
            how = {"samplerate": old.samplerate, "channels": old.channels, "subtype": old.subtype, "format": old.format}
            if form:
                how |= {"subtype": depths.UNSIGNED.get(old.subtype, old.subtype), "format": form}
            with soundfile.SoundFile(_native(part), "w", **how) as made:
                for name in TOLD:
                    if told := getattr(old, name):
                        setattr(made, name, told)
                made.comment = comment
                kind, at = depths.REAL.get(old.subtype, "int32"), 0
                for begin, end, samples in itertools.chain(patches, [(old.frames, old.frames, None)]):
                    while at < begin:
                        made.write(old.read(min(BLOCK, begin - at), dtype=kind, always_2d=True))
                        at += min(BLOCK, begin - at)
                    if samples is not None:
                        made.write(samples)
                        at = old.seek(end)
            finish(part)
            free = free_name(out, part) if new else out
            os.replace(part, free)
            return free
    except (soundfile.SoundFileError, RuntimeError) as error:
        raise ValueError(f"{out}: can't be written ({_reason(error)}); give another place with out=") from None
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)


def written_format(path) -> str:
    """Return libsndfile's name of the format that a path's extension asks for."""
    if path.suffix.lower() not in WRITABLE:
        raise ValueError(f"{path}: takes are written as .wav or .flac, not '{path.suffix}'")
    return WRITABLE[path.suffix.lower()]


def _open(path):
    path = Path(path)
    if path.suffix.lower() in FOREIGN:
        raise ValueError(f"{path}: {path.suffix} can't be read here; convert it to WAV or FLAC")
    try:
        if files.regular(path).stat().st_size == 0:
            raise ValueError(f"{path}: is an empty file (0 bytes); remove it")
        file = soundfile.SoundFile(_native(path))
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}") from None
    except (soundfile.SoundFileError, RuntimeError, MemoryError, TypeError) as error:  # TypeError: of a .raw, no header
        raise ValueError(
            f"{path}: isn't audio that can be read ({_reason(error)}); convert it to WAV or FLAC"
        ) from None
    if file.samplerate not in RATES:
        file.close()
        raise ValueError(
            f"{path}: says {file.samplerate:,} Hz; {RATES[0]:,} to {RATES[-1]:,} are read; export it again"
        )
    return file


def _native(path):
    """Return a path as `soundfile` takes it: names of files may be no UTF-8."""
    return os.fsencode(path) if os.name == "posix" else str(path)


def _reason(error):
    told = (getattr(error, key, None) for key in ("error_string", "strerror"))  # libsndfile's, the system's
    text = next(filter(None, told), None) or str(error) or type(error).__name__
    return text.strip().rstrip(".").removeprefix("Error : ")
