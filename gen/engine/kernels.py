"""What the engine is built of: matrix-vector products and sums as LLVM vector code. The only door to `numba`.

Each result is computed in one fixed order of IEEE additions, products and fused multiply-adds, so that it is the same
for every batch size, thread count and machine.

A vector of the processor stands for 16 numbers here; LLVM splits it where they are shorter.
"""

import hashlib
import tempfile
from pathlib import Path

import numba
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, overload
from numba.np import arrayobj

from gen.base import files
from gen.engine.program import LANES, ROWS, UNROLL


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


def compiled(function):
    """Compile a function to machine code; kept on disk, and run without Python's lock."""
    others, numba.config.CACHE_DIR = numba.config.CACHE_DIR, str(FOLDER)
    try:
        kept = {"cache": True, "nogil": True, "no_cfunc_wrapper": True}
        return numba.njit(error_model="numpy", boundscheck=False, **kept)(function)
    finally:
        numba.config.CACHE_DIR = others


def inlined(function):
    """Compile a function into those that call it, so that their loops become vector code."""
    within = {"forceinline": True, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}  # nobody else calls it
    return numba.njit(error_model="numpy", boundscheck=False, **within)(function)


def real_type(numba_type):
    """Return the LLVM type of one number of an array, that of a vector of them, and the bytes of one."""
    double = numba_type.dtype == types.float64
    one = ir.DoubleType() if double else ir.FloatType()
    return one, ir.VectorType(one, LANES), 8 if double else 4


def constant(count):
    return ir.Constant(INT, count)


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
    function = builder.module.globals.get(name)
    function = function or ir.Function(builder.module, ir.FunctionType(c.type, [c.type] * 3), name)
    return builder.call(function, [a, b, c])


def loop(builder, count, step, carried):
    """Emit `for j in range(0, count, step)`: return j, the carried values and a function that closes the loop."""
    entry, body, after = builder.block, builder.append_basic_block("body"), builder.append_basic_block("after")
    builder.branch(body)
    builder.position_at_end(body)
    j = builder.phi(INT)
    j.add_incoming(constant(0), entry)
    values = []
    for value in carried:
        values.append(builder.phi(value.type))
        values[-1].add_incoming(value, entry)

    def close(results):
        following = builder.add(j, constant(step))
        j.add_incoming(following, builder.block)
        for value, result in zip(values, results, strict=True):
            value.add_incoming(result, builder.block)
        builder.cbranch(builder.icmp_signed("<", following, count), body, after)
        builder.position_at_end(after)

    return j, list(values), close


def product(streams, blocks):
    """Return an intrinsic: y = init + W x for `blocks` blocks of ROWS outputs, in `streams` streams at once.

    Its arguments: the arrays of weights and of numbers (for their types), then addresses and distances in bytes: of
    the first block's weights, of x and from stream to stream, of y and so, of init and so; and how many inputs. A block
    is packed (inputs, ROWS); in bfloat16 (inputs / 2, ROWS) pairs, the even input's weight in the high half. Weights
    are read once for all streams. Each output is init, then one fused multiply-add for each input in order; that there
    are several at once keeps the processor's multipliers busy, and changes no bit.
    """

    @intrinsic
    def block(context, weights, numbers, w, x, x_next, y, y_next, init, init_next, inputs):
        def emit(context, builder, signature, arguments):
            w, x, x_next, y, y_next, init, init_next, inputs = arguments[2:]
            real, vector, size = real_type(signature.args[1])
            paired = signature.args[0].dtype == types.uint32
            pairs = ir.VectorType(ir.IntType(32), LANES)
            groups = range(blocks * ROWS // LANES)  # vectors of outputs
            row = ROWS * (2 if paired else size)  # bytes of the weights of one input in a block
            starts = [builder.add(w, builder.mul(inputs, constant(block * row))) for block in range(blocks)]

            def place(base, apart, stream, group):
                stream = builder.add(base, builder.mul(apart, constant(stream)))
                return builder.add(stream, constant(group * LANES * size))

            sums = [fetch(builder, place(init, init_next, s, g), vector) for s in range(streams) for g in groups]
            j, sums, close = loop(builder, inputs, UNROLL, sums)
            rows = [builder.add(start, builder.mul(j, constant(row))) for start in starts]
            for k in range(0, UNROLL, 2 if paired else 1):
                columns = []
                for g in groups:
                    block, group = divmod(g, ROWS // LANES)
                    at = builder.add(rows[block], constant(k * row + group * LANES * size))
                    if not paired:
                        columns.append([fetch(builder, at, vector, 64)])
                        continue
                    both = fetch(builder, at, pairs, 64)
                    high = builder.and_(both, ir.Constant(pairs, [0xFFFF0000] * LANES))
                    low = builder.shl(both, ir.Constant(pairs, [16] * LANES))
                    columns.append([builder.bitcast(high, vector), builder.bitcast(low, vector)])
                for s in range(streams):
                    for half in range(len(columns[0])):
                        at = builder.mul(builder.add(j, constant(k + half)), constant(size))
                        number = fetch(builder, builder.add(place(x, x_next, s, 0), at), real)
                        number = spread(builder, number, vector)
                        for g in groups:
                            where = s * len(groups) + g
                            sums[where] = fused(builder, columns[g][half], number, sums[where])
            close(sums)
            for where, total in enumerate(sums):
                put(builder, total, place(y, y_next, *divmod(where, len(groups))))
            return context.get_dummy_value()

        return types.void(weights, numbers, *[types.intp] * 8), emit

    return block


product_1, product_1_wide, product_4 = product(1, 1), product(1, 2), product(4, 1)


@intrinsic
def read(context, weights, address, count):
    """Read `count` bytes, a multiple of 1024, from an address on, and nothing else; return what depends on them all."""

    def emit(context, builder, signature, arguments):
        _, address, count = arguments
        vector = ir.VectorType(INT, 8)
        found = [ir.Constant(vector, [0] * 8)] * 16
        j, found, close = loop(builder, count, 64 * len(found), found)
        at = builder.add(address, j)
        for k, value in enumerate(found):
            found[k] = builder.xor(value, fetch(builder, builder.add(at, constant(64 * k)), vector, 64))
        close(found)
        for value in found[1:]:
            found[0] = builder.xor(found[0], value)
        lanes = [builder.extract_element(found[0], ir.Constant(ir.IntType(32), k)) for k in range(8)]
        for lane in lanes[1:]:
            lanes[0] = builder.xor(lanes[0], lane)
        return lanes[0]

    return types.int64(weights, types.intp, types.intp), emit


def reduction(first, step, join):
    """Return an intrinsic: the `count` numbers at an address, a multiple of LANES, reduced in a fixed order.

    Each lane takes every LANES-th number by `step`; then neighbouring lanes are joined by `join` until one is left.
    """

    @intrinsic
    def reduce(context, numbers, address, count):
        def emit(context, builder, signature, arguments):
            _, vector, size = real_type(signature.args[0])
            _, address, count = arguments
            j, (total,), close = loop(builder, count, LANES, [ir.Constant(vector, [first] * LANES)])
            value = fetch(builder, builder.add(address, builder.mul(j, constant(size))), vector)
            total = step(builder, total, value)
            close([total])
            lanes = [builder.extract_element(total, ir.Constant(ir.IntType(32), k)) for k in range(LANES)]
            while len(lanes) > 1:
                lanes = [join(builder, a, b) for a, b in zip(lanes[::2], lanes[1::2], strict=True)]
            return lanes[0]

        return numbers.dtype(numbers, types.intp, types.intp), emit

    return reduce


def add(builder, a, b):
    return builder.fadd(a, b)


def larger(builder, a, b):
    return builder.select(builder.fcmp_ordered(">", b, a), b, a)


total = reduction(0.0, add, add)
total_squares = reduction(0.0, lambda builder, a, b: fused(builder, b, b, a), add)
largest = reduction(float("-inf"), larger, larger)


@intrinsic
def view(context, like, address, count):
    """Return the vector of `count` numbers at an address, of the type of the array `like`; nobody counts its users."""
    made = types.Array(like.dtype, 1, "C")

    def emit(context, builder, signature, arguments):
        _, address, count = arguments
        array = context.make_array(made)(context, builder)
        size = constant(context.get_abi_sizeof(context.get_data_type(made.dtype)))
        shape, strides = (cgutils.pack_array(builder, [value]) for value in (count, size))
        data = builder.inttoptr(address, array.data.type)
        arrayobj.populate_array(array, data, shape, strides, size, meminfo=None)
        return array._getvalue()

    return made(like, types.intp, types.intp), emit


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
