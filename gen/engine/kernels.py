"""What the engine is built of: matrix-vector products and sums as LLVM vector code.

Each result is computed in one fixed order of IEEE additions, products and fused multiply-adds, so that it is the same
for every batch size, thread count and machine.
"""

from functools import partial, reduce
from typing import NamedTuple

from gen.compiled.door import (
    INT,
    LANES,
    arrayobj,
    beginning,
    cgutils,
    constant,
    fetch,
    fused,
    intrinsic,
    ir,
    loop,
    moved,
    put,
    real_type,
    reduction,
    register_jitable,
    split,
    spread,
    types,
)
from gen.engine.program import ROWS, UNROLL, room

register_jitable(forceinline=True)(room)  # compiled functions call it too


def halves(builder, address, vector):
    """Fetch pairs of bfloat16; return the float32 vectors of their high and of their low halves."""
    pairs = ir.VectorType(ir.IntType(32), LANES)
    both = fetch(builder, address, pairs, 64)
    high = builder.and_(both, ir.Constant(pairs, [0xFFFF0000] * LANES))
    low = builder.shl(both, ir.Constant(pairs, [16] * LANES))
    return [builder.bitcast(high, vector), builder.bitcast(low, vector)]


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


product_1, product_1_wide, product_2, product_4 = product(1, 1), product(1, 2), product(2, 1), product(4, 1)


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


def larger(builder, a, b):
    return builder.select(builder.fcmp_ordered(">", b, a), b, a)


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
