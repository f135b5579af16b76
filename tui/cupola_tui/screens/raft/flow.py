"""Starting a RAFT workflow: form, estimate of every stage, one yes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from textual.widget import Widget

from cupola.errors import CupolaError
from cupola.settings import DEMO_PROFILE, Profile
from cupola.store.database import Database, open_store
from cupola.workflows.distil.estimate import WholeEstimate
from cupola.workflows.raft.definition import Raft
from cupola.workflows.raft.estimate import estimate_whole
from cupola.workflows.raft.start import start, store_parts
from cupola.workflows.raft.steps import RAFT

from ...messages import Keep, Show
from ...views.actions import place
from ...views.bench.numbers import dollars, range_words
from ..hinted import PROBLEM, EstimateCard, HintedForm
from . import draft as drafts
from .draft import Draft


@dataclass(frozen=True, slots=True)
class Desk:
    """Who asks, and of what."""

    owner: Widget
    database: Database
    profile: Profile
    clock: Callable[[], float]


async def raft(desk: Desk) -> None:
    """Ask for everything, show what each stage will cost, and start after one yes. Awaited in a worker."""
    answers: Mapping[str, str] = {"documents": "handbook"} if desk.profile.name == DEMO_PROFILE else {}
    problem: tuple[tuple[str, str], ...] = ()
    while True:
        title = "RAFT: from documents to a model that answers among retrieved passages"
        given = await desk.owner.app.push_screen_wait(HintedForm(title, problem, answers, drafts.HINTS))
        if given is None:
            return
        answers, problem = given, ()
        try:
            draft = await asyncio.to_thread(drafts.read_draft, answers)
            definition, takes = await asyncio.to_thread(_prepared, desk.database.path, draft, desk.clock())
        except CupolaError as error:
            problem = ((PROBLEM, str(error)),)
            continue
        rows = _rows(desk, draft, definition, takes, answers)
        card = EstimateCard(f"RAFT on {definition.name}", rows, "start it", "change something")
        if await desk.owner.app.push_screen_wait(card):
            desk.owner.post_message(Keep(_starting(desk, draft, definition), "Started. It goes on without you."))
            return


def _prepared(path: Path, draft: Draft, now: float) -> tuple[Raft, WholeEstimate]:
    """Store chunks and questions, and estimate; in a thread, over a connection of its own."""
    database = open_store(path)
    try:
        found = draft.found
        definition = store_parts(database, found.definition, found.chunks, found.questions, now)
        return definition, estimate_whole(database, definition)
    finally:
        database.close()


def _rows(
    desk: Desk, draft: Draft, definition: Raft, takes: WholeEstimate, answers: Mapping[str, str]
) -> list[tuple[str, str]]:
    chunks, questions = len(draft.found.chunks), len(draft.found.questions)
    asked = f"{questions:,} questions of your own" if questions else f"questions written by {_teacher(definition)}"
    mix = definition.mix
    what = (
        f"{chunks:,} chunks; {asked}; {definition.arm.deployment} learns to answer with quotes among"
        f" {mix.distractors} distractors, {mix.closed:.0%} without documents. Then three arms are tested over"
        f" {', '.join(map(str, definition.levels))} distractors."
    )
    rows = [("what", what), ("where", place(desk.profile))]
    for one in takes.stages:
        calls = f", {one.calls:,} calls" if one.calls else ""
        unknown = f". {one.takes.words}" if one.takes.high is None and one.takes.words else ""
        free = "nothing" if one.takes.free else _money(one.takes.low, one.takes.high)
        rows.append((one.name, f"{free}{calls}{unknown}"))
    bound = "It has no hard limit." if draft.hard is None else f"It stops before {dollars(draft.hard)} is passed."
    rows.append(("in all", f"{_money(takes.low, takes.high)}. {bound}"))
    return [*rows, ("command", drafts.command(draft, answers, desk.profile))]


def _teacher(definition: Raft) -> str:
    return definition.teaching_arm.deployment


def _starting(desk: Desk, draft: Draft, definition: Raft) -> Callable[[Database], object]:
    def write(database: Database) -> None:
        folder = database.path.parent / "workflows"
        made = start(database, definition, RAFT, folder, desk.clock(), soft=draft.soft, hard=draft.hard)
        desk.owner.post_message(Show("activity", str(made)))

    return write


def _money(low: float, high: float | None) -> str:
    return f"at least {dollars(low)}, not bounded" if high is None else range_words(dollars(low), dollars(high))
