"""A pass over a file on several processes, its parts in the order of the file."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from .lines import RANGE_BYTES, file_size, ranges
from .part import Part
from .scan import Plan, scan_range

WORTH_A_POOL = 24 * 1024 * 1024
"""Files below this are done before other processes have started."""

_AHEAD = 3
"""Ranges under way for each process; bounds what waits to be merged."""


def scan(path: Path, plan: Plan, workers: int | None = None) -> Iterator[tuple[int, Part]]:
    """Check a whole file; give each part, and how many bytes are done with it.

    Args:
        path: The file.
        plan: What to look for.
        workers: Processes beside this one; None for as many as there are processors if the file is large.
    """
    size = file_size(path)
    if workers is None:
        workers = len(os.sched_getaffinity(0)) if size >= WORTH_A_POOL and hasattr(os, "sched_getaffinity") else 0
    if workers < 2:
        for start, end in ranges(size):
            yield end, scan_range(path, start, end, plan)
        return
    yield from _scan_on(workers, path, plan, size)


def _scan_on(workers: int, path: Path, plan: Plan, size: int) -> Iterator[tuple[int, Part]]:
    # Spawned, not forked: this process may have threads.
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        waiting: deque[tuple[int, Future[Part]]] = deque()
        try:
            for start, end in ranges(size, RANGE_BYTES):
                waiting.append((end, pool.submit(scan_range, path, start, end, plan)))
                if len(waiting) >= workers * _AHEAD:
                    done, future = waiting.popleft()
                    yield done, future.result()
            while waiting:
                done, future = waiting.popleft()
                yield done, future.result()
        finally:
            for _, future in waiting:
                future.cancel()
