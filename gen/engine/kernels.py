"""What the engine is built of: matrix-vector products and sums as LLVM vector code. The only door to `numba`.

Each result is computed in one fixed order of IEEE additions, products and fused multiply-adds, so that it is the same
for every batch size, thread count and machine.

A vector of the processor stands for 16 numbers here; LLVM splits it where they are shorter.
"""

import hashlib
import tempfile
from functools import partial, reduce
from pathlib import Path
from typing import NamedTuple

import numba
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, overload, register_jitable
from numba.np import arrayobj

from gen.base import files
from gen.engine.program import LANES, ROWS, UNROLL, room


def cache_folder() -> Path:
    """Return the folder for what these files compile to, another one for each version of them."""
    sources = b"".join(path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py")))
    folder = files.cache() / "engine" / hashlib.sha256(sources).hexdigest()[:16]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        folder = Path(tempfile.mkdtemp(prefix="gen-engine-"))
    return folder


FOLDER = cache_folder()
INT = ir.IntType(64)
register_jitable(forceinline=True)(room)  # compiled functions call it too
# `_nrt` counts the users of arrays, which took up to a fifth of the time; as none is made there is nothing to free
PLAIN = {"error_model": "numpy", "boundscheck": False, "no_cfunc_wrapper": True, "_nrt": False}


def compiled(function):
    """Compile a function to machine code; kept on disk, and run without Python's lock."""
    others, numba.config.CACHE_DIR = numba.config.CACHE_DIR, str(FOLDER)
    try:
        return numba.njit(cache=True, nogil=True, **PLAIN)(function)
    finally:
        numba.config.CACHE_DIR = others


def inlined(function):
    """Compile a function into those that call it, so that their loops become vector code."""
    return numba.njit(forceinline=True, no_cpython_wrapper=True, **PLAIN)(function)


def real_type(numba_type):
    """Return the LLVM type of one number of an array, that of a vector of them, and the bytes of one."""
    double = numba_type.dtype == types.float64
    one = ir.DoubleType() if double else ir.FloatType()
    return one, ir.VectorType(one, LANES), 8 if double else 4


def constant(count):
    return ir.Constant(INT, count)


def moved(builder, address, *steps):
    """Return an address moved by `steps`, each a count and bytes, integers of Python or of LLVM."""
    for step in steps:
        count, size = (value if isinstance(value, ir.Value) else constant(value) for value in step)
        address = builder.add(address, builder.mul(count, size))
    return address


def beginning(context, builder, array_type, array):
    """Return the address of the first number of an array."""
    return builder.ptrtoint(context.make_array(array_type)(context, builder, array).data, INT)


def fetch(builder, address, kind, align=4):
    value = builder.load(builder.inttoptr(address, ir.PointerType()), typ=kind)
    value.align = align
    return value


def put(builder, value, address):
    builder.store(value, builder.inttoptr(address, ir.PointerType())).align = 4


def spread(builder, number, vector):
    """Return a vector of one number in all lanes."""
    undefined, lanes = ir.Constant(vector, ir.Undefined), ir.VectorType(ir.IntType(32), LANES)
    first = builder.insert_element(undefined, number, ir.Constant(ir.IntType(32), 0))
    return builder.shuffle_vector(first, undefined, ir.Constant(lanes, [0] * LANES))


def fused(builder, a, b, c):
    """Return a b + c, rounded once."""
    name = "llvm.fma." + ("v16f64" if isinstance(c.type.element, ir.DoubleType) else "v16f32")
    function = builder.module.declare_intrinsic(name, fnty=ir.FunctionType(c.type, [c.type] * 3))
    return builder.call(function, [a, b, c])


def split(builder, vector):
    """Return the numbers of a vector."""
    return [builder.extract_element(vector, ir.Constant(ir.IntType(32), k)) for k in range(vector.type.count)]


def halves(builder, address, vector):
    """Fetch pairs of bfloat16; return the float32 vectors of their high and of their low halves."""
    pairs = ir.VectorType(ir.IntType(32), LANES)
    both = fetch(builder, address, pairs, 64)
    high = builder.and_(both, ir.Constant(pairs, [0xFFFF0000] * LANES))
    low = builder.shl(both, ir.Constant(pairs, [16] * LANES))
    return [builder.bitcast(high, vector), builder.bitcast(low, vector)]


def loop(builder, count, step, carried):
    """Emit the beginning of a loop; return j, the carried values and a function that ends it.

    What is emitted before `close(results)` is its body, run at least once:

        j, values = 0, carried
        do: results = body(j, values)
            j, values = j + step, results
        while j < count
    """
    entry, body, after = builder.block, builder.append_basic_block("body"), builder.append_basic_block("after")
    builder.branch(body)
    builder.position_at_end(body)
    j = builder.phi(INT)
    j.add_incoming(constant(0), entry)
    values = [builder.phi(value.type) for value in carried]
    for value, first in zip(values, carried, strict=True):
        value.add_incoming(first, entry)

    def close(results):
        following = builder.add(j, constant(step))
        j.add_incoming(following, builder.block)
        for value, result in zip(values, results, strict=True):
            value.add_incoming(result, builder.block)
        builder.cbranch(builder.icmp_signed("<", following, count), body, after)
        builder.position_at_end(after)

    return j, list(values), close


class Places(NamedTuple):
    """Where a product y = init + W x lies: its addresses for the first block and stream, and distances in bytes."""

    weights: int
    x: int
    y: int
    init: int
    apart: int  # from a stream's x and y to those of the next one
    init_apart: int  # from a stream's init to that of the next one
    inputs: int  # how many, a multiple of UNROLL


def product(streams, blocks):
    """Return an intrinsic: y = init + W x for `blocks` blocks of ROWS outputs, in `streams` streams at once.

    Its arguments: the arrays of weights and numbers, for their types; Places; the first of those blocks and streams.
    A block is packed (inputs, ROWS); in bfloat16 (inputs / 2, ROWS) pairs, the even input's weight in the high half.
    What it emits, with g for groups of LANES outputs, each sum a vector in a register, all but `for j` unrolled:

        for s, g: sum[s, g] = init[s, g]
        for j in range(0, inputs, UNROLL):
            for k in range(j, j + UNROLL):
                for s, g: sum[s, g] = fma(W[k, g], x[s, k], sum[s, g])
        for s, g: y[s, g] = sum[s, g]

    So weights are read once for all streams, and each output is init, then one fused multiply-add for each input in
    order; that there are several at once keeps the processor's multipliers busy, and changes no bit.
    """

    @intrinsic
    def multiply(context, weights, numbers, places, block, stream):
        def emit(context, builder, signature, arguments):
            _, _, places, block, stream = arguments
            w, x, y, init, apart, init_apart, inputs = cgutils.unpack_tuple(builder, places)
            weight, (real, vector, size) = signature.args[0].dtype, real_type(signature.args[1])
            together = 2 if weight == types.uint16 else 1  # inputs whose weights are fetched at once
            width = weight.bitwidth // 8
            matrix = builder.mul(inputs, constant(ROWS * width))  # bytes of a block
            groups = range(blocks * ROWS // LANES)
            each = [(s, g) for s in range(streams) for g in groups]
            at = partial(moved, builder)

            def outputs(base, apart, s, g):
                return at(base, (stream, apart), (s, apart), (block, ROWS * size), (g, LANES * size))

            def columns(k, g):
                b, g = divmod(g, ROWS // LANES)
                place = at(w, (block, matrix), (b, matrix), (j, ROWS * width), (k * ROWS + g * LANES * together, width))
                return halves(builder, place, vector) if together == 2 else [fetch(builder, place, vector, 64)]

            def number(s, k):
                place = at(x, (stream, apart), (s, apart), (j, size), (k, size))
                return spread(builder, fetch(builder, place, real), vector)

            begun = [fetch(builder, outputs(init, init_apart, s, g), vector) for s, g in each]
            j, carried, close = loop(builder, inputs, UNROLL, begun)
            sums = dict(zip(each, carried, strict=True))
            for k in range(0, UNROLL, together):
                w_k = [columns(k, g) for g in groups]
                for half in range(together):
                    x_k = [number(s, k + half) for s in range(streams)]
                    for s, g in each:
                        sums[s, g] = fused(builder, w_k[g][half], x_k[s], sums[s, g])
            close(sums.values())
            for s, g in each:
                put(builder, sums[s, g], outputs(y, apart, s, g))
            return context.get_dummy_value()

        return types.void(weights, numbers, places, types.intp, types.intp), emit

    return multiply


product_1, product_1_wide, product_4 = product(1, 1), product(1, 2), product(4, 1)


@intrinsic
def read(context, weights, address, count):
    """Read `count` bytes, a multiple of 1024, from an address on, and nothing else; return what depends on them all."""

    def emit(context, builder, signature, arguments):
        _, address, count = arguments
        vector = ir.VectorType(INT, 8)
        found = [ir.Constant(vector, [0] * 8)] * 16
        j, found, close = loop(builder, count, 64 * len(found), found)
        for k, value in enumerate(found):
            found[k] = builder.xor(value, fetch(builder, moved(builder, address, (j, 1), (k, 64)), vector, 64))
        close(found)
        return reduce(builder.xor, split(builder, reduce(builder.xor, found)))

    return types.int64(weights, types.intp, types.intp), emit


def reduction(first, step, join):
    """Return an intrinsic: `count` numbers of an array from `begin` on, a multiple of LANES, reduced in a fixed order.

    Each lane takes every LANES-th number by `step`; then neighbouring lanes are joined until one is left:

        total = [first] * LANES
        for j in range(0, count, LANES):
            for lane: total[lane] = step(total[lane], numbers[begin + j + lane])
        while len(total) > 1: total = [join(total[0], total[1]), join(total[2], total[3]), ...]
    """

    @intrinsic
    def reduced(context, numbers, begin, count):
        def emit(context, builder, signature, arguments):
            _, vector, size = real_type(signature.args[0])
            array, begin, count = arguments
            address = moved(builder, beginning(context, builder, numbers, array), (begin, size))
            j, (total,), close = loop(builder, count, LANES, [ir.Constant(vector, [first] * LANES)])
            total = step(builder, total, fetch(builder, moved(builder, address, (j, size)), vector))
            close([total])
            lanes = split(builder, total)
            while len(lanes) > 1:
                lanes = [join(builder, a, b) for a, b in zip(lanes[::2], lanes[1::2], strict=True)]
            return lanes[0]

        return numbers.dtype(numbers, types.intp, types.intp), emit

    return reduced


def larger(builder, a, b):
    return builder.select(builder.fcmp_ordered(">", b, a), b, a)


total = reduction(0.0, ir.IRBuilder.fadd, ir.IRBuilder.fadd)
total_squares = reduction(0.0, lambda builder, a, b: fused(builder, b, b, a), ir.IRBuilder.fadd)
largest = reduction(float("-inf"), larger, larger)


@intrinsic
def part(context, numbers, row, place, count):
    """Return the `count` numbers from `place` on of a row of an array, without a copy."""
    made = types.Array(numbers.dtype, 1, "C")

    def emit(context, builder, signature, arguments):
        array, row, place, count = arguments
        apart = builder.extract_value(context.make_array(numbers)(context, builder, array).strides, 0)
        size = constant(numbers.dtype.bitwidth // 8)
        address = moved(builder, beginning(context, builder, numbers, array), (row, apart), (place, size))
        view = context.make_array(made)(context, builder)
        shape, strides = (cgutils.pack_array(builder, [value]) for value in (count, size))
        data = builder.inttoptr(address, view.data.type)
        arrayobj.populate_array(view, data, shape, strides, size, meminfo=None)
        return view._getvalue()

    return made(numbers, types.intp, types.intp, types.intp), emit


@intrinsic
def power_of_two(context, exponent, like):
    """Return 2**exponent, in the type of `like`, for an int32 (float32) or int64 (float64) in its normal range."""

    def emit(context, builder, signature, arguments):
        double = signature.return_type == types.float64
        integer, bias, shift = (INT, 1023, 52) if double else (ir.IntType(32), 127, 23)
        biased = builder.add(arguments[0], ir.Constant(integer, bias))
        real = ir.DoubleType() if double else ir.FloatType()
        return builder.bitcast(builder.shl(biased, ir.Constant(integer, shift)), real)

    return like(exponent, like), emit


@intrinsic
def fma(context, a, b, c):
    """Return a b + c, rounded once, for three numbers of one type."""

    def emit(context, builder, signature, arguments):
        return builder.fma(*arguments)

    return c(c, c, c), emit


def by_type(single, double):
    """Return a function of one number that is `single` in float32 and `double` in float64."""

    def either(x):
        raise NotImplementedError("this is for compiled functions")

    @overload(either, jit_options={"forceinline": True})
    def choose(x):
        return (lambda x: single(x)) if x == types.float32 else (lambda x: double(x))

    return either
