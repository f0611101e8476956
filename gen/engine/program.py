"""A model as a flat program: what it computes for each symbol, as a table of integers that one loop can run.

A stream's numbers, its state included, lie in one buffer; each vector there has room for a multiple of ROWS numbers,
zeros behind its end. Matrices lie packed in a buffer of weights that all streams share, other constants in a third.
A place counts numbers from the beginning of its buffer.

An op is a row of the table, written by the method of `Program` that bears its name and read by `gen.engine.loop`. A
column, of those in OP, means the same in every op that has it. Ops stand in sections, each run for the symbols t with
t % period == phase.
"""

from typing import NamedTuple

import numpy as np

from gen.compiled.door import LANES

ROWS, UNROLL = 64, 4  # outputs of a packed matrix side by side; inputs are padded to a multiple of UNROLL
FEATURE, TABLE, PRODUCT, ADD, DOT, ACTIVATE, GRU, LSTM, NORM, GATE, CONV, RGLRU, CGLRU, MINGRU, DELAY, UNITS = range(16)
TANH, SIGMOID, RELU = range(3)
BLOCK = 512  # symbols in a run of the loop, at most
LABEL = -1  # looked up `back` symbols ago it is no symbol, but the stream's label
WEIGHTS = {"float32": np.float32, "bfloat16": np.float32, "float64": np.float64}  # and the numbers beside them


def integers(*names):
    return np.dtype([(name, np.int64) for name in names], align=True)


OP = integers(
    *("code", "size", "y"),  # which op, and how many numbers it makes (or changes) at which place
    *("x", "step", "every", "period"),  # the place of its input, and how it moves: see Vector
    *("gates", "cell", "past", "sum", "new"),  # places of a stream's other vectors
    *("table", "bias", "scale", "taps", "decay", "turn"),  # places of constants
    *("weights", "inputs"),  # the place of a matrix, and its columns
    *("add", "back", "function", "width"),  # whether y is added to; symbols ago; TANH and so on; how many taps
)
SECTION = integers("period", "phase", "first", "last")  # its ops are those from `first` on, before `last`


class Vector(NamedTuple):
    """`size` numbers of a stream from `at` on; with a `step` they move over time.

    With a `period` they lie step * ((t % period) // every) further on at symbol t; without one, step times as far as
    symbols have been run in this block.
    """

    at: int
    size: int
    step: int = 0
    every: int = 1
    period: int = 0

    def part(self, number, parts):
        """Return one of equal `parts`."""
        size = self.size // parts
        return self._replace(at=self.at + number * size, size=size)


class Frames(NamedTuple):
    """Where the frames lie that a stream is told: `slots` of them from `at` on, frame number n in slot n % slots.

    Each has `channels` numbers, is that of `hop` symbols, and stands there before the first of these is run.
    """

    at: int
    channels: int
    hop: int
    slots: int


class Packed(NamedTuple):
    """A program ready to run, in the types of `weights` and numbers."""

    ops: np.ndarray  # of OP
    sections: np.ndarray  # of SECTION
    weights: np.ndarray  # float32, float64, or uint16 with the bits of a bfloat16 in each
    constants: np.ndarray
    initial: np.ndarray  # the numbers of a stream before its first symbol
    window: np.ndarray  # of moving features: its place, features of a symbol
    logits: int  # their place


class Program:
    """Ops in the making. All values are given in float64 and rounded once, by `pack`."""

    def __init__(self, levels: int, history, features=None):
        """Begin for `levels` symbols, after the symbols `history` (T,) were heard.

        `features` (levels, F) are numbers by which products see a symbol; `window` gives those of the last few.
        """
        if levels % LANES:
            raise ValueError(f"levels={levels}: the engine has multiples of {LANES}; sample with engine=reference")
        self.levels, self.history = levels, np.asarray(history, np.int64)
        self.ops: list = []
        self.sections: list = []
        self.matrices: list = []
        self.size, self.weights = 0, 0  # numbers of a stream, and in all matrices, so far
        self.constants: list = []
        self.kept = 0  # numbers in all constants, so far
        self.initial: list = []
        self.logits = Vector(0, 0)  # the last thing that a lowering says
        self.window_at = 0
        self.per_symbol = 0  # features of a symbol that a window has, if there is one
        self.frames: Frames | None = None  # where what a stream is told lies
        if features is not None:
            self._begin_window(np.asarray(features, np.float64))

    def section(self, period: int = 1, phase: int = 0):
        """Begin a section: what follows runs for the symbols t with t % period == phase."""
        self.sections.append([period, phase, len(self.ops), len(self.ops)])

    def op(self, code: int, y: Vector, x: Vector | None = None, **columns):
        """Write an op that makes or changes y from x; columns of OP that are not named are 0."""
        moving = {"x": x.at, "step": x.step, "every": x.every, "period": x.period} if x else {}
        row = np.zeros((), OP)
        for name, value in {"code": code, "size": y.size, "y": y.at, **moving, **columns}.items():
            row[name] = value
        self.ops.append(row)
        self.sections[-1][3] = len(self.ops)

    def vector(self, size: int, values=None) -> Vector:
        """Return room for `size` numbers, which begin as `values` or as zero."""
        made = Vector(self.size, size)
        self.size += room(size)
        if values is not None:
            self.initial.append((made.at, np.asarray(values, np.float64)))
        return made

    def constant(self, values) -> int:
        """Keep a constant vector, or rows of a table, each with room for a multiple of ROWS; return where it lies."""
        values = np.atleast_2d(np.asarray(values, np.float64))
        values = np.pad(values, ((0, 0), (0, -values.shape[1] % ROWS)))
        at = self.kept
        self.constants.append(values.ravel())
        self.kept += values.size
        return at

    def _begin_window(self, features):
        self.per_symbol = features.shape[1]
        past = features[self.history].ravel()
        self.window_at = self.vector(len(past) + (BLOCK + 1) * self.per_symbol + UNROLL, past).at
        self.section()
        self.op(FEATURE, Vector(self.window_at + len(past), self.per_symbol), table=self.constant(features))

    def window(self, count: int) -> Vector:
        """Return the features of the last `count` symbols, the latest included."""
        behind = len(self.history) + 1 - count
        return Vector(self.window_at + behind * self.per_symbol, count * self.per_symbol, self.per_symbol)

    def told(self, channels: int, hop: int) -> Vector:
        """Return the frame of `channels` numbers that a stream is told, each for `hop` symbols; no symbol makes it."""
        slots = BLOCK // hop + 2  # a run of BLOCK symbols may begin and end within a frame
        self.frames = Frames(self.vector(slots * channels + UNROLL).at, channels, hop, slots)
        return Vector(self.frames.at, channels, channels, hop, slots * hop)

    def product(self, matrix, x: Vector, bias=None, add_to: Vector | None = None) -> Vector:
        """Return W x + bias of a matrix (n, m), or add W x to the vector `add_to`."""
        matrix = np.asarray(matrix, np.float64)
        n, m = matrix.shape
        padded = np.pad(matrix, ((0, -n % ROWS), (0, -m % UNROLL)))
        y = add_to or self.vector(n)
        bias = 0 if add_to else self.constant(np.zeros(n) if bias is None else bias)
        self.op(PRODUCT, y, x, weights=self.weights, inputs=padded.shape[1], bias=bias, add=bool(add_to))
        self.matrices.append(padded)
        self.weights += padded.size
        return y

    def table(self, rows, back: int = 0, add_to: Vector | None = None) -> Vector:
        """Return the row of `rows` (levels, n) for the symbol heard `back` before the latest, or for the LABEL."""
        rows = np.asarray(rows, np.float64)
        y = add_to or self.vector(rows.shape[1])
        self.op(TABLE, y, table=self.constant(rows), back=back, add=bool(add_to))
        return y

    def add(self, y: Vector, x: Vector):
        """y += x"""
        self.op(ADD, y, x, add=True)

    def copy(self, y: Vector, x: Vector):
        """y = x"""
        self.op(ADD, y, x)

    def dot(self, y: Vector, x: Vector) -> Vector:
        """Return the sum of y * x, one number; y = y * x."""
        made = self.vector(1)
        self.op(DOT, y, x, sum=made.at)
        return made

    def activate(self, y: Vector, function: int):
        """y = function(y), function one of TANH, SIGMOID, RELU"""
        self.op(ACTIVATE, y, function=function)

    def norm(self, x: Vector, scale, epsilon: float) -> Vector:
        """Return (x - mean) / sqrt(variance + epsilon) scale"""
        y = self.vector(x.size)
        self.op(NORM, y, x, scale=self.constant([*scale, epsilon]))
        return y

    def gate(self, value: Vector, gate: Vector, add_to: Vector | None = None) -> Vector:
        """Return value * silu(gate), or add it to the vector `add_to`."""
        y = add_to or self.vector(value.size)
        self.op(GATE, y, value, gates=gate.at, add=bool(add_to))
        return y

    def gru(self, h: Vector, x: Vector, gates: Vector):
        """h = n + z (h - n), with r, z and n from x (3 H,) and gates (3 H,), the two affine maps."""
        self.op(GRU, h, x, gates=gates.at)

    def lstm(self, h: Vector, c: Vector, gates: Vector):
        """c, h from gates (4 H,), in the order i, f, g, o."""
        self.op(LSTM, h, cell=c.at, gates=gates.at)

    def conv(self, x: Vector, taps) -> Vector:
        """Return the causal convolution of each channel of x over time with taps (K, D), the last one for now."""
        taps = np.asarray(taps, np.float64)
        past = [self.vector(x.size) for _ in taps[1:]]  # the oldest first
        y = self.vector(x.size)
        self.op(CONV, y, x, past=past[0].at, taps=self.constant(taps), width=len(taps))
        return y

    def rglru(self, h: Vector, gates: Vector, x: Vector, decay):
        """h = a h + sqrt(1 - a^2) (i x), a = exp(decay r), with r and i sigmoids of gates (2 D,)."""
        self.op(RGLRU, h, x, gates=gates.at, decay=self.constant(decay))

    def cglru(self, h: Vector, gates: Vector, x: Vector, decay, angle):
        """h = a e^{j angle} h + sqrt(1 - a^2) (i x), a = exp(decay r), complex, with gates (D,) for D/2 channels."""
        turn = self.constant([*np.cos(angle), *np.sin(angle)])
        self.op(CGLRU, h, x, gates=gates.at, decay=self.constant(decay), turn=turn)

    def mingru(self, h: Vector, gates: Vector):
        """h = (1 - z) h + z candidate, with the gate of z and the candidate in gates (2 D,)."""
        self.op(MINGRU, h, gates=gates.at)

    def delay(self, x: Vector, symbols: int) -> Vector:
        """Return x as it was `symbols` ago and x as it is, side by side; zeros before there was one.

        What it was lies in a ring, a slot for each of those symbols: that of the oldest is read, and then written.
        """
        ring = Vector(self.vector(symbols * x.size).at, x.size, step=x.size, period=symbols)
        y = self.vector(2 * x.size)
        self.op(DELAY, y, ring, new=x.at)
        return y

    def units(self, y: Vector, x: Vector) -> Vector:
        """y = tanh(a) sigmoid(b), with a and b the halves of x."""
        self.op(UNITS, y, x)
        return y

    def pack(self, kind: str) -> Packed:
        """Return the program with weights of `kind`: float32, bfloat16 or float64."""
        real = WEIGHTS[kind]
        weights = aligned(self.weights // 2, np.uint32) if kind == "bfloat16" else aligned(self.weights, real)
        at = 0
        for matrix in self.matrices:
            blocks = matrix.reshape(-1, ROWS, matrix.shape[1]).transpose(0, 2, 1)  # (n / ROWS, m, ROWS)
            if kind == "bfloat16":
                halves = bfloat16(blocks)
                blocks = halves[:, 0::2] << 16 | halves[:, 1::2]
            weights[at : at + blocks.size] = blocks.ravel()
            at += blocks.size
        initial = np.zeros(self.size, real)
        for place, values in self.initial:
            initial[place : place + len(values)] = values
        return Packed(
            ops=np.stack(self.ops),
            sections=np.array([tuple(section) for section in self.sections], SECTION),
            weights=weights.view(np.uint16) if kind == "bfloat16" else weights,
            constants=np.concatenate(self.constants).astype(real),
            initial=initial,
            window=np.array([self.window_at, self.per_symbol] if self.per_symbol else [], np.int64),
            logits=self.logits.at,
        )


def room(size: int) -> int:
    """Return how many numbers a vector of `size` takes: the next multiple of ROWS."""
    return -(-size // ROWS) * ROWS


def bfloat16(values):
    """Return the upper half of the nearest bfloat16 of each number, ties to even, as uint32."""
    bits = values.astype(np.float32).view(np.uint32)
    return (bits + 0x7FFF + (bits >> 16 & 1)) >> 16


def aligned(count: int, dtype):
    """Return an array of zeros that begins at a multiple of 64 bytes, as vector loads of weights want it."""
    size = np.dtype(dtype).itemsize
    room = np.zeros(count * size + 64, np.uint8)
    begin = -room.ctypes.data % 64
    return room[begin : begin + count * size].view(dtype)
