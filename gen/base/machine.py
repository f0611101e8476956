"""What the machine that trains has to offer: its device, its arithmetic, its memory."""

import contextlib
import ctypes
import os
import sys

M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_THRESHOLD = -1, -2, -3  # of malloc.h


def device(name, rank):
    """Return the torch device for "auto", "cpu" or "cuda"."""
    import torch  # here: who only counts cores needn't wait for it

    if name not in ("auto", "cpu", "cuda"):
        raise ValueError(f"device={name}: there are auto, cpu and cuda")
    if name == "cuda" and not torch.cuda.is_available():
        raise ValueError("device=cuda: torch finds no GPU here; use device=cpu")
    gpu = name != "cpu" and torch.cuda.is_available()
    return torch.device("cuda", rank % torch.cuda.device_count()) if gpu else torch.device("cpu")


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def use_bfloat16(precision, device):
    """Return whether to run in bfloat16: "auto" does where the processor multiplies it natively, half again as fast."""
    import torch

    if precision != "auto":
        return precision == "bfloat16"
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return getattr(torch.cpu, "_is_avx512_bf16_supported", bool)()


def memory() -> float | None:
    """Return how many bytes of memory the machine has; None on systems that don't tell."""
    with contextlib.suppress(AttributeError, ValueError, OSError):
        return float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    return None


def afford(size: float, what: str):
    """Raise ValueError where `what` needs more bytes than the machine has."""
    there = memory()
    if there and size > there:
        raise ValueError(
            f"{what} takes {size / 1e9:,.0f} GB of memory or more, and here are {there / 1e9:.0f}: take a smaller "
            "model, fewer lanes= or a shorter window="
        )


def keep_freed_memory():
    """Have glibc keep what is freed instead of handing it back to the system.

    A training step frees some hundred megabytes and asks for the same again; page faults were a seventh of its time.
    """
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):  # another C library
            mallopt = ctypes.CDLL(None).mallopt
            for parameter, size in ((M_MMAP_THRESHOLD, 1 << 30), (M_TRIM_THRESHOLD, 2**31 - 1), (M_TOP_PAD, 1 << 26)):
                mallopt(parameter, size)
