"""Is all well on this machine? Checks of what gen stands on, then a real training on a sine, whose takes must be it.

The training, the scoring and the two samplers are those of every other run. Wherever the training ended up, they agree
on the bits of a recording and on each symbol of a take; that takes are the sine is heard in their pitch, level and DC.
"""

import contextlib
import json
import math
import os
import platform
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F

from gen.base import files, machine
from gen.base.build import build
from gen.base.uniforms import Uniforms
from gen.corpus.corpus import prepare
from gen.corpus.windows import Windows
from gen.judging.score import score
from gen.sampling.reference import draw
from gen.sampling.trained import Trained
from gen.sound import audio, hearing
from gen.sound.codec import Codec
from gen.training.loop import train
from gen.training.step import train_step

HZ, AMPLITUDE, RATE = 330.0, 0.5, 8000
RECORDINGS, SECONDS = 24, 1.0  # of the sine
TAKES = 8
# What takes may differ by: pitch, dBFS, dB of RMS. The worst of five seeds, each with ATEN_CPU_CAPABILITY=default, avx2
# and unset, ONEDNN_MAX_CPU_ISA=AVX2 and unset, and in float32, was 3.6 cents, -52.6 dBFS, 0.04 dB.
CENTS, DC, LEVEL = 20.0, -45.0, 1.0
SPAN = 1200  # samples of what must agree: more than a window or a block of the engine, and no whole number of them
LANES = 3  # that train on two clips each
ROUNDING = 1e-4  # share of it that a loss may differ by, summed in another order in float32; the worst was 2e-6
MODEL = {"_target_": "gen.models.tiered.TieredLRU", "frames": [4, 16], "layers": [1, 1], "size": 48, "hidden": 48}
MODEL |= {"cell": "rglru+cglru", "conv": 4, "history": 32, "dropout": 0.0}
CODEC = {"_target_": "gen.sound.codec.MuLaw", "bits": 8, "emphasis": 0.0}
# windows of little more than a period: what is not carried on is missed
TRAINING: dict[str, Any] = {"steps": 250, "lanes": 16, "window": 32, "optimizer": "muon", "warmup": 20, "seed": 0}
TRAINING |= {"learning_rate": 0.012, "clip": 1.0, "minutes": None, "patience": None}
TRAINING |= {"device": "auto", "precision": "auto", "control": None, "untold": 0.0, "unlabelled": 0.0}
TRAINING |= {"hear_noise": 0.0, "vary": None, "start": None}


class Check(NamedTuple):
    """One check: whether it `passed`, what was `found`, and what to do where it failed."""

    name: str
    passed: bool
    found: str
    remedy: str = ""


def doctor():
    """Yield the Checks, in order, each as soon as it is known."""
    yield Check("versions", True, versions())
    yield attempt("processor", processor, "gen needs some 2 GB of memory free; close other programs")
    yield attempt("gpu", gpu, "train with device=cpu, or mend the driver that torch names here")
    yield attempt("folders", folders, "run gen where you may write, and set GEN_CACHE to a folder where you may")
    yield attempt("audio", audio_files, "reinstall soundfile: pip install --force-reinstall soundfile")
    yield attempt("codec", codec, "the codec loses more than its own rounding: reinstall gen")
    here, threads = Path.cwd(), torch.get_num_threads()
    torch.set_num_threads(1)  # of so small a model more of them wait for one another, for minutes where others work
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            yield from training()
        finally:
            os.chdir(here)
            torch.set_num_threads(threads)


def attempt(name: str, check, remedy: str, *given) -> Check:
    """Return the Check of a function that returns what it found or raises ValueError with what is wrong."""
    try:
        return Check(name, True, check(*given))
    except Exception as error:  # whatever it is, it is what the person has to know
        kind = "" if isinstance(error, ValueError) else f"{type(error).__name__}: "
        return Check(name, False, f"{kind}{' '.join(str(error).split())}", remedy)


def versions() -> str:
    names = ("gen", "torch", "numpy", "numba", "soundfile", "soxr", "hydra-core")
    return f"python {platform.python_version()}, " + ", ".join(f"{name} {version(name)}" for name in names)


def processor() -> str:
    cores = machine.cores()
    memory = (machine.memory() or 0) / 1e9
    if memory and memory < 1.5:
        raise ValueError(f"{memory:.1f} GB of memory")
    how = "bfloat16" if machine.use_bfloat16("auto", torch.device("cpu")) else "float32"
    return f"{cores} cores, {f'{memory:.0f} GB of memory, ' if memory else ''}trains in {how}"


def gpu() -> str:
    if not torch.cuda.is_available():
        return "none; trainings run on the processor"
    x = torch.ones(64, 64, device="cuda")
    if (x @ x)[0, 0].item() != 64:
        raise ValueError(f"{torch.cuda.get_device_name()} multiplies wrongly")
    return torch.cuda.get_device_name()


def folders() -> str:
    for folder in (files.cache(), Path.cwd()):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder) as file:
                file.write(b"gen")
        except OSError as error:
            raise ValueError(f"{folder}: can't be written ({error.strerror})") from None
    return f"can write to {files.cache()} and {Path.cwd()}"


def audio_files() -> str:
    wave = sine(0)
    with tempfile.TemporaryDirectory() as folder:
        for kind in audio.WRITABLE:
            audio.write(Path(folder) / f"sine{kind}", wave, RATE)
            if np.abs(audio.read(Path(folder) / f"sine{kind}", RATE) - wave).max() > 2**-15:
                raise ValueError(f"what was written as {kind} reads differently")
    return "what is written as WAV and FLAC reads the same"


def codec() -> str:
    law = build(CODEC, "codec", Codec)
    symbols = np.arange(law.levels)
    if not np.array_equal(law.encode(law.decode(symbols)), symbols):
        raise ValueError("a level, decoded and encoded, is another")
    if law.decode(np.array(law.silence)).any():
        raise ValueError("silence isn't silent")
    wave = np.linspace(-0.95, 0.95, 10_001)
    steps = np.diff(law.decode(symbols).astype(float))
    far = np.abs(law.decode(law.encode(wave)) - wave).max() / steps.max()
    if far > 0.6:
        raise ValueError(f"a wave comes back {far:.1f} of the coarsest step away")
    return f"{law.levels} levels come back as they are, silence as zero"


def training():
    """Yield the Checks of a training on the sine and of its takes."""
    began = time.monotonic()
    remedy = "please report it, with these lines"
    done = attempt("training", learn, remedy)
    yield done
    if not done.passed:
        return
    yield attempt("memory", carried, f"training and scoring don't remember alike: {remedy}")
    for name, other in (("compiled", "reference"), ("reference", "compiled")):
        fault = f"the {name} sampler is at fault: {remedy}; meanwhile sample engine={other}"
        yield attempt(f"{name} sampler", replay, fault, name)
        yield attempt(f"{name} takes", take, f"training, or the {name} sampler, is at fault: {remedy}", name)
    yield Check("time", True, f"{time.monotonic() - began:.0f} s for the training and its takes")


def sine(number: int):
    """Return recording `number` of the sine (T,), its phase another in each."""
    phase = 2 * np.pi * np.random.default_rng(number).random()
    return (AMPLITUDE * np.sin(2 * np.pi * HZ * np.arange(round(SECONDS * RATE)) / RATE + phase)).astype(np.float32)


def learn() -> str:
    """Train on the sine, in the folder where we are."""
    folder = files.cache() / "doctor"  # always the same, so that the cache holds it once
    for number in range(RECORDINGS):
        audio.write(folder / f"{number:02d}.wav", sine(number), RATE)
    data = {"path": str(folder), "rate": RATE, "labels": "none", "valid": 0.25, "segment": 20.0, "tail": 0.0}
    train(data=data, codec=CODEC, model=MODEL, name="doctor", valid_every=TRAINING["steps"], **TRAINING)
    bits = json.loads(Path("runs/doctor/log.jsonl").read_text().splitlines()[-1])["valid_bits"]
    return f"{TRAINING['steps']} steps on a sine of {HZ:.0f} Hz: {bits:.2f} bits/sample held out"


def carried() -> str:
    """Compare the loss of each window in steps of training, no weight moved, with that of the same symbols in one pass.

    A lane plays two clips: from window to window it carries what it remembers, between the clips it begins anew.
    """
    trained = Trained("runs/doctor")
    model, codec, settings = trained.model, trained.codec, trained.header["trained"]["settings"]
    corpus, window = prepare(**settings["data"], codec=codec), settings["window"]
    clips = [s._replace(stop=s.start + SPAN) for s in corpus.train[: 2 * LANES]]
    symbols = torch.tensor(np.stack([s.recording.read(s.start, s.stop) for s in clips]))
    nats = F.cross_entropy(predict(trained, symbols).mT, symbols, reduction="none")
    whole = F.pad(nats, (0, -SPAN % window)).view(2, LANES, -1, window).sum((1, 3)).flatten()  # of each window
    bits = nats.mean().item() / math.log(2)
    scored, losses, device = score(model, clips, codec), [], machine.device("auto", 0)
    state = model.to(device).start(torch.zeros(LANES, dtype=torch.long, device=device))
    for batch in Windows(clips, LANES, window, codec.silence, seed=None):
        loss, _, state = train_step(model, [], batch, state, contextlib.nullcontext())
        losses.append(loss.item())
    apart = ((torch.tensor(losses) - whole).abs().max() / whole.mean()).item()
    found = f"{bits:.4f} bits/sample in one pass, {scored:.4f} scored, a window of training at most {apart:.3%} off"
    if max(abs(scored / bits - 1), apart) > ROUNDING:
        raise ValueError(found)
    return found


@torch.inference_mode()
def predict(trained, symbols):
    """Return the logits (B, T, L) of `symbols` (B, T) in one pass, each given those before it."""
    x = F.pad(symbols, (1, -1), value=trained.codec.silence[-1])
    return trained.model(x, trained.model.start(torch.zeros(len(x), dtype=torch.long)))[0]


def replay(engine: str) -> str:
    """Compare the symbols that a sampler drew in float64 with those the same uniform numbers pick after one pass."""
    trained = Trained("runs/doctor")
    trained.model.double()
    symbols = torch.from_numpy(trained.codec.encode(trained.sample(SPAN / RATE, engine=engine, weights="float64")))
    pick = draw(lambda t: Uniforms(0, 0).take(SPAN))
    if wrong := (symbols != pick(0, predict(trained, symbols[None])[0])).nonzero().flatten().tolist():
        raise ValueError(f"sample {wrong[0]} isn't what follows from those before it")
    return f"each of {SPAN:,} samples follows from those before it"


def take(engine: str) -> str:
    """Make takes, side by side, and compare their mean with the sine."""
    waves = Trained("runs/doctor").sample(seconds=0.3, count=TAKES, engine=engine)[:, RATE // 10 :]
    heard = hearing.hear(waves.ravel(), RATE)
    cents = 1200 * np.log2(np.mean([pitch(wave) for wave in waves]) / HZ)
    louder = heard.rms - hearing.level(AMPLITUDE / np.sqrt(2))
    found = f"{cents:+.1f} cents, DC {heard.dc:.0f} dBFS, level {louder:+.2f} dB"
    if not (abs(cents) <= CENTS and heard.dc <= DC and abs(louder) <= LEVEL):
        raise ValueError(f"they are not the sine: {found} (at most {CENTS:.0f} cents, {DC:.0f} dBFS, {LEVEL:.0f} dB)")
    return found


def pitch(wave) -> float:
    """Return the frequency in Hz of the strongest partial: the peak of a parabola through its three bins, in dB."""
    power = np.abs(np.fft.rfft(wave * np.hanning(len(wave)), 4 * len(wave)))
    top = int(np.argmax(power[1:-1])) + 1
    before, at, after = np.log(power[top - 1 : top + 2] + 1e-12)
    shift = (before - after) / (2 * (before - 2 * at + after) - 1e-12)
    return (top + shift) * RATE / (4 * len(wave))
