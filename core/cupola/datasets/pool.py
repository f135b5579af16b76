"""A pass over a file on several processes, its parts in the order of the file."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from .lines import file_size, ranges
from .part import Part
from .scan import Plan, scan_range

WORTH_A_POOL = 24 * 1024 * 1024
"""Files below this are done before other processes have started."""

_FIRST_BYTES = 128 * 1024
_RANGE_BYTES = 512 * 1024
"""Small enough that what is made of a range stays small too."""
_AHEAD = 2
"""Ranges handed to each other process before it asks; it never waits."""
_MOST_WAITING = 12
"""Parts that may wait for an earlier one; bounds the memory."""


def scan(path: Path, plan: Plan, workers: int | None = None) -> Iterator[tuple[int, Part]]:
    """Check a whole file; give each part, and how many bytes are done with it.

    Args:
        path: The file.
        plan: What to look for.
        workers: Processes, this one among them; None for as many as there are processors if the file is large.
    """
    size = file_size(path)
    if workers is None:
        workers = len(os.sched_getaffinity(0)) if size >= WORTH_A_POOL and hasattr(os, "sched_getaffinity") else 0
    if workers < 2:
        for start, end in _ranges(size):
            yield end, scan_range(path, start, end, plan)
        return
    yield from _scan_on(workers, path, plan, size)


def _scan_on(workers: int, path: Path, plan: Plan, size: int) -> Iterator[tuple[int, Part]]:
    """Share the ranges out; this process does those that nobody has taken while it would wait."""
    first, *others = _ranges(size)
    left = deque(others)
    waiting: deque[tuple[int, Part | Future[Part]]] = deque()
    # Spawned, not forked: this process may have threads.
    with ProcessPoolExecutor(workers - 1, mp_context=get_context("spawn")) as pool:
        try:
            # The others start while this one finds the first findings.
            for _ in range(min(workers - 1, len(left))):
                start, end = left.popleft()
                waiting.append((end, pool.submit(scan_range, path, start, end, plan)))
            yield first[1], scan_range(path, *first, plan)
            while left or waiting:
                while left and _under_way(waiting) < _AHEAD * (workers - 1) and len(waiting) < _MOST_WAITING:
                    start, end = left.popleft()
                    waiting.append((end, pool.submit(scan_range, path, start, end, plan)))
                done, part = waiting[0]
                if isinstance(part, Future) and not part.done() and left and len(waiting) < _MOST_WAITING:
                    start, end = left.popleft()
                    waiting.append((end, scan_range(path, start, end, plan)))
                else:
                    waiting.popleft()
                    yield done, part.result() if isinstance(part, Future) else part
        finally:
            for _, part in waiting:
                if isinstance(part, Future):
                    part.cancel()


def _ranges(size: int) -> list[tuple[int, int]]:
    """The ranges of a file; the first is small, so that the first findings come at once."""
    first = min(size, _FIRST_BYTES)
    return [(0, first), *((start + first, end + first) for start, end in ranges(size - first, _RANGE_BYTES))]


def _under_way(waiting: Iterable[tuple[int, Part | Future[Part]]]) -> int:
    return sum(isinstance(part, Future) and not part.done() for _, part in waiting)
