"""Starting a distillation and branching from one: form, estimate of every stage, one yes."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from textual.widget import Widget

from cupola.benchmarks.definition import Benchmark
from cupola.errors import CupolaError
from cupola.settings import Profile
from cupola.store.database import Database, open_store
from cupola.store.workflows import Workflow
from cupola.workflows.distil.definition import Distillation, checked, parse
from cupola.workflows.distil.estimate import WholeEstimate, estimate_whole
from cupola.workflows.distil.start import branch, start, store_prompts

from ...messages import Ask, Keep, Say, Show
from ...views.actions import place
from ...views.bench.numbers import dollars, range_words
from ...views.workflows import actions
from ...views.workflows.records import title_of
from ..hinted import PROBLEM, EstimateCard
from . import draft as drafts
from .form import DistilForm


@dataclass(frozen=True, slots=True)
class Desk:
    """Who asks, and of what."""

    owner: Widget
    database: Database
    profile: Profile
    clock: Callable[[], float]

    @property
    def path(self) -> Path:
        """The store's file; threads open it for themselves."""
        return self.database.path

    def tell(self, error: CupolaError) -> None:
        """Say what is wrong."""
        self.owner.post_message(Say(str(error), warning=True))


async def distil(desk: Desk, benchmark: Benchmark, roles: Mapping[str, str]) -> None:
    """Ask for everything, show what each stage will cost, and start after one yes. Awaited in a worker."""
    answers: Mapping[str, str] = drafts.first_answers(benchmark, roles)
    problem: tuple[tuple[str, str], ...] = ()
    while True:
        form = DistilForm(f"Distil on {benchmark.name}", problem, answers, drafts.FIELDS)
        given = await desk.owner.app.push_screen_wait(form)
        if given is None:
            return
        answers, problem = given, ()
        try:
            draft, takes = await asyncio.to_thread(_prepared, desk.path, benchmark, answers, desk.clock())
        except CupolaError as error:
            problem = ((PROBLEM, str(error)),)
            continue
        card = EstimateCard(
            f"Distil {draft.definition.teacher} into {draft.definition.student}",
            _rows(desk, benchmark, draft, takes),
            "start it",
            "change something",
        )
        if await desk.owner.app.push_screen_wait(card):
            desk.owner.post_message(Keep(_starting(desk, draft), "Started. It goes on without you."))
            return


async def branch_from(desk: Desk, workflow: Workflow) -> None:
    """Ask what is to be different, then the card with what that will cost. Awaited in a worker."""
    definition = parse(workflow.definition)
    answers: Mapping[str, str] = drafts.branch_answers(definition, workflow.soft, workflow.hard)
    problem: tuple[tuple[str, str], ...] = ()
    while True:
        title = f"Branch from {workflow.name}, distillation {workflow.id}"
        given = await desk.owner.app.push_screen_wait(DistilForm(title, problem, answers, drafts.BRANCHED))
        if given is None:
            return
        answers, problem = given, ()
        try:
            changes = drafts.branch_changes(definition, answers)
            soft, hard = (drafts.number_in(answers, name, least=0.0) for name in ("ask from", "stop at"))
            words = drafts.branch_words(definition, answers)
            if not changes:
                problem = ((PROBLEM, "Nothing is changed: change a field, or leave it with esc."),)
                continue
            await ask_branch(desk, workflow, changes, words, soft, hard)
        except CupolaError as error:
            problem = ((PROBLEM, str(error)),)
            continue
        return


async def ask_branch(
    desk: Desk,
    workflow: Workflow,
    changes: Mapping[str, Any],
    words: tuple[str, ...],
    soft: float | None = None,
    hard: float | None = None,
    at: str = "",
) -> None:
    """Show the card of a branch with these changes.

    Raises:
        CupolaError: it cannot be carried out.
    """
    definition = checked(replace(parse(workflow.definition), **changes))
    takes = await asyncio.to_thread(_estimated, desk.path, definition)
    told = {name: "as the graders say" if value is None else str(value) for name, value in changes.items()}

    def write(database: Database) -> None:
        made = branch(database, workflow.id, desk.clock(), at=at, soft=soft, hard=hard, **changes)
        desk.owner.post_message(Show("activity", str(made)))

    limits = workflow.soft if soft is None else soft, workflow.hard if hard is None else hard
    cost = f"{_money(takes.low, takes.high)}, less what can be taken over. {_limit_words(*limits)}"
    flags = (*words, *(("--from", at) if at else ()))
    desk.owner.post_message(Ask(actions.branch_action(workflow, changes, told, flags, cost, desk.profile, write)))


def _prepared(
    path: Path, benchmark: Benchmark, answers: Mapping[str, str], now: float
) -> tuple[drafts.Draft, WholeEstimate]:
    """Read what was typed, store the prompts, and estimate; in a thread, over a connection of its own."""
    draft = drafts.read_draft(benchmark, answers)
    database = open_store(path)
    try:
        definition = store_prompts(database, draft.definition, draft.rows, now)
        return replace(draft, definition=definition), estimate_whole(database, definition)
    finally:
        database.close()


def _estimated(path: Path, definition: Distillation) -> WholeEstimate:
    database = open_store(path)
    try:
        return estimate_whole(database, definition)
    finally:
        database.close()


def _rows(desk: Desk, benchmark: Benchmark, draft: drafts.Draft, takes: WholeEstimate) -> list[tuple[str, str]]:
    wanted = draft.definition
    control = f" {wanted.control} is the control." if wanted.control else ""
    what = (
        f"{wanted.teacher} answers {len(draft.rows):,} training prompts {_times(wanted.samples)};"
        f" {wanted.student} learns from what is kept, and both are tested again.{control}"
    )
    rows = [("what", what), ("where", place(desk.profile))]
    for one in takes.stages:
        calls = f", {one.calls:,} calls" if one.calls else ""
        unknown = f". {one.takes.words}" if one.takes.high is None and one.takes.words else ""
        free = "nothing" if one.takes.free else _money(one.takes.low, one.takes.high)
        known = " more: its answers are there already" if one.name == "benchmark" and one.takes.free else ""
        rows.append((title_of(one.name).lower(), f"{free}{known}{calls}{unknown}"))
    rows.append(("in all", f"{_money(takes.low, takes.high)}. {_limit_words(draft.soft, draft.hard)}"))
    flags = shlex.join(["cupola", "distill", "run", benchmark.name, *draft.words, "--profile", desk.profile.name])
    return [*rows, ("command", flags), *([("note", draft.note)] if draft.note else [])]


def _starting(desk: Desk, draft: drafts.Draft) -> Callable[[Database], object]:
    def write(database: Database) -> None:
        folder = database.path.parent / "workflows"
        made = start(database, draft.definition, folder, desk.clock(), soft=draft.soft, hard=draft.hard)
        desk.owner.post_message(Show("activity", str(made)))

    return write


def _money(low: float, high: float | None) -> str:
    return f"at least {dollars(low)}, not bounded" if high is None else range_words(dollars(low), dollars(high))


def _limit_words(soft: float | None, hard: float | None) -> str:
    asks = "" if soft is None else f"From {dollars(soft)} on it asks before each stage that spends. "
    return asks + ("It has no hard limit." if hard is None else f"It stops before {dollars(hard)} is passed.")


def _times(samples: int) -> str:
    return {1: "once", 2: "twice"}.get(samples, f"{samples} times")
