"""Which row is asked when: every arm goes through the same shuffled order, so that drift meets all arms alike."""

from __future__ import annotations

import random
from collections.abc import Sequence

from ..store.benchmarks import Ask
from .calls import request_hash
from .definition import Arm, Benchmark
from .items import Item

_SERIES = 1_000_000
"""Numbers of answers set aside for each series of an arm."""


def asks_of(benchmark: Benchmark, items: Sequence[Item]) -> list[Ask]:
    """Which request answers which row, for every arm.

    Rows that ask the same question of the same deployment in the same way are given different numbers, so that each
    has an answer of its own.
    """
    return [ask for index, arm in enumerate(benchmark.arms) for ask in _asks_of_arm(index, arm, items)]


def order_of(benchmark: Benchmark, items: Sequence[Item]) -> dict[tuple[int, int], int]:
    """The turn of each (place, repeat): all items once, in an order drawn by the seed, then all again."""
    places = [item.place for item in items]
    random.Random(benchmark.seed).shuffle(places)
    repeats = max(arm.repeats for arm in benchmark.arms)
    turns = ((place, repeat) for repeat in range(repeats) for place in places)
    return {row: turn for turn, row in enumerate(turns)}


def _asks_of_arm(index: int, arm: Arm, items: Sequence[Item]) -> list[Ask]:
    seen: dict[str, int] = {}
    asks = []
    for item in items:
        request = request_hash(arm.deployment, arm.body(list(item.messages)))
        for repeat in range(arm.repeats):
            number = seen.get(request, 0)
            seen[request] = number + 1
            asks.append(Ask(index, item.place, repeat, request, arm.series * _SERIES + number))
    return asks
