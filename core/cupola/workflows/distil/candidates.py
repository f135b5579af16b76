"""The teacher's answers with what became of each, read from the journal."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...benchmarks.definition import Benchmark, from_json
from ...benchmarks.items import Item, item_of
from ...benchmarks.leaderboard import load_table
from ...benchmarks.outcomes import CODES, Judged, View, judged
from ...errors import CupolaError
from ...statistics.outcomes import Outcome
from ...store import answers, benchmarks
from ...store.benchmarks import Run
from ...store.database import Database
from .definition import Distillation

_TOPIC_FIELDS = ("topic", "intent", "category", "label")


@dataclass(frozen=True, slots=True)
class Candidate:
    """One answer of the teacher to one training prompt. Its text is hostile until shown cleaned."""

    place: int
    """Of the prompt in its split."""
    repeat: int
    prompt: str
    """The prompt's hash."""
    messages: tuple[Mapping[str, Any], ...]
    """What the student will be asked."""
    text: str
    outcome: Outcome
    score: float
    """On the view's scale; NaN where nothing was judged."""
    passed: bool
    tokens: int | None
    """Of the answer, as the service counted them."""
    topic: str
    """From the row's own field of that sense; "" where there is none."""


def candidates_of(database: Database, definition: Distillation, run: Run) -> list[Candidate]:
    """Every answer that a generating run asked for, in the order of the prompts.

    Raises:
        CupolaError: the run's results are not in the store.
    """
    teaching = from_json(run.definition)
    table = load_table(database, run)
    if table is None:
        raise CupolaError("The teacher's answers are gone.", remedy="Generate them again.")
    found = judged(table.arms[0], teaching, definition.view)
    rows = benchmarks.items(database, run.split)
    items = [item_of(teaching, place, row) for place, row in enumerate(rows)]
    learning = [item_of(definition.learning, place, row) for place, row in enumerate(rows)]
    texts = {(entry.sent.request, entry.sent.number): entry.answer for entry in answers.of_run(database, run.id)}
    candidates = []
    for ask in benchmarks.asks(database, run.id):
        answer = texts.get((ask.request, ask.number))
        row = table.row(ask.place, ask.repeat)
        candidates.append(
            Candidate(
                place=ask.place,
                repeat=ask.repeat,
                prompt=items[ask.place].key,
                messages=learning[ask.place].messages,
                text=(answer.text or "").strip() if answer is not None else "",
                outcome=_outcome(found, row),
                score=float(found.scores[row]),
                passed=bool(found.passes[row] == 1.0),
                tokens=answer.completion_tokens if answer is not None else None,
                topic=topic_of(items[ask.place]),
            )
        )
    return candidates


def topic_of(item: Item) -> str:
    """What an item is about, if one of its fields says so."""
    for name in _TOPIC_FIELDS:
        value = item.fields.get(name)
        if isinstance(value, str) and value:
            return value[:80]
    return ""


def scores_of(candidates: Sequence[Candidate]) -> list[float]:
    """The scores that there are."""
    return [one.score for one in candidates if not math.isnan(one.score)]


def histogram(candidates: Sequence[Candidate], view: View, bins: int = 20) -> dict[str, list[float]]:
    """How many answers lie between which scores: `edges` (bins + 1,) and `counts` (bins,)."""
    scores = scores_of(candidates)
    bounded = math.isfinite(view.scale.width)
    span = (view.scale.low, view.scale.high) if bounded else None
    counts, edges = np.histogram(scores, bins=bins, range=span)
    return {"edges": [float(edge) for edge in edges], "counts": [float(count) for count in counts]}


def generating(definition: Distillation, roles: Mapping[str, str]) -> Benchmark:
    """The run in which the teacher answers the training prompts."""
    return definition.teaching(roles["teacher"])


def _outcome(found: Judged, row: int) -> Outcome:
    return CODES[int(found.codes[row])]
