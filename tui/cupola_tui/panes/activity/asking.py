"""What is asked before a workflow goes on otherwise; each flow is awaited in one of the pane's workers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path

from cupola.errors import CupolaError
from cupola.store.database import open_store
from cupola.store.workflows import Workflow
from cupola.workflows.distil.definition import parse
from cupola.workflows.distil.report import as_json, as_markdown

from ...messages import Ask, Say
from ...screens.distill import draft
from ...screens.distill.flow import Desk, ask_branch
from ...screens.distill.form import DistilForm
from ...screens.form import FormScreen, Question
from ...screens.hinted import PROBLEM
from ...views.bench.numbers import dollars
from ...views.workflows import actions
from ...views.workflows.sieve import Kept, refusal


async def limits(desk: Desk, workflow: Workflow) -> None:
    """Other limits, then the card."""
    fields = ("ask from", "stop at")
    given: Mapping[str, str] | None = {
        "ask from": "" if workflow.soft is None else f"{workflow.soft:g}",
        "stop at": "" if workflow.hard is None else f"{workflow.hard:g}",
    }
    spent = ("spent", f"{dollars(workflow.spent)} so far")
    facts: tuple[tuple[str, str], ...] = (spent,)
    while True:
        form = DistilForm(f"Go on with {workflow.name}", facts, given or {}, fields)
        given = await desk.owner.app.push_screen_wait(form)
        if given is None:
            return
        try:
            soft, hard = (draft.number_in(given, name, least=0.0) for name in fields)
        except CupolaError as error:
            facts = (spent, (PROBLEM, str(error)))
            continue
        desk.owner.post_message(Ask(actions.resumed_with_action(workflow, soft, hard, desk.profile, desk.clock())))
        return


async def sift(desk: Desk, workflow: Workflow, kept: Kept) -> None:
    """The card of a branch under another threshold."""
    if kept.threshold == parse(workflow.definition).threshold:
        desk.owner.post_message(Say("That is the threshold it was done with: move it with ← and → first."))
    elif words := refusal(kept):
        desk.owner.post_message(Say(f"That threshold cannot be applied: {words}.", warning=True))
    else:
        flags = ("--threshold", f"{kept.threshold:g}") if kept.threshold is not None else ()
        try:
            await ask_branch(desk, workflow, {"threshold": kept.threshold}, flags, at="filter")
        except CupolaError as error:
            desk.tell(error)


async def report(desk: Desk, workflow: Workflow) -> None:
    """Where to, then the files are written; never over one."""
    question = Question("into", str(Path.cwd()), "a folder")
    facts = (("what", "The verdict as Markdown and as JSON, with hashes, stages and what it has cost."),)
    given = await desk.owner.app.push_screen_wait(
        FormScreen(f"Write the report of {workflow.name}", facts, [question], "write")
    )
    if given is None:
        return
    try:
        written = await asyncio.to_thread(_write, desk.path, workflow.id, Path(given["into"]).expanduser())
    except CupolaError as error:
        desk.tell(error)
    except FileExistsError as error:
        desk.owner.post_message(Say(f"{error.filename} is there already, and stays as it is.", warning=True))
    except (OSError, RuntimeError) as error:
        desk.owner.post_message(Say(f"The report cannot be written: {error}.", warning=True))
    else:
        desk.owner.post_message(Say(f"Wrote {written} and the JSON beside it."))


def _write(path: Path, workflow_id: int, folder: Path) -> Path:
    database = open_store(path)
    try:
        page, told = as_markdown(database, workflow_id), as_json(database, workflow_id)
    finally:
        database.close()
    folder.mkdir(parents=True, exist_ok=True)
    name = folder / f"distillation-{workflow_id}.md"
    with name.open("x", encoding="utf-8") as file:
        file.write(page)
    with name.with_suffix(".json").open("x", encoding="utf-8") as file:
        file.write(json.dumps(told, indent=2) + "\n")
    return name
