"""Compiled loops over arrays, shared out among torch's own threads.

A second pool of threads on the same cores would have each wait for the other. torch's is OpenMP's, and the library of
it that torch has loaded takes work from whoever asks (`GOMP_parallel`, as in GCC's libgomp manual and LLVM's libomp).
"""

import ctypes
import functools
from pathlib import Path
from types import FunctionType
from typing import Any

import torch

from gen.base.terminal import say
from gen.compiled.door import FOLDER, INT, binding, cgutils, compiled, constant, intrinsic, ir, loops, types

SYMBOLS = ("GOMP_parallel", "omp_get_thread_num", "omp_get_num_threads")
TYPES = (torch.bfloat16, torch.float32, torch.float64)


def reach_threads() -> bool:
    """Make torch's OpenMP known to what is compiled here; return whether there is one."""
    for path in (Path(torch.__file__).parent / "lib").glob("libtorch_cpu.*"):
        try:
            library = ctypes.CDLL(str(path))
            found = [ctypes.cast(getattr(library, name), ctypes.c_void_p).value for name in SYMBOLS]
        except (OSError, AttributeError):
            continue
        for name, address in zip(SYMBOLS, found, strict=True):
            binding.add_symbol(name, address)
        return True
    return False


SHARED = reach_threads()


@intrinsic
def spread_out(context, work, threads, count, arrays):
    """Have each of `threads` call work(begin, end, *arrays) for its part of `count`; return when all have."""
    takes = (types.intp, types.intp, *arrays.types)

    def emit(context, builder, signature, arguments):
        _, threads, count, packed = arguments
        made = signature.args[0].dispatcher.get_compile_result(
            signature.args[0].get_call_type(context.typing_context, takes, {})
        )
        context.active_code_library.add_linking_library(made.library)
        module, byte, word = builder.module, ir.IntType(8).as_pointer(), ir.IntType(32)
        job = ir.LiteralStructType([INT, packed.type])
        task = ir.FunctionType(ir.VoidType(), [byte])
        region = ir.Function(module, task, f"{builder.function.name}.region")
        region.linkage = "internal"
        inner = ir.IRBuilder(region.append_basic_block())
        count_, packed_ = cgutils.unpack_tuple(inner, inner.load(inner.bitcast(region.args[0], job.as_pointer())))
        asked = [cgutils.get_or_insert_function(module, ir.FunctionType(word, []), name) for name in SYMBOLS[1:]]
        mine, all_ = (inner.sext(inner.call(ask, []), INT) for ask in asked)
        bounds = [inner.sdiv(inner.mul(count_, n), all_) for n in (mine, inner.add(mine, constant(1)))]
        parts = [*bounds, *cgutils.unpack_tuple(inner, packed_)]
        function = context.declare_function(module, made.fndesc)
        context.call_conv.call_function(inner, function, types.none, made.signature.args, parts)
        inner.ret_void()
        place = cgutils.alloca_once_value(builder, cgutils.pack_struct(builder, [count, packed]))
        starts = ir.FunctionType(ir.VoidType(), [task.as_pointer(), byte, word, word])
        start = cgutils.get_or_insert_function(module, starts, SYMBOLS[0])
        handed = [region, builder.bitcast(place, byte), builder.trunc(threads, word), ir.Constant(word, 0)]
        builder.call(start, handed)
        return context.get_dummy_value()

    return types.void(work, types.intp, types.intp, arrays), emit


work: Any = None  # stands for the function that `shared` gives to a copy of one of the next two


def alone(threads, count, *arrays):
    work(0, count, *arrays)


def together(threads, count, *arrays):
    if threads == 1:
        work(0, count, *arrays)
    else:
        spread_out(work, threads, count, arrays)


def shared(work):
    """Compile `work(begin, end, *arrays)`, for items from `begin` to `end`; return launch(count, *tensors).

    That has as many threads as torch has do an equal part of `count` items each; tensors are seen as arrays, integers
    as they are. What it computes for an item must not depend on where a part begins, nor may tensors that are written
    overlap others.
    """
    names = {"work": loops(work), "spread_out": spread_out}
    run = FunctionType((together if SHARED else alone).__code__, names, work.__name__)
    run.__module__, run.__qualname__ = work.__module__, f"{work.__module__}.{work.__name__}"
    run = compiled(run)

    @functools.wraps(work)
    def launch(count, *tensors):
        run(torch.get_num_threads(), count, *map(array, tensors))

    return launch


def array(tensor):
    """Return a contiguous tensor as an array, of the bits of bfloat16 as uint16; another thing as it is."""
    if not isinstance(tensor, torch.Tensor):
        return tensor
    tensor = tensor.detach()
    return (tensor.view(torch.uint16) if tensor.dtype == torch.bfloat16 else tensor).numpy()


def total(shares):
    """Return the sum of the rows of a tensor, one after the other, whatever the number of threads."""
    return torch.from_numpy(shares.numpy().sum(0))


def fit(*tensors) -> bool:
    """Return whether the compiled kernels are to compute on these: in training, on a CPU, where they compile."""
    return (
        torch.is_grad_enabled()
        and all(t.device.type == "cpu" and t.dtype in TYPES for t in tensors)
        and ready()
        and (SHARED or torch.get_num_threads() == 1)
    )


@shared
def double(begin, end, x, y):
    for i in range(begin, end):
        y[i] = x[i] + x[i]


@functools.cache
def ready() -> bool:
    """Return whether kernels compile here, having tried; the first time ever it is said that they will."""
    mark = FOLDER / "training"
    if not mark.exists():
        say("compiling the kernels of training, once")
    x, y = torch.ones(2), torch.zeros(2)
    try:
        double(2, x, y)
        mark.touch()
    except Exception as error:  # whatever numba or LLVM lack here, torch computes the same
        say(f"kernels don't compile here, training goes on without them: {error}".splitlines()[0])
    return bool((y == 2).all())
