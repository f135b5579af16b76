"""The verbs that start one, and what one has come to."""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ...errors import UsageError
from ..context import Context, session_of, store_of
from ..output import emit_one
from ..text import clean
from ..workflow_commands.demo import session_for
from ..workflow_commands.estimates import in_words, print_estimate
from ..workflow_commands.following import EXIT_INCONCLUSIVE, EXIT_WORSE, exit_code_of, started
from ..workflow_commands.noun import Noun, outputs
from .reading import emit_points
from .settings import stored

if TYPE_CHECKING:
    from ...store.database import Database
    from ...store.workflows import Stage, Workflow
    from ...workflows.distil.estimate import WholeEstimate
    from ...workflows.raft.definition import Raft

_MADE_STAGES = ("ask", "answer")


def run(options: argparse.Namespace, context: Context) -> int:
    """Say what it takes, ask once, start it, and follow it."""
    from ...store.workflows import Gates
    from ...workflows.raft.start import start
    from ...workflows.raft.steps import RAFT, RAFT_DATA

    session = session_for(options, context)
    with store_of(context, session.profile) as database:
        definition = stored(database, options)
        takes = _said_estimate(options, context, database, definition)
        if options.dry_run:
            print_estimate(options, context, takes)
            return 0
        if options.offline:
            raise UsageError("This cannot be done offline.")
        where = clean(session.profile.endpoint or "no endpoint")
        what = "Train on" if options.whole else "Write training rows of"
        context.confirm(f"{what} {clean(definition.name)} with {where}?", options.yes)
        made = start(
            database,
            definition,
            RAFT if options.whole else RAFT_DATA,
            context.paths.profile_directory(session.profile.name) / "workflows",
            time.time(),
            soft=options.ask_from,
            hard=options.max_cost,
            gates=Gates.EACH if options.each else Gates.ONCE,
        )
        return started(RAFTS, options, context, session, database, made)


def plan(options: argparse.Namespace, context: Context) -> int:
    """Print what each stage would cost."""
    with store_of(context, session_of(context, options.profile).profile) as database:
        print_estimate(options, context, _said_estimate(options, context, database, stored(database, options)))
    return 0


def exit_code(workflow: Workflow, stages: Sequence[Stage]) -> int:
    """What a script should know: how the tuned model stands to the base among the most distractors."""
    from ...store.workflows import WorkflowState

    def verdict() -> int | None:
        curve = outputs(stages, "curve")
        if workflow.state is WorkflowState.CANCELLED:
            return 1
        if not curve:
            return 0 if workflow.state is WorkflowState.DONE else None
        with_documents = [
            one for one in curve["verdicts"] if one["what"] == "Tuned against base" and one["distractors"] is not None
        ]
        word = max(with_documents, key=lambda one: int(one["distractors"]))["word"]
        return {"better": 0, "worse": EXIT_WORSE}.get(word, EXIT_INCONCLUSIVE)

    return exit_code_of(workflow, stages, ("watch",), verdict)


def _own(workflow: Workflow, stages: Sequence[Stage]) -> Mapping[str, Any]:
    return {}


def _end(options: argparse.Namespace, context: Context, workflow: Workflow, stages: Sequence[Stage]) -> int:
    filtered, curve = outputs(stages, "filter"), outputs(stages, "curve")
    if filtered:
        fates = ", ".join(f"{count:,} {fate}" for fate, count in filtered["fates"].items())
        context.say(f"Questions: {fates}. Training file: {filtered['train']['path']}")
    for sentence in curve.get("sentences", ()):
        context.say(sentence)
    if curve:
        emit_points(options, context, curve["points"])
    else:
        emit_one(options, context.out, RAFTS.schema, RAFTS.row(workflow, stages), None, hidden=("as_of",))
    return exit_code(workflow, stages)


def _said_estimate(
    options: argparse.Namespace, context: Context, database: Database, definition: Raft
) -> WholeEstimate:
    from ...workflows.distil.estimate import WholeEstimate
    from ...workflows.raft.estimate import estimate_whole

    whole = estimate_whole(database, definition)
    takes = WholeEstimate(tuple(one for one in whole.stages if options.whole or one.name in _MADE_STAGES))
    what = " and one training job" if options.whole else ""
    context.say(in_words(definition.name, what, takes, options.max_cost))
    return takes


RAFTS = Noun(
    word="raft",
    kinds=("raft", "raft-data"),
    thing="Workflow",
    listing="list",
    called_off="Its job is cancelled and its deployment removed.",
    schema="cupola.raft/1",
    shown=("id", "name", "kind", "state", "stage", "spent", "limit"),
    own=_own,
    end=_end,
)
