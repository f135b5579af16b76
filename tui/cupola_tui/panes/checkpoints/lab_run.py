"""The grader lab's arithmetic: a grader run on some stored answers, beside the rewards that they have."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cupola.graders import PythonSandbox, item_of_row, parse_grader, run_grader, text_sample
from cupola.graders.records import LabelModel, Multi, ScoreModel
from cupola.models import EvaluationItem
from cupola.store import evaluations
from cupola.store.database import Database, open_store
from cupola.training.auto_evals import AutoEvals

SAMPLED = 60
"""How many answers are shown to the grader: enough to see what changes, few enough for a few seconds."""


@dataclass(frozen=True, slots=True)
class Tried:
    """One answer and what the grader made of it."""

    column: int
    step: int
    before: float
    """The reward it has from the job's grader; NaN where there is none."""
    after: float
    """NaN where the edited grader gave none."""
    problem: str = ""
    """Why it gave none."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A grader on some answers."""

    name: str
    tried: tuple[Tried, ...]
    asks_models: bool
    """A part of it asks a model, which the lab does not."""

    @property
    def changed(self) -> int:
        """How many rewards differ."""
        return sum(abs(one.after - one.before) > 1e-9 for one in self.tried if _both(one))

    @property
    def failed(self) -> int:
        """How many answers got no reward."""
        return sum(math.isnan(one.after) for one in self.tried)

    @property
    def means(self) -> tuple[float, float]:
        """Mean rewards before and after, over answers that have both; NaN without any."""
        both = [one for one in self.tried if _both(one)]
        if not both:
            return math.nan, math.nan
        return sum(one.before for one in both) / len(both), sum(one.after for one in both) / len(both)


def sampled(evals: AutoEvals, rows: Sequence[int], seed: int = 0) -> list[tuple[int, int]]:
    """Some (row, column) places of stored answers, the same columns at each row, in order."""
    columns = list(range(len(evals.keys)))
    each = max(1, SAMPLED // max(1, len(rows)))
    drawn = sorted(random.Random(seed).sample(columns, min(each, len(columns))))
    return [(row, column) for row in rows for column in drawn if evals.places[row, column] >= 0]


def try_grader(store: Path, evals: AutoEvals, places: Sequence[tuple[int, int]], definition: Any) -> Trial:
    """Run a grader on stored answers, here; parts that ask a model fail in plain words.

    Raises:
        GraderDefinitionError: it is no grader.
        StoreError: the store cannot be read.
        SandboxUnavailableError: a python grader cannot be run on this machine.
    """
    grader = parse_grader(definition)
    parts = grader.graders.values() if isinstance(grader, Multi) else (grader,)
    tried = []
    with closing(open_store(store)) as database, PythonSandbox(workers=1) as sandbox:
        for row, column in places:
            item = evals.items[row][column]
            read = _read(database, item) if item is not None else None
            if read is None:
                continue
            result = run_grader(grader, *read, sandbox=sandbox)
            after = math.nan if result.reward is None else result.reward
            problem = "" if result.reward is not None else result.details or ", ".join(result.errors.families)
            tried.append(Tried(column, evals.steps[row], float(evals.scores[row, column]), after, problem))
    return Trial(grader.name, tuple(tried), any(isinstance(part, ScoreModel | LabelModel) for part in parts))


def _read(database: Database, item: EvaluationItem) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """Item and sample as a grader sees them; None where the model did not answer."""
    try:
        told = json.loads(evaluations.raw_item(database, item.run_id, item.id) or "{}")
    except (ValueError, RecursionError):
        return None
    sample, row = _mapping(told.get("sample")), _mapping(told.get("datasource_item"))
    output = sample.get("output")
    message = _mapping(output[0]) if isinstance(output, list) and output else None
    if message is None or sample.get("error"):
        return None
    content, calls = message.get("content"), message.get("tool_calls")
    tools = [call for call in calls if isinstance(call, dict)] if isinstance(calls, list) else []
    return item_of_row(row), text_sample(content if isinstance(content, str) else "", tool_calls=tools)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _both(one: Tried) -> bool:
    return math.isfinite(one.before) and math.isfinite(one.after)
