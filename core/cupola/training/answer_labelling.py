"""Stored answers of an evaluation to be labelled by people: which, and as they are put before them."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

import numpy as np

from ..azure.wire.evaluation_answers import answer, to_grade
from ..benchmarks.labels import GraderReport, ToLabel
from ..statistics.estimates import DEFAULT_SEED
from ..statistics.label_sampling import choose_for_labels
from ..store import answer_labels, evaluations
from ..store.database import Database
from .grader_lab import LabReport, Scored
from .lab_verdicts import PEOPLE

AT_ONCE = 20
"""So many are put before a person in one go."""


def to_label(
    database: Database, scored: Sequence[Scored], threshold: float | None, seed: int = DEFAULT_SEED
) -> list[ToLabel]:
    """Answers without a label: half next to the threshold, half at random, in an order that says nothing.

    What comes back names the run as its request and the item as its item.

    Args:
        database: The store.
        scored: Answers with what a grader makes of them.
        threshold: The reward from which on it lets an answer pass; None is not known.
        seed: Of the draw.
    """
    known = answer_labels.of_runs(database, {one.run_id for one in scored})
    left = [one for one in scored if (one.run_id, one.item_id) not in known]
    rewards = np.array([np.nan if one.after is None else one.after for one in left], np.float64)
    if threshold is not None and np.isfinite(rewards).sum() >= 2:
        chosen = [left[place] for place in choose_for_labels(rewards, threshold, AT_ONCE, seed).items.tolist()]
    else:
        chosen = random.Random(seed).sample(left, min(AT_ONCE, len(left)))
    found = (_task(database, one) for one in chosen)
    return [one for one in found if one is not None]


def labelled_report(database: Database, name: str, report: LabReport) -> GraderReport:
    """What the labels say of the grader of a report; unsure ones are counted over the report's runs."""
    said = answer_labels.of_runs(database, {one.run_id for one in report.scored})
    found = next((one for one in report.agreements if one.name == PEOPLE), None)
    return GraderReport(
        grader=name,
        labelled=0 if found is None else found.answers,
        unsure=sum(passed is None for passed in said.values()),
        agreement=None if found is None else found.whole,
        consistency=None,
        corrected=(),
    )


def _task(database: Database, one: Scored) -> ToLabel | None:
    raw = evaluations.raw_item(database, one.run_id, one.item_id) or "{}"
    read = to_grade(raw)
    if read is None:
        return None
    asked: tuple[Mapping[str, str], ...] = tuple({"role": role, "content": text} for role, text in answer(raw).messages)
    text = "\n".join(filter(None, (read.text, *map(str, read.tool_calls))))
    return ToLabel(one.run_id, 0, one.item_id, 1.0, asked, read.fields, text)
