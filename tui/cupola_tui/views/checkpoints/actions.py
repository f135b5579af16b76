"""What may be done with a checkpoint, its answers and its job, and the cards that say what it means before it is."""

from __future__ import annotations

import shlex

from cupola.models import Job
from cupola.settings import Profile
from cupola.store import intents

from ..actions import Action, job_action, place
from .steps import StepsView

ASKS = "ask."
"""Actions that ask for more before their card, or that concern this machine alone, begin so."""

_OPEN = "evaluation.open"
"""The worker's name for the wish to fetch any evaluation of the service."""


def menu(view: StepsView | None, step: int, profile: Profile) -> list[Action]:
    """All actions; those on a checkpoint say why they cannot be done now."""
    found: list[Action] = []
    if view is not None:
        found += _on_step(view, step, profile)
        if is_job(view.job):
            found += [job_action(verb, view.job, profile) for verb in ("pause", "resume")]
    return [
        *found,
        _asking("open", "Open an evaluation by its id", "Any evaluation of the service, whoever made it.",
                place(profile), "Nothing: it is only read.", command("open", "EVAL", profile)),
        _asking("import", "Import an evaluation's file", "Output items as JSON or JSON Lines, downloaded elsewhere.",
                "the store on this machine", "Nothing.", command("import", "FILE", profile)),
    ]  # fmt: skip


def is_job(job: Job) -> bool:
    """It is a job, and no evaluation that was opened by hand."""
    return job.method == "reinforcement"


def open_action(eval_id: str, profile: Profile, now: float) -> Action:
    """Having the worker fetch an evaluation."""
    return Action(
        _OPEN,
        eval_id,
        f"Open {eval_id}",
        "The worker fetches its runs and their items into the store; it then stands in the list of jobs (< and >).",
        place(profile),
        "Nothing: it is only read.",
        command("open", eval_id, profile),
        write=lambda database: intents.wish(database, _OPEN, eval_id, now),
    )


def command(verb: str, target: str, profile: Profile, *more: str) -> str:
    """The equal command line."""
    return shlex.join(["cupola", "checkpoint", verb, target, *more, "--profile", profile.name])


def _on_step(view: StepsView, step: int, profile: Profile) -> list[Action]:
    where, here = place(profile), "the store on this machine"
    name = view.job.name
    gone = "" if step in view.kept.deployable else _why_not(view, step)
    regrade = command("regrade", view.job.id, profile, "--grader", "FILE")
    later = "shown before anything is done"
    return [
        _asking("deploy", f"Deploy step {step}", "Asks for name, tier, fuse.", where, later, "", gone),
        _asking("test", f"Evaluate step {step} on held-out data",
                "Deploys it and others with a fuse, and holds them against each other and the base.", where, later, "",
                gone),
        _asking("keep", f"Copy the evidence of step {step} to the ledger",
                f"What is on the screen about {name}, step {step}: for later, and for others.", here, "Nothing.", ""),
        _asking("regrade", "Show the answers to another grader",
                "Stored answers, without sampling again; the result is one more curve.", here, later, regrade),
        _asking("lab", "Grader lab", "Edit a grader, run it on stored answers, see which scores change.", here,
                "Nothing: no model is asked.", ""),
    ]  # fmt: skip


def _why_not(view: StepsView, step: int) -> str:
    if not is_job(view.job):
        return "an evaluation has no checkpoint"
    return f"the service lists no checkpoint of step {step}" + (" any more" if step in view.kept.lost else "")


def _asking(flow: str, title: str, what: str, where: str, cost: str, command_line: str, refusal: str = "") -> Action:
    return Action(f"{ASKS}{flow}", "", title, what, where, cost, command_line, refusal)
