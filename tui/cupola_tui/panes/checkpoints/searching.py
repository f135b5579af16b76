"""Which items have some words in their question or in their answers at two steps; looked for between keys."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from cupola.models import EvaluationItem
from cupola.training.auto_evals import AutoEvals

from ...checkpoint_facts import CheckpointFacts

_SLICE_SECONDS = 0.008
"""So long is looked before the keys have their turn."""


async def matching(facts: CheckpointFacts, evals: AutoEvals, rows: Sequence[int], words: str) -> frozenset[int] | None:
    """The items with all the words and none of those with `!` before them; None for no words."""
    wanted = words.lower().split()
    if not wanted:
        return None
    found: set[int] = set()
    began = time.perf_counter()
    for column in range(len(evals.keys)):
        if _matches(_text(facts, [evals.items[row][column] for row in rows]), wanted):
            found.add(column)
        if time.perf_counter() - began > _SLICE_SECONDS:
            await asyncio.sleep(0.001)
            began = time.perf_counter()
    return frozenset(found)


def _text(facts: CheckpointFacts, items: Sequence[EvaluationItem | None]) -> str:
    return "\n".join(facts.words(item) for item in items if item is not None)


def _matches(text: str, wanted: Sequence[str]) -> bool:
    return all((word.removeprefix("!") in text) is not word.startswith("!") or word == "!" for word in wanted)
