"""Several processes that train as one, as torchrun starts them. Alone, every method hands back what it was given."""

import contextlib
import importlib
import os
from typing import NamedTuple

import torch
import torch.distributed as dist


class Ranks(NamedTuple):
    """This process's `rank` among `world` of them; rank 0 writes and speaks."""

    rank: int = 0
    world: int = 1

    @contextlib.contextmanager
    def first_alone(self):
        """Let rank 0 through the block before the others: it fills the cache, they find it full."""
        if self.rank:
            dist.barrier()
        yield
        if self.world > 1 and not self.rank:
            dist.barrier()

    def highest(self, values: list) -> list:
        """Return for each value the highest that any rank has: one decision for all."""
        if self.world == 1:
            return values
        made = torch.tensor(values, dtype=torch.double)
        dist.all_reduce(made, dist.ReduceOp.MAX)
        return made.tolist()

    def total(self, value: torch.Tensor) -> float:
        """Return the sum of a scalar over all ranks."""
        if self.world > 1:
            dist.all_reduce(value)
        return value.item()

    def gather(self, rows: torch.Tensor) -> torch.Tensor:
        """Return the rows of all ranks, in order."""
        if self.world == 1:
            return rows
        parts = [torch.empty_like(rows) for _ in range(self.world)]
        dist.all_gather(parts, rows.contiguous())
        return torch.cat(parts)

    def sum_gradients(self, parameters):
        """Add up the gradients of all ranks, in one message: each then has that of the joined batch."""
        if self.world == 1:
            return
        gradients = [p.grad for p in parameters]
        flat = torch.cat([g.flatten() for g in gradients])
        dist.all_reduce(flat)
        for gradient, summed in zip(gradients, flat.split([g.numel() for g in gradients]), strict=True):
            gradient.copy_(summed.view_as(gradient))


@contextlib.contextmanager
def join():
    """Yield the Ranks of this process, having joined the others if torchrun started it.

    No thread of the group outlives the block: one that let go of a tensor while Python ends would abort the process.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        yield Ranks()
        return
    importlib.import_module("torch.distributed.nn")  # later, its defaults would keep the group and its threads
    dist.init_process_group("cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo")
    try:
        yield Ranks(dist.get_rank(), dist.get_world_size())
        dist.barrier()  # a rank that leaves early would break the connections of one that still works
    finally:
        dist.destroy_process_group()
