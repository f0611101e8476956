"""Arrays of floats, and of bfloat16 as their bits, read and written alike."""

import numpy as np

from gen.compiled.door import intrinsic, ir, overload, types


@intrinsic
def widened(context, half):
    """Return the float32 of a bfloat16 whose bits are a uint16."""

    def emit(context, builder, signature, arguments):
        bits = builder.shl(builder.zext(arguments[0], ir.IntType(32)), ir.Constant(ir.IntType(32), 16))
        return builder.bitcast(bits, ir.FloatType())

    return types.float32(types.uint16), emit


@intrinsic
def narrowed(context, number):
    """Return as a uint16 the bits of the bfloat16 nearest to a float32, ties to even; of a NaN those of one."""

    def emit(context, builder, signature, arguments):
        word, half = ir.IntType(32), ir.IntType(16)
        bits = builder.bitcast(arguments[0], word)
        odd = builder.and_(builder.lshr(bits, ir.Constant(word, 16)), ir.Constant(word, 1))
        rounded = builder.add(bits, builder.add(odd, ir.Constant(word, 0x7FFF)))
        rounded = builder.trunc(builder.lshr(rounded, ir.Constant(word, 16)), half)
        nan = builder.fcmp_unordered("uno", arguments[0], arguments[0])
        return builder.select(nan, ir.Constant(half, 0x7FC0), rounded)

    return types.uint16(types.float32), emit


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
