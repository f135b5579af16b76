"""What may be done to a workflow, each with the card that says what it means before it is done."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping

from cupola.settings import Profile
from cupola.store.database import Database
from cupola.store.workflows import Workflow, WorkflowState
from cupola.workflows.naming import names_of

from ..actions import Action, place
from ..bench.numbers import dollars, range_words
from .records import WorkflowView

ASKS = "ask.workflow."
"""Kinds that begin so ask something first; their card comes later."""

_OPEN = (WorkflowState.RUNNING, WorkflowState.WAITING, WorkflowState.PAUSED, WorkflowState.FAILED)


def menu(view: WorkflowView, profile: Profile, now: float) -> list[Action]:
    """All that may be done now comes first; what may not says why."""
    workflow = view.workflow
    found = [
        *_answers(view, profile, now),
        resume_action(view, profile, now),
        limits_action(view, profile),
        pause_action(workflow, profile, now),
        branch_asking(view, profile),
        report_action(view, profile),
        cancel_action(workflow, profile, now),
    ]
    return sorted(found, key=lambda action: bool(action.refusal))


def pause_action(workflow: Workflow, profile: Profile, now: float) -> Action:
    """Begin nothing more."""

    def write(database: Database) -> None:
        from cupola.workflows import control

        control.pause(database, workflow.id, now)

    runs = workflow.state in (WorkflowState.RUNNING, WorkflowState.WAITING)
    return Action(
        "workflow.pause",
        str(workflow.id),
        f"Pause {workflow.name}",
        "Asks and begins nothing more. A job that trains at the service trains on, and costs what it costs.",
        place(profile),
        "Nothing more, but for what is under way.",
        command("pause", workflow, profile),
        "" if runs else f"it is {workflow.state.value}",
        write,
    )


def resume_action(view: WorkflowView, profile: Profile, now: float) -> Action:
    """Go on, or try again what failed."""
    workflow = view.workflow
    failed = workflow.state is WorkflowState.FAILED
    verb = "Try again" if failed else "Resume"
    at = f" {view.current.title}" if failed else ""
    what = (
        f"Tries the stage{at} again; what was answered and paid before is kept."
        if failed
        else "Goes on where it was; nothing is paid twice."
    )
    stopped = workflow.state in (WorkflowState.PAUSED, WorkflowState.FAILED)
    return Action(
        "workflow.resume",
        str(workflow.id),
        f"{verb} {workflow.name}",
        what,
        place(profile),
        _left_words(workflow),
        command("resume", workflow, profile),
        "" if stopped else f"it is {workflow.state.value}",
        lambda database: resumed(database, workflow, now),
    )


def limits_action(view: WorkflowView, profile: Profile) -> Action:
    """Ask for other limits first."""
    workflow = view.workflow
    stopped = workflow.state in (WorkflowState.PAUSED, WorkflowState.FAILED)
    return Action(
        f"{ASKS}limits",
        str(workflow.id),
        f"Go on with other limits: {workflow.name}",
        "Asks for the soft and the hard limit, then goes on.",
        place(profile),
        "",
        "",
        "" if stopped else f"it is {workflow.state.value}",
    )


def resumed_with_action(
    workflow: Workflow, soft: float | None, hard: float | None, profile: Profile, now: float
) -> Action:
    """Go on under other limits."""
    words: list[str] = []
    words += ["--max-cost", f"{hard:g}"] if hard is not None else []
    words += ["--ask-from", f"{soft:g}"] if soft is not None else []
    hard_words = "as before" if hard is None else dollars(hard)
    soft_words = "as before" if soft is None else dollars(soft)
    return Action(
        "workflow.resume",
        str(workflow.id),
        f"Go on with {workflow.name}",
        f"Goes on where it was. Hard limit {hard_words}, soft limit {soft_words}.",
        place(profile),
        f"{dollars(workflow.spent)} are spent. It stops before the hard limit is passed.",
        command("resume", workflow, profile, *words),
        write=lambda database: resumed(database, workflow, now, soft, hard),
    )


def cancel_action(workflow: Workflow, profile: Profile, now: float) -> Action:
    """Call it off."""

    def write(database: Database) -> None:
        from cupola.workflows import control

        control.cancel(database, workflow.id, now)

    return Action(
        "workflow.cancel",
        str(workflow.id),
        f"Call off {workflow.name}",
        "Cancels its job and removes its deployment. What was answered stays; a branch can go on from it.",
        place(profile),
        "What is under way is billed as far as it came.",
        command("cancel", workflow, profile),
        "" if workflow.state in _OPEN else f"it is {workflow.state.value}",
        write,
    )


def branch_asking(view: WorkflowView, profile: Profile) -> Action:
    """Ask what is to be different first."""
    return Action(
        f"{ASKS}branch",
        str(view.workflow.id),
        f"Branch from {view.workflow.name}",
        "Another one with other settings; asks for them first. What they leave unchanged is not paid for again.",
        place(profile),
        "",
        "",
        "" if view.workflow.kind == "distil" else "only distillations are branched here",
    )


def branch_action(
    workflow: Workflow,
    changes: Mapping[str, object],
    told: Mapping[str, str],
    words: tuple[str, ...],
    cost: str,
    profile: Profile,
    write: Callable[[Database], object],
) -> Action:
    """Another workflow with some settings changed."""
    changed = ", ".join(f"{name} {value}" for name, value in told.items()) or "nothing"
    return Action(
        "workflow.branch",
        str(workflow.id),
        f"Branch from {workflow.name}",
        f"Starts another one that differs in {changed}. What that leaves unchanged is taken over, not paid for again.",
        place(profile),
        cost,
        command("branch", workflow, profile, *words),
        "" if changes else "nothing is changed",
        write,
    )


def report_action(view: WorkflowView, profile: Profile) -> Action:
    """Write the page for the boss."""
    return Action(
        f"{ASKS}report",
        str(view.workflow.id),
        f"Write the report of {view.workflow.name}",
        "Writes the verdict as Markdown and JSON; asks for the folder first.",
        "new files on this machine",
        "Nothing.",
        command("report", view.workflow, profile),
        "" if view.workflow.kind == "distil" else "only distillations have one",
    )


def command(verb: str, workflow: Workflow, profile: Profile, *more: str) -> str:
    """The command line that does the same."""
    noun = names_of(workflow.kind).noun
    return shlex.join(["cupola", noun, verb, str(workflow.id), *more, "--profile", profile.name])


def resumed(
    database: Database, workflow: Workflow, now: float, soft: float | None = None, hard: float | None = None
) -> None:
    """Go on with a workflow.

    Raises:
        UsageError: it cannot go on, or is of a kind that is not known.
    """
    from cupola.workflows import control
    from cupola.workflows.known import kind_of

    control.resume(database, kind_of(workflow.kind), workflow.id, now, soft=soft, hard=hard)


def _answers(view: WorkflowView, profile: Profile, now: float) -> list[Action]:
    """Yes and no to what it asks."""
    asking, workflow = view.asking, view.workflow
    if asking is None:
        return []
    cleaning = asking.name == "clean-up"
    high = "not bounded" if asking.high is None else dollars(asking.high)
    cost = "Nothing." if cleaning or asking.high == 0 else range_words(dollars(asking.low or 0.0), high)

    def writing(yes: bool) -> Callable[[Database], object]:
        def write(database: Database) -> None:
            from cupola.workflows import control

            control.answer(database, workflow.id, yes, now)

        return write

    refusal = "" if workflow.state is WorkflowState.WAITING else f"it is {workflow.state.value}"
    yes, no = ("Clean up", "Leave it standing") if cleaning else ("Yes, go on with", "No, leave out")
    subject = workflow.name if cleaning else f"{asking.name} of {workflow.name}"
    left = "The stage is left out; what rests on it cannot be done."
    if cleaning:
        left = "The deployment stays until its fuse removes it."
    no_command = command("clean", workflow, profile, "--keep") if cleaning else ""
    yes_command = command("clean" if cleaning else "resume", workflow, profile, "-y")
    where = place(profile)
    return [
        Action("workflow.yes", str(workflow.id), f"{yes} {subject}", asking.question, where, cost, yes_command, refusal,
               writing(True)),
        Action("workflow.no", str(workflow.id), f"{no}: {subject}", left, where, "Nothing more for it.", no_command,
               refusal, writing(False)),
    ]  # fmt: skip


def _left_words(workflow: Workflow) -> str:
    if workflow.hard is None:
        return f"{dollars(workflow.spent)} are spent; it has no hard limit."
    return f"{dollars(workflow.spent)} of at most {dollars(workflow.hard)} are spent; it stops before that is passed."
