"""Stages that are benchmark runs: wanted once, carried out by the worker's benchmarks, watched from here."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ...benchmarks.definition import Benchmark, to_json
from ...benchmarks.estimate import Range, RunEstimate, estimate
from ...benchmarks.items import items_of
from ...benchmarks.schedule import asks_of
from ...benchmarks.start import want_run
from ...errors import CupolaError
from ...store import answers, benchmarks, health, intents
from ...store.benchmarks import Progress, Run, RunState, StoredBenchmark
from ...store.database import Database
from ...store.workflows import Stage, StageState
from ..kinds import Scene, Step, Takes, World
from ..naming import resume_command

_GOES_WITHOUT_PROGRESS = 3
_REST_SECONDS = 5.0
_REFRESH = "refresh"


def digests(wanted: Sequence[Benchmark]) -> list[list[str]]:
    """What decides the outcome of some runs."""
    return [[benchmark.digest, benchmark.engine] for benchmark in wanted]


def takes(database: Database, wanted: Sequence[Benchmark]) -> Takes:
    """What some runs will cost beyond what the journal answers already."""
    found = [estimate(database, one, items_of(one, benchmarks.items(database, one.split))) for one in wanted]
    return in_dollars(found)


def in_dollars(found: Sequence[RunEstimate]) -> Takes:
    """Several runs' estimates together."""
    usd = sum((one.usd for one in found), Range(0.0, 0.0))
    unpriced = sorted({name for one in found for name in one.unpriced})
    calls = sum(one.calls for one in found)
    words = f"{calls:,} calls." + (f" The price of {', '.join(unpriced)} is not known." if unpriced else "")
    if unbounded := sorted({name for one in found for name in one.unbounded}):
        words += f" Nothing bounds the answers of {', '.join(unbounded)}; common lengths are taken."
    return Takes(usd.low, None if unpriced else sum(one.most for one in found), words)


async def carried(world: World, scene: Scene, stage: Stage, wanted: Sequence[Benchmark]) -> Stage:
    """Have some runs carried out, and come back with how far they are; outputs name them once all are done.

    Raises:
        CupolaError: a run has stopped and does not get on when it is tried again, or the limit is reached.
    """
    database = world.database
    if "before" not in stage.notes:
        # What these runs had spent before this workflow wanted them is not its own.
        noted: dict[str, Any] = {"before": _spent_before(database, wanted), "already": stage.spend}
        noted["journalled"] = journalled_usd(database, wanted)
        return replace(stage, unit="answers", total=float(_rows(database, wanted)), notes={**stage.notes, **noted})
    runs: list[Run] = []
    for one in wanted:
        # One after another: each may spend what the others have left.
        run = benchmarks.run_of_digest(database, one.digest, one.engine)
        if run is None:
            run = _want(world, scene, one, None)
        elif not run.state.moving and not is_done(run):
            stage = _again(world, scene, stage, one, run)
        runs.append(run)
        if not is_done(run):
            break
    return _told(database, stage, runs, wanted)


def is_done(run: Run | None) -> bool:
    """Whether a run has ended with an answer of some kind in every row."""
    return run is not None and run.state is RunState.DONE


def all_done(database: Database, wanted: Sequence[Benchmark]) -> bool:
    """Whether runs of exactly these definitions have ended."""
    return all(is_done(benchmarks.run_of_digest(database, one.digest, one.engine)) for one in wanted)


def still_done(world: World, stage: Stage) -> bool:
    """Whether the runs that a stage names are still in the store, whole."""
    return all(is_done(benchmarks.get_run(world.database, run)) for run in stage.outputs["runs"])


def rest(world: World, _: Scene, stage: Stage) -> None:
    """Ask no more; what is answered stays."""
    for run_id in stage.notes.get("runs", ()):
        run = benchmarks.get_run(world.database, run_id)
        if run is not None and run.state.moving:
            benchmarks.set_state(world.database, run_id, RunState.CANCELLED, world.clock())


def run_ids(stage: Stage) -> list[int]:
    """The runs of a finished stage, in the order in which they were wanted."""
    return [int(run) for run in stage.outputs["runs"]]


def store_definition(database: Database, benchmark: Benchmark, now: float) -> None:
    """Show a benchmark of a workflow among the others; its items are stored already."""
    stored = StoredBenchmark(benchmark.name, to_json(benchmark), benchmark.split, now)
    benchmarks.save_benchmark(database, stored, benchmark.dataset, ())


def _spent_before(database: Database, wanted: Sequence[Benchmark]) -> list[float]:
    runs = [benchmarks.run_of_digest(database, one.digest, one.engine) for one in wanted]
    return [run.progress.usd if run is not None else 0.0 for run in runs]


def _rows(database: Database, wanted: Sequence[Benchmark]) -> int:
    counted = [len(benchmarks.items(database, one.split)) for one in wanted]
    return sum(items * arm.repeats for items, one in zip(counted, wanted, strict=True) for arm in one.arms)


def _want(world: World, scene: Scene, benchmark: Benchmark, run: Run | None) -> Run:
    if benchmarks.get_benchmark(world.database, benchmark.name) is None or benchmark.name != scene.definition.test.name:
        # A person's own benchmark of that name may have been changed since.
        store_definition(world.database, benchmark, world.clock())
    # The run's budget bounds all that it ever spends, earlier goes at it included.
    budget = None if scene.left is None else scene.left + (run.progress.usd if run is not None else 0.0)
    return want_run(world.database, benchmark, world.clock(), budget)


def _again(world: World, scene: Scene, stage: Stage, benchmark: Benchmark, run: Run) -> Stage:
    """Want a run that was stopped or cancelled once more, unless that has proved to be no use."""
    tries: dict[str, Any] = dict(stage.notes.get("tries", {}))
    before = tries.get(str(run.id), {"goes": 0, "answered": -1, "at": 0.0})
    if run.state is RunState.STOPPED and world.clock() - before["at"] < _REST_SECONDS:
        return stage
    if run.state is RunState.STOPPED and before["at"] == 0.0:
        # Whether it is an outage or a lost sign-in shows when the polling looks; it looks seldom while nothing moves.
        intents.wish(world.database, _REFRESH, "", world.clock())
        tries[str(run.id)] = {**before, "at": world.clock()}
        return replace(stage, notes={**stage.notes, "tries": tries}, problem=run.problem)
    got_on = _got(run.progress) > before["answered"]
    goes = 1 if got_on else before["goes"] + 1
    outage = health.get(world.database).problem is not None
    if run.state is RunState.STOPPED and goes > _GOES_WITHOUT_PROGRESS and not outage:
        problem = run.problem
        goes_on = resume_command(scene.workflow.kind, scene.workflow.id)
        raise CupolaError(
            problem.what if problem else f"The run of {benchmark.name} has stopped.",
            problem.why if problem else "",
            f"{problem.remedy if problem else ''} Then: {goes_on}".strip(),
        )
    _want(world, scene, benchmark, run)
    tries[str(run.id)] = {"goes": goes, "answered": _got(run.progress), "at": world.clock()}
    return replace(stage, notes={**stage.notes, "tries": tries}, problem=run.problem)


def _got(progress: Progress) -> int:
    return progress.answered + progress.graded


def _told(database: Database, stage: Stage, runs: Sequence[Run], wanted: Sequence[Benchmark]) -> Stage:
    spent = sum(max(run.progress.usd - before, 0.0) for run, before in zip(runs, stage.notes["before"], strict=False))
    stage = replace(
        stage,
        done=float(sum(run.progress.answered for run in runs)),
        spend=max(stage.spend, stage.notes["already"] + spent),
        notes={**stage.notes, "runs": [run.id for run in runs]},
    )
    if len(runs) < len(wanted) or not all(map(is_done, runs)):
        return stage
    # A worker that was killed had not counted its last calls yet; the journal has them all.
    known = journalled_usd(database, wanted)
    spend = max(stage.spend, stage.notes["already"] + known - stage.notes["journalled"])
    outputs = {"runs": [run.id for run in runs], "usd": known}
    return replace(stage, state=StageState.DONE, outputs=outputs, spend=spend, problem=None)


def journalled_usd(database: Database, wanted: Sequence[Benchmark]) -> float:
    """What the answers to some runs' rows and their grading have cost, whoever asked for them."""
    keys: set[tuple[str, int]] = set()
    for one in wanted:
        items = items_of(one, benchmarks.items(database, one.split))
        rows = {(ask.request, ask.number) for ask in asks_of(one, items)}
        keys |= rows
        for use in one.graders:
            for request, number, calls in database.rows(
                "SELECT request, number, calls FROM grades WHERE grader = ? AND calls != '[]'", (use.hash,)
            ):
                if (request, number) in rows:
                    keys.update((str(asked), int(place)) for asked, place in json.loads(calls))
    return sum(entry.answer.usd or 0.0 for entry in answers.find_many(database, keys).values())


def asking_step(
    name: str,
    title: str,
    inputs: Callable[[World, Scene], Mapping[str, Any]],
    takes: Callable[[World, Scene], Takes],
    go: Callable[[World, Scene, Stage], Awaitable[Stage]],
    again_from: str = "",
) -> Step:
    """A step that asks models by runs of benchmarks: taken over while they are done, at rest when they are."""
    return Step(name, title, go, inputs, takes, still_good=still_done, rest=rest, again_from=again_from)
