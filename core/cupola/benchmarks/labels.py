"""Grading the grader: answers to label blind, agreement with what people said, and the pass rate corrected by it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..statistics.agreement import Agreement, agreement, confusion, self_consistency
from ..statistics.clusters import clusters_of
from ..statistics.corrected_rate import CorrectedRate, corrected_pass_rate
from ..statistics.estimates import DEFAULT_SEED, Estimate
from ..statistics.label_sampling import choose_for_labels
from ..store import answers, benchmarks, grades
from ..store.benchmarks import Run
from ..store.database import Database
from ..store.grades import Grade, Label
from .definition import Benchmark, GraderUse, from_json
from .hashing import canonical
from .items import Item, item_of
from .table import Floats, GradeKind, Table

LABELS_WANTED = 60


@dataclass(frozen=True, slots=True)
class ToLabel:
    """One answer to be labelled, without a word of whose it is. Texts are hostile until cleaned."""

    request: str
    number: int
    item: str
    """The hash of the item's fields."""
    weight: float
    """How many answers it stands for."""
    messages: tuple[Mapping[str, Any], ...]
    fields: Mapping[str, Any]
    text: str


@dataclass(frozen=True, slots=True)
class GraderReport:
    """How far a grader can be trusted, by the labels there are."""

    grader: str
    labelled: int
    """Answers with a label and a grade; unsure ones left out."""
    unsure: int
    agreement: Agreement | None
    """Of pass and fail, in this order; None without labels."""
    consistency: Estimate | None
    """None unless answers were graded more than once."""
    corrected: tuple[tuple[str, CorrectedRate], ...]
    """By arm."""


def to_label(
    database: Database, run: Run, table: Table, grader: int, count: int = LABELS_WANTED, seed: int = DEFAULT_SEED
) -> list[ToLabel]:
    """Answers worth a label: half next to the threshold, half at random, over all arms, in an order that says nothing.

    Those labelled before are left out; the choice itself depends on the seed alone, so that labelling can be resumed.
    """
    benchmark = from_json(run.definition)
    use = benchmark.graders[grader]
    rewards = np.concatenate([arm.rewards[grader] for arm in table.arms])
    if np.isnan(rewards).all():
        return []
    chosen = choose_for_labels(rewards, use.threshold or 0.0, count, seed)
    asks = {(ask.arm, table.row(ask.place, ask.repeat)): ask for ask in benchmarks.asks(database, run.id)}
    done = {(known.request, known.number, known.item) for known in grades.labels(database, use.hash)}
    found = []
    for place, weight in zip(chosen.items, chosen.weights, strict=True):
        ask = asks[divmod(int(place), table.rows)]
        item = _item(database, run, benchmark, ask.place)
        entry = answers.find(database, ask.request, ask.number)
        if entry is None or (ask.request, ask.number, item.hash) in done:
            continue
        text = entry.answer.text or ""
        found.append(ToLabel(ask.request, ask.number, item.hash, float(weight), item.messages, item.fields, text))
    return found


def label(database: Database, chosen: ToLabel, use: GraderUse, passed: bool | None, now: float) -> None:
    """Store what a person said of an answer; None is unsure."""
    said = Label(chosen.request, chosen.number, chosen.item, use.hash, passed, chosen.weight, now)
    grades.save_label(database, said)


def grader_report(database: Database, run: Run, table: Table, grader: int) -> GraderReport:
    """What the labels say of a grader, and of every arm's pass rate by it."""
    benchmark = from_json(run.definition)
    use = benchmark.graders[grader]
    given = grades.labels(database, use.hash)
    graded = _graded(database, run, use)
    pairs = [
        (known.passed, graded[key].passed, known.weight)
        for known in given
        if known.passed is not None
        and (key := (known.request, known.number, known.item)) in graded
        and graded[key].passed is not None
    ]
    unsure = sum(known.passed is None for known in given)
    if not pairs:
        return GraderReport(use.name, 0, unsure, None, _consistency(database, run, use), ())
    human, said, weights = (np.array(column, dtype=np.float64) for column in zip(*pairs, strict=True))
    matrix = confusion([bool(one) for one in human], [bool(one) for one in said], [True, False])
    return GraderReport(
        grader=use.name,
        labelled=len(pairs),
        unsure=unsure,
        agreement=agreement(matrix),
        consistency=_consistency(database, run, use),
        corrected=tuple(_corrected(benchmark, table, grader, human, said, weights)),
    )


def _corrected(
    benchmark: Benchmark,
    table: Table,
    grader: int,
    human: Floats,
    said: Floats,
    weights: Floats,
) -> list[tuple[str, CorrectedRate]]:
    clusters = table.clusters()
    found = []
    for arm, columns in zip(benchmark.arms, table.arms, strict=True):
        passes = np.where(columns.graded[grader] == GradeKind.GRADED, columns.passed[grader], np.nan)
        if not np.isnan(passes).all():
            found.append((arm.name, corrected_pass_rate(passes, human, said, weights, clusters)))
    return found


def _graded(database: Database, run: Run, use: GraderUse) -> dict[tuple[str, int, str], Grade]:
    found = grades.of_run(database, run.id, [use.hash])
    return {(grade.request, grade.number, grade.item): grade for grade in found if grade.again == 0}


def _consistency(database: Database, run: Run, use: GraderUse) -> Estimate | None:
    """How often the grader says the same of the same answer, where it was asked again."""
    found = [grade for grade in grades.of_run(database, run.id, [use.hash]) if grade.reward is not None]
    keys = [(grade.request, grade.number, grade.item) for grade in found]
    if len(set(keys)) == len(keys):
        return None
    return self_consistency(np.array([grade.reward for grade in found], dtype=np.float64), clusters_of(keys))


def _item(database: Database, run: Run, benchmark: Benchmark, place: int) -> Item:
    fields = benchmarks.item(database, run.split, place)
    return item_of(benchmark, place, canonical(fields))
