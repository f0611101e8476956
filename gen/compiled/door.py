"""The door to `numba`: functions compiled to machine code and kept on disk, and what they are built of.

What an intrinsic here emits is a fixed order of IEEE additions, products and fused multiply-adds, the same on every
machine. A vector of the processor stands for LANES numbers; LLVM splits it where they are shorter.
"""

import hashlib
import tempfile
from pathlib import Path

import numba
from llvmlite import binding, ir
from numba import config, types
from numba.core import cgutils
from numba.extending import intrinsic, overload, register_jitable
from numba.np import arrayobj

from gen.base import files

__all__ = ["arrayobj", "binding", "cgutils", "config", "intrinsic", "ir", "overload", "register_jitable", "types"]
LANES = 16


def cache_folder() -> Path:
    """Return the folder for what the files of `gen` compile to, another one for each version of those that do."""
    rooms = (Path(__file__).parent, Path(__file__).parent.parent / "engine")
    sources = b"".join(path.read_bytes() for room in rooms for path in sorted(room.glob("*.py")))
    folder = files.cache() / "engine" / hashlib.sha256(sources).hexdigest()[:16]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        folder = Path(tempfile.mkdtemp(prefix="gen-engine-"))
    return folder


FOLDER = cache_folder()
INT = ir.IntType(64)
# `_nrt` counts the users of arrays, which took up to a fifth of the time; as none is made there is nothing to free
PLAIN = {"error_model": "numpy", "boundscheck": False, "no_cfunc_wrapper": True, "_nrt": False}


def compiled(function):
    """Compile a function to machine code; kept on disk, and run without Python's lock."""
    others, config.CACHE_DIR = config.CACHE_DIR, str(FOLDER)
    try:
        return numba.njit(cache=True, nogil=True, **PLAIN)(function)
    finally:
        config.CACHE_DIR = others


# sums are reordered where that makes vector code: exact to rounding, and the same each time
QUICK = {"fastmath": {"reassoc", "contract"}, "no_cpython_wrapper": True}


def loops(function):
    """Compile a function of loops over arrays of which none that is written overlaps another, for `compiled` ones."""
    made = numba.njit(**QUICK, **PLAIN)(function)

    # numba has no keyword for it, and without it LLVM leaves loops over many arrays as they are
    def apart(flags):
        flags.noalias = True
        return flags

    made._compiler._customize_flags = apart
    return made


def piece(function):
    """Compile a function into the `loops` that call it."""
    return numba.njit(forceinline=True, **QUICK, **PLAIN)(function)


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


total = reduction(0.0, ir.IRBuilder.fadd, ir.IRBuilder.fadd)
total_squares = reduction(0.0, lambda builder, a, b: fused(builder, b, b, a), ir.IRBuilder.fadd)


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
