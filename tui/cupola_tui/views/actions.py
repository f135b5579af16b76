"""What may be done to a job, and the card that says what it means before it is done."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass

from cupola.models import Job, Phase
from cupola.settings import Profile
from cupola.store.database import Database

_PAYING = frozenset(
    {
        "bench.again",
        "bench.run",
        "checkpoint.regrade",
        "checkpoint.test",
        "deployment.create",
        "deployment.scale",
        "job.resume",
        "job.submit",
        "workflow.branch",
        "workflow.resume",
        "workflow.start",
    }
)


@dataclass(frozen=True, slots=True)
class Action:
    """Something that changes the cloud."""

    kind: str
    """The intent's kind."""
    target: str
    title: str
    what: str
    where: str
    cost: str
    command: str
    """The equal command line."""
    refusal: str = ""
    """Why it cannot be done now; "" when it can."""
    write: Callable[[Database], object] | None = None
    """Writes what the worker is to find, where that is more than a wish of `kind` for `target`."""

    @property
    def pays(self) -> bool:
        """Whether it begins, or goes on with, what is paid for."""
        return self.kind in _PAYING


_WHAT = {
    "pause": "Writes a checkpoint that can be deployed, then stops training. It can be resumed.",
    "resume": "Goes on training from the checkpoint written at the pause.",
    "cancel": "Stops the job for good. Its checkpoints so far stay; it cannot be resumed.",
}

_COST = {
    "pause": "Nothing more while it is paused; training so far is billed.",
    "resume": "Training is billed again by the hour or token.",
    "cancel": "Work done so far is billed.",
}

_RESUMED_REINFORCEMENT = " Resuming takes away the $5,000 limit, and there is no second one."

_ALLOWED = {
    "pause": (Phase.RUNNING,),
    "resume": (Phase.PAUSED,),
    "cancel": (Phase.QUEUED, Phase.VALIDATING, Phase.RUNNING, Phase.PAUSING, Phase.PAUSED, Phase.RESUMING),
}


def job_action(verb: str, job: Job, profile: Profile) -> Action:
    """The action of a verb (`pause`, `resume`, `cancel`) on a job."""
    cost = _COST[verb]
    if verb == "resume" and job.method == "reinforcement":
        cost += _RESUMED_REINFORCEMENT
    allowed = job.phase in _ALLOWED[verb] or job.phase is Phase.UNKNOWN
    return Action(
        kind=f"job.{verb}",
        target=job.id,
        title=f"{verb.capitalize()} {job.name}",
        what=_WHAT[verb],
        where=place(profile),
        cost=cost,
        command=job_command(verb, job, profile),
        refusal="" if allowed else f"the job is {job.status}",
    )


def job_actions(job: Job, profile: Profile) -> list[Action]:
    """All actions on a job."""
    return [job_action(verb, job, profile) for verb in _ALLOWED]


def job_command(verb: str, job: Job, profile: Profile) -> str:
    """The command line that does the same."""
    return shlex.join(["cupola", "job", verb, job.id, "--profile", profile.name])


def place(profile: Profile) -> str:
    """Where a profile points to."""
    local = ", on this machine" if profile.is_local else ""
    return f"{profile.name}: {profile.endpoint or 'no endpoint set'}{local}"
