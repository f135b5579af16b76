"""What is copied, and what is read raw, of what is selected in the Activity pane."""

from __future__ import annotations

from textual.message import Message

from cupola.settings import Profile

from ...messages import Copy, Read
from ...views.actions import job_command
from ...views.activity.things import Thing
from ...views.bench.actions import command as bench_command
from ...views.workflows import actions
from ...views.workflows.records import WorkflowView
from .reading import ActivityFacts


def raw(facts: ActivityFacts, view: WorkflowView | None, thing: Thing | None) -> Message | None:
    """What is stored of a workflow, or what the service said of a job."""
    if view is not None:
        return Read(f"{view.workflow.name}: what it does", view.workflow.definition)
    job = facts.job(thing.id) if thing is not None and thing.kind == "job" else None
    return Read(f"{job.name}: what the service said", job.raw) if job is not None else None


def identity(view: WorkflowView | None, thing: Thing | None) -> Message | None:
    """The id under which it is known."""
    if view is not None:
        return Copy(str(view.workflow.id), "the workflow's number")
    return Copy(thing.id, "the id") if thing is not None else None


def command(facts: ActivityFacts, view: WorkflowView | None, thing: Thing | None, profile: Profile) -> Message | None:
    """The command line that shows the same."""
    if view is not None:
        return Copy(actions.command("show", view.workflow, profile), "the command")
    if thing is not None and thing.kind == "benchmark" and (run := facts.run(int(thing.id))) is not None:
        return Copy(bench_command("show", run.benchmark, profile), "the command")
    if thing is not None and thing.kind == "job" and (job := facts.job(thing.id)) is not None:
        return Copy(job_command("show", job, profile), "the command")
    return None
