"""Segments as training windows.

Legend: B lanes, T symbols a window. A lane plays whole segments one after the other.
"""

from typing import NamedTuple

import numpy as np
import torch

from gen.corpus import curves
from gen.corpus.splits import chance
from gen.corpus.varied import UNVARIED


class Window(NamedTuple):
    """One TBPTT batch. y[:, t] follows x[:, t]; y is -1 where a segment has ended.

    A row's targets that were recorded come first, those of a tail's silence after them. Both counts are over all ranks.
    `control` is what is told, a frame for each hop (see `gen.models.told`), or None.
    """

    x: torch.Tensor  # (B, T) int64
    y: torch.Tensor  # (B, T) int64
    reset: torch.Tensor  # (B,) bool
    labels: torch.Tensor  # (B,) int64
    recorded: torch.Tensor  # (B,) int64, how many of a row's targets were
    targets: int
    counted: int  # of the targets, those recorded
    control: torch.Tensor | None = None  # (B, T / hop, C) float32


class Windows:
    """Endless windows over shuffled segments, or with `seed=None` one pass in the given order.

    Each of `lanes` plays whole segments one after the other, the next one in the seeded order whenever it is free.
    With several ranks, each keeps the books of all lanes and reads only its own: together they see what one would.

    With `told` (see `gen.sound.curves.Curves`) windows have control, of zeros where nothing is told: in a share
    `untold` of the segments, by chance. In a share `unlabelled` the label is the one behind the last, which says that
    it is any. Half of the segments that are untold are unlabelled too, so that a model learns what either says alone,
    and what comes where neither is said: guidance by either, or by both, compares these (Brooks et al. 2022, arXiv
    2211.09800, section 3.2). Each segment is changed as `vary` draws it.
    """

    def __init__(
        self,
        segments,
        lanes,
        length,
        silence,
        seed=0,
        rank=0,
        world=1,
        told=None,
        untold=0.0,
        unlabelled=0.0,
        vary=UNVARIED,
    ):
        self.segments, self.length, self.silence, self.seed = segments, length, silence, seed
        self.told, self.untold, self.unlabelled, self.vary = told, untold, unlabelled, vary
        self.any = 1 + max((s.label for s in segments), default=0)
        self.mine = range(rank * lanes // world, (rank + 1) * lanes // world)
        self.taken = 0  # segments begun so far
        # [segment index, offset, how many were begun before it], or None when it waits for a segment
        self.lanes: list[list | None] = [None] * lanes
        self._held: dict = {}

    def position(self):
        """Return where the windows are, as plain numbers; `seek` goes back there."""
        return {"taken": self.taken, "lanes": [list(lane) if lane else None for lane in self.lanes]}

    def seek(self, position):
        """Go to a `position`; those of before don't count segments."""
        self.taken, self.lanes = position["taken"], [[*lane, 0][:3] if lane else None for lane in position["lanes"]]
        self._held = {}

    def __iter__(self):
        return self

    def __next__(self):
        count, length = len(self.mine), self.length
        x = torch.full((count, length), self.silence[-1])
        y = torch.full((count, length), -1)
        reset, (labels, recorded) = torch.zeros(count, dtype=torch.bool), torch.zeros(2, count, dtype=torch.long)
        control = torch.zeros(count, length // self.told.hop, self.told.channels) if self.told else None
        targets = counted = 0
        for number, lane in enumerate(self.lanes):
            if lane is None:
                lane = self.lanes[number] = self._next_segment()
                if lane is None:
                    continue
            index, offset, begun = lane
            segment, change, sound = self.played(index, begun)
            size = sound + segment.tail
            n = length if segment.tail else min(length, size - offset)  # a tail goes on to the window's end
            real = max(0, min(n, sound - offset))
            targets, counted = targets + n, counted + real
            if number in self.mine:
                row = number - self.mine.start
                symbols, frames = self._read(number, segment, begun, change)
                y[row, :n] = symbols[offset : offset + n]
                x[row, 1:n] = symbols[offset : offset + n - 1]
                if offset:
                    x[row, 0] = symbols[offset - 1]
                reset[row], labels[row], recorded[row] = offset == 0, self._label(segment, begun), real
                if control is not None and frames is not None:
                    part = frames[offset // self.told.hop :][: control.shape[1]]
                    control[row, : len(part)] = part
            self.lanes[number] = [index, offset + n, begun] if offset + n < size else None
        if not targets:
            raise StopIteration
        return Window(x, y, reset, labels, recorded, targets, counted, control)

    def played(self, index: int, begun: int) -> tuple:
        """Return a Segment that was the `begun`-th, its Change, and its size in symbols then, without its tail."""
        segment, change = self.segments[index], self.vary.drawn(self.seed, begun)
        return segment, change, change.size(segment.stop - segment.start, len(self.silence))

    def _next_segment(self):
        epoch, place = divmod(self.taken, len(self.segments))
        if self.seed is None:
            if epoch:
                return None
            index = place
        else:
            if getattr(self, "_epoch", None) != epoch:
                self._epoch, self._order = (
                    epoch,
                    np.random.default_rng([self.seed, epoch]).permutation(len(self.segments)),
                )
            index = int(self._order[place])
        self.taken += 1
        return [index, 0, self.taken - 1]

    def _chance(self, begun) -> float:
        """Return a number in [0, 1) of the segment that was the `begun`-th."""
        return chance(f"{self.seed} {begun}")

    def _label(self, segment, begun) -> int:
        """Return what a model is told that a segment is: its label, or that it is any."""
        dropped = self.unlabelled and (self._chance(begun) - self.untold / 2) % 1 < self.unlabelled
        return self.any if dropped else segment.label

    def _read(self, number, segment, begun, change):
        """Return a lane's segment as symbols, changed, the silence after it too, and what is told in them, or None."""
        held = self._held.get(number)
        if held is None or held[0] != (segment, begun):
            symbols, gain = change.applied(segment.recording.read(segment.start, segment.stop), self.vary.codec)
            after = np.resize(np.asarray(self.silence, np.int64), segment.tail + self.length if segment.tail else 0)
            frames = None
            if self.told and self._chance(begun) >= self.untold:
                frames = torch.from_numpy(curves.told(self.told, segment, self.length, change.speed, gain))
            held = (segment, begun), torch.from_numpy(np.concatenate([symbols, after])), frames
            self._held[number] = held
        return held[1:]
