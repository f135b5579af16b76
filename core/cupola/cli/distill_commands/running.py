"""The verbs that start a distillation, and what one has come to."""

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
from .settings import stored

if TYPE_CHECKING:
    from ...store.workflows import Stage, Workflow

_GOOD = ("better", "not inferior", "same within the margin")


def run(options: argparse.Namespace, context: Context) -> int:
    """Say what it takes, ask once, start it, and follow it."""
    from ...store.workflows import Gates
    from ...workflows.distil.estimate import estimate_whole
    from ...workflows.distil.start import start

    session = session_for(options, context)
    with store_of(context, session.profile) as database:
        definition = stored(database, options)
        takes = estimate_whole(database, definition)
        context.say(in_words(definition.name, " and one training job", takes, options.max_cost))
        if options.dry_run:
            print_estimate(options, context, takes)
            return 0
        if options.offline:
            raise UsageError("A distillation cannot be run offline.")
        where = clean(session.profile.endpoint or "no endpoint")
        context.confirm(f"Distil {clean(definition.name)} against {where}?", options.yes)
        made = start(
            database,
            definition,
            context.paths.profile_directory(session.profile.name) / "workflows",
            time.time(),
            soft=options.ask_from,
            hard=options.max_cost,
            gates=Gates.EACH if options.each else Gates.ONCE,
        )
        return started(DISTILLATIONS, options, context, session, database, made)


def plan(options: argparse.Namespace, context: Context) -> int:
    """Print what each stage would cost."""
    from ...workflows.distil.estimate import estimate_whole

    with store_of(context, session_of(context, options.profile).profile) as database:
        definition = stored(database, options)
        takes = estimate_whole(database, definition)
        context.say(in_words(definition.name, " and one training job", takes, options.max_cost))
        print_estimate(options, context, takes)
    return 0


def exit_code(workflow: Workflow, stages: Sequence[Stage]) -> int:
    """What a script should know of how a distillation stands: how the student is to the teacher."""

    def verdict() -> int | None:
        found = outputs(stages, "verdict")
        if not found:
            return None
        word = found["to_teacher"]["word"]
        if word == "worse":
            return EXIT_WORSE
        return 0 if word in _GOOD else EXIT_INCONCLUSIVE

    return exit_code_of(workflow, stages, ("watch",), verdict)


def _own(workflow: Workflow, stages: Sequence[Stage]) -> Mapping[str, Any]:
    verdict = outputs(stages, "verdict")
    return {"verdict": verdict["headline"] if verdict else None}


def _end(options: argparse.Namespace, context: Context, workflow: Workflow, stages: Sequence[Stage]) -> int:
    for sentence in outputs(stages, "verdict").get("sentences", ()):
        context.say(sentence)
    emit_one(options, context.out, DISTILLATIONS.schema, DISTILLATIONS.row(workflow, stages), None, hidden=("as_of",))
    return exit_code(workflow, stages)


DISTILLATIONS = Noun(
    word="distill",
    kinds=("distil",),
    thing="Distillation",
    listing="list",
    called_off="Its job is cancelled and its deployment removed.",
    schema="cupola.distillation/1",
    shown=("id", "name", "state", "stage", "spent", "limit", "verdict"),
    own=_own,
    end=_end,
)
