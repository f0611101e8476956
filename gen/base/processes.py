"""Work spread over processes, its results in order and only a few of them at a time."""

import collections
import concurrent.futures
import multiprocessing
import os
import signal
from concurrent.futures.process import BrokenProcessPool

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
AHEAD = 2  # items for each process that are taken before the first of their results is asked for


def ordered(function, items, count: int):
    """Yield `function(item)` for each of the items, in their order, worked out by `count` processes.

    With one it is this process. Items are taken as they are needed, so that there may be any number of them. The
    function lies in a module; it, items and results are pickled. Raises ValueError where a process was killed.
    """
    if count < 2:
        yield from map(function, items)
        return
    context = multiprocessing.get_context("spawn")  # to fork beside threads, such as a progress bar's, may hang
    with concurrent.futures.ProcessPoolExecutor(count, context, initializer=begin) as pool:
        waiting: collections.deque = collections.deque()
        try:
            for item in items:
                waiting.append(pool.submit(function, item))
                if len(waiting) > AHEAD * count:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except BrokenProcessPool:
            raise ValueError(
                "a process was killed at its work, as systems do where memory is full; free some"
            ) from None
        finally:
            pool.shutdown(cancel_futures=True)


def begin():
    """Make a new process one of several: a core each, and Ctrl-C is the first one's to hear."""
    os.environ |= dict.fromkeys(THREADS, "1")  # before numpy is imported, which reads them once
    signal.signal(signal.SIGINT, signal.SIG_IGN)
