"""Drawing a chart anew: a million points against a thousand."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator

import numpy as np

from cupola_tui.plotting.raster import Curve, View, rasterise

from .result import Result

_RUNS = 9


def measure() -> Iterator[Result]:
    """Medians of CPU time at 100x30."""
    times = {count: _redraw(count) for count in (1_000, 1_000_000)}
    for count, milliseconds in times.items():
        yield Result(f"redraw of {count:,} points", milliseconds, "ms")
    yield Result("1,000,000 points against 1,000", times[1_000_000] / times[1_000], "x", 2.0)


def _redraw(count: int) -> float:
    steps = np.arange(count)
    values = 2 * np.exp(-4 * steps / count) + np.random.default_rng(1).uniform(-0.1, 0.1, count)
    times: list[float] = []
    for _ in range(_RUNS):
        started = time.process_time()
        assert rasterise([Curve(steps, values, "series1", "●")], View(), 100, 30)
        times.append((time.process_time() - started) * 1000)
    return statistics.median(times)
