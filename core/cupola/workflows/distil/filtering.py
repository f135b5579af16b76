"""The stage that chooses what is learnt: graders and threshold, twins and leaks out, every row accounted for."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ...benchmarks.definition import from_json
from ...benchmarks.items import items_of
from ...benchmarks.labels import grader_report
from ...benchmarks.leaderboard import load_table
from ...datasets.writing import fingerprint
from ...errors import CupolaError
from ...store import benchmarks, workflows
from ...store.benchmarks import Run
from ...store.database import Database
from ...store.workflows import Stage, StageState
from ..kinds import Scene, World
from . import rows
from .candidates import Candidate, candidates_of, histogram, scores_of
from .definition import FEWEST_ROWS, Distillation, parse
from .sifting import Fate, Sifting, counted, rows_kept_by_threshold, sift, tokens_of, topics

_CURVE_POINTS = 41
_FILES = {Fate.TRAINING: "train.jsonl", Fate.VALIDATION: "valid.jsonl"}


@dataclass(frozen=True, slots=True)
class Purity:
    """The share of the kept answers that people would pass, given what labels say of the graders."""

    value: float
    low: float
    high: float
    labels: int


@dataclass(frozen=True, slots=True)
class Preview:
    """What a threshold would keep."""

    threshold: float | None
    fates: Mapping[str, int]
    kept: int
    topics: Mapping[str, tuple[int, int]]
    tokens: Mapping[str, float]
    purity: Purity | None
    """None where nobody has labelled answers: the graders' error is not known."""


def inputs(_: World, scene: Scene) -> Mapping[str, Any]:
    """The teacher's answers and all that chooses among them."""
    definition: Distillation = scene.definition
    return {
        "runs": scene.stages["generate"].inputs["runs"],
        "student": scene.outputs("roles")["roles"]["student"],
        "by": definition.view.name,
        "threshold": definition.threshold,
        "near": definition.near,
        "validation_share": definition.validation_share,
        "seed": definition.seed,
        "test": definition.test.split,
        "prompt": definition.learning.prompt_hash,
    }


async def go(world: World, scene: Scene, stage: Stage) -> Stage:
    """Choose, write the files, and account for every answer.

    Raises:
        CupolaError: too little is left to train on, or nothing was graded.
    """
    definition: Distillation = scene.definition
    run = _generated(world.database, scene.outputs("generate"))
    candidates = candidates_of(world.database, definition, run)
    folder = rows.directory(scene.workflow.place, stage.inputs_hash)
    leaks, twins = await _alike(world.database, definition, run, folder)
    sifting = Sifting(definition.threshold, definition.validation_share, definition.seed, leaks, twins)
    fates = sift(candidates, sifting)
    _refuse_too_few(candidates, fates)
    model = definition.arm(stage.inputs["student"]).model
    rows.write(folder / "answers.jsonl", map(_account, candidates, fates))
    files = {}
    for fate, name in _FILES.items():
        chosen = [rows.training_row(one) for one, its in zip(candidates, fates, strict=True) if its is fate]
        if chosen:
            path = rows.write(folder / name, chosen)
            files[fate] = await asyncio.to_thread(rows.described, path, model)
    purity = expected_purity(world.database, definition, run)
    outputs = {
        "answers": len(candidates),
        "fates": counted(fates),
        "kept": sum(fate.kept for fate in fates),
        "train": files[Fate.TRAINING],
        "valid": files.get(Fate.VALIDATION),
        "accounts": str(folder / "answers.jsonl"),
        "leaks": sorted(leaks),
        "twins": sorted(twins),
        "topics": {name: list(counts) for name, counts in topics(candidates, fates).items()},
        "answer_tokens": dict(tokens_of(candidates, fates)),
        "scores": histogram(candidates, definition.view),
        "curve": [list(point) for point in _curve(definition, candidates, sifting)],
        "purity": None if purity is None else [purity.value, purity.low, purity.high, purity.labels],
        "warnings": _warnings(candidates, fates),
    }
    kept, total = float(sum(fate.kept for fate in fates)), float(len(candidates))
    return replace(stage, state=StageState.DONE, outputs=outputs, done=kept, total=total, unit="rows kept")


def preview(database: Database, workflow_id: int, threshold: float | None) -> Preview | None:
    """What another threshold would keep; None before the stage has been done once. Costs nothing."""
    workflow, stage = workflows.get(database, workflow_id), workflows.stage(database, workflow_id, "filter")
    generated = workflows.stage(database, workflow_id, "generate")
    if workflow is None or stage is None or generated is None or not stage.outputs:
        return None
    definition = parse(workflow.definition)
    run = _generated(database, generated.outputs)
    candidates = candidates_of(database, definition, run)
    leaks, twins = stage.outputs["leaks"], stage.outputs["twins"]
    fates = sift(candidates, Sifting(threshold, definition.validation_share, definition.seed, leaks, twins))
    return Preview(
        threshold=threshold,
        fates=counted(fates),
        kept=sum(fate.kept for fate in fates),
        topics=topics(candidates, fates),
        tokens=tokens_of(candidates, fates),
        purity=expected_purity(database, definition, run),
    )


def expected_purity(database: Database, definition: Distillation, run: Run) -> Purity | None:
    """The positive predictive value of the graders at their thresholds, by labels and Rogan and Gladen's rate.

    sensitivity x corrected rate / raw rate, the least over the graders that filter; None without labels.
    """
    table = load_table(database, run)
    if table is None:
        return None
    teaching = from_json(run.definition)
    view = definition.view.grader
    found: list[Purity] = []
    for grader in range(len(teaching.graders)) if view is None else [view]:
        report = grader_report(database, run, table, grader)
        for _, rate in report.corrected:
            if rate.value is not None and rate.interval is not None and rate.raw > 0:
                share = rate.sensitivity / rate.raw
                low, high = (min(max(end * share, 0.0), 1.0) for end in (rate.interval.low, rate.interval.high))
                found.append(Purity(min(rate.value * share, 1.0), low, high, report.labelled))
    return min(found, key=lambda one: one.value, default=None)


def files_still_there(_: World, stage: Stage) -> bool:
    """Whether the files that the stage wrote are unchanged."""
    files = [file for file in (stage.outputs.get("train"), stage.outputs.get("valid")) if file is not None]
    try:
        return all(fingerprint(Path(file["path"])).sha256 == file["sha256"] for file in files)
    except (CupolaError, OSError):
        return False


def _generated(database: Database, outputs: Mapping[str, Any]) -> Run:
    run = benchmarks.get_run(database, int(outputs["runs"][0]))
    if run is None:
        raise CupolaError("The teacher's answers are gone.", remedy="Generate them again.")
    return run


async def _alike(database: Database, definition: Distillation, run: Run, folder: Path) -> tuple[set[int], set[int]]:
    teaching = from_json(run.definition)
    test = items_of(definition.test, benchmarks.items(database, definition.test.split))
    prompts = items_of(teaching, benchmarks.items(database, run.split))
    asked = [one.messages for one in test], [one.messages for one in prompts]
    return await asyncio.to_thread(rows.alike, folder, *asked, definition.near)


def _curve(definition: Distillation, candidates: Sequence[Candidate], sifting: Sifting) -> list[tuple[float, int]]:
    scores = scores_of(candidates)
    scale = definition.view.scale
    if not scores:
        return []
    low = scale.low if np.isfinite(scale.low) else min(scores)
    high = scale.high if np.isfinite(scale.high) else max(scores)
    return rows_kept_by_threshold(candidates, sifting, [float(x) for x in np.linspace(low, high, _CURVE_POINTS)])


def _account(candidate: Candidate, fate: Fate) -> dict[str, Any]:
    score = None if np.isnan(candidate.score) else candidate.score
    return {
        "prompt": candidate.place + 1,
        "answer": candidate.repeat + 1,
        "fate": fate.value,
        "score": score,
        "passed": candidate.passed,
        "text": candidate.text,
    }


def _refuse_too_few(candidates: Sequence[Candidate], fates: Sequence[Fate]) -> None:
    rows_left = sum(fate is Fate.TRAINING for fate in fates)
    if rows_left >= FEWEST_ROWS:
        return
    told = ", ".join(f"{count:,} {fate}" for fate, count in counted(fates).items())
    if candidates and not scores_of(candidates):
        raise CupolaError(
            "No answer of the teacher was graded.",
            f"Of {len(candidates):,} answers: {told}.",
            "Mend the grader, then go on: cupola grader check says what is wrong with it.",
        )
    below = sum(fate is Fate.BELOW for fate in fates)
    remedy = "Give more training prompts, or more samples of each (--samples)."
    if below > len(candidates) / 2:
        remedy = "Choose another teacher, or branch with a lower threshold: cupola distill branch ID --threshold SCORE"
    raise CupolaError(
        f"Only {rows_left} rows are left to train on; the service needs {FEWEST_ROWS}.",
        f"Of {len(candidates):,} answers: {told}.",
        remedy,
    )


def _warnings(candidates: Sequence[Candidate], fates: Sequence[Fate]) -> list[str]:
    found = []
    scores = scores_of(candidates)
    if scores and max(scores) - min(scores) < 1e-9:
        found.append("The grader gave every answer the same score: it chooses nothing.")
    ungraded = sum(fate is Fate.NOT_GRADED for fate in fates)
    if ungraded:
        found.append(f"{ungraded:,} answers could not be graded and are left out.")
    if not any(fate is Fate.VALIDATION for fate in fates):
        found.append("No prompt is held out: there will be no validation loss.")
    for topic, (kept, everything) in topics(candidates, fates).items():
        if topic and not kept:
            found.append(f"Nothing is kept of {topic} ({everything:,} answers).")
    return found
