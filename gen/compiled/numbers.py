"""Arrays of floats, and of bfloat16 as their bits, read and written alike."""

import numpy as np

from gen.compiled.door import binding, config, intrinsic, ir, overload, types


class BFloat(ir.Type):
    """LLVM's bfloat, which llvmlite has no name for."""

    def _to_string(self):
        return "bfloat"


@intrinsic
def widened(context, half):
    """Return the float32 of a bfloat16 whose bits are a uint16."""

    def emit(context, builder, signature, arguments):
        bits = builder.shl(builder.zext(arguments[0], ir.IntType(32)), ir.Constant(ir.IntType(32), 16))
        return builder.bitcast(bits, ir.FloatType())

    return types.float32(types.uint16), emit


@intrinsic
def rounded(context, number):
    """Return as a uint16 the bits of the bfloat16 nearest to a float32, ties to even; of a NaN those of one."""

    def emit(context, builder, signature, arguments):
        word, half = ir.IntType(32), ir.IntType(16)
        bits = builder.bitcast(arguments[0], word)
        odd = builder.and_(builder.lshr(bits, ir.Constant(word, 16)), ir.Constant(word, 1))
        nearest = builder.add(bits, builder.add(odd, ir.Constant(word, 0x7FFF)))
        nearest = builder.trunc(builder.lshr(nearest, ir.Constant(word, 16)), half)
        nan = builder.fcmp_unordered("uno", arguments[0], arguments[0])
        return builder.select(nan, ir.Constant(half, 0x7FC0), nearest)

    return types.uint16(types.float32), emit


@intrinsic
def converted(context, number):
    """Return the same by an instruction of the processor; where it has none, LLVM calls a function that isn't there."""

    def emit(context, builder, signature, arguments):
        return builder.bitcast(builder.fptrunc(arguments[0], BFloat()), ir.IntType(16))

    return types.uint16(types.float32), emit


def converts() -> bool:
    """Return whether code is compiled for a processor that converts to bfloat16 by itself."""
    if config.CPU_NAME or config.CPU_FEATURES:  # for another one
        return False
    try:
        return bool(binding.get_host_cpu_features().get("avx512bf16"))
    except RuntimeError:
        return False


narrowed = converted if converts() else rounded


def read(array, i):
    """Return a number of an array, which holds floats or the bits of bfloat16; for compiled functions."""
    raise NotImplementedError("this is for compiled functions")


def write(array, i, value):
    """Put a number into an array, which holds floats or the bits of bfloat16; for compiled functions."""
    raise NotImplementedError("this is for compiled functions")


@overload(read, jit_options={"forceinline": True})
def choose_read(array, i):
    return (lambda array, i: widened(array[i])) if array.dtype == types.uint16 else (lambda array, i: array[i])


@overload(write, jit_options={"forceinline": True})
def choose_write(array, i, value):
    def half(array, i, value):
        array[i] = narrowed(np.float32(value))

    def whole(array, i, value):
        array[i] = value

    return half if array.dtype == types.uint16 else whole


@intrinsic
def larger(context, a, b):
    """Return the larger of two floats of one type, NaN if there is one: as vector code, which `max` isn't."""

    def emit(context, builder, signature, arguments):
        kind = arguments[0].type
        name = "llvm.maximum." + ("f64" if isinstance(kind, ir.DoubleType) else "f32")
        function = builder.module.declare_intrinsic(name, fnty=ir.FunctionType(kind, [kind, kind]))
        return builder.call(function, arguments)

    return a(a, a), emit
