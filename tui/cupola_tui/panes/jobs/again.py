"""New jobs from one that is there: the same once more with changes, or on from the model that it made."""

from __future__ import annotations

from textual.widget import Widget

from cupola.errors import CupolaError
from cupola.models import Job
from cupola.settings import Profile

from ...facts import Facts
from ...messages import Say, Train
from ...views.actions import Action, job_command, place

CLONE, ONWARD = "job.clone", "job.onward"


def actions(job: Job, facts: Facts, profile: Profile) -> list[Action]:
    """Both; going on is refused where the job left no model."""
    clone = job_command("clone", job, profile)
    return [
        Action(
            CLONE, job.id, f"Train {job.name} again", "Opens the form of a new job, filled as this one was.",
            place(profile), "The form shows it before anything is sent.", clone,
        ),
        Action(
            ONWARD, job.id, f"Go on from {job.name}'s model",
            "Opens the form of a new job that begins with the model this one made: with new data, or preferences.",
            place(profile), "The form shows it before anything is sent.", f"{clone} --go-on", _refusal(job, facts),
        ),
    ]  # fmt: skip


def perform(owner: Widget, action: Action, job: Job, facts: Facts) -> bool:
    """Open the form; whether the action was one of these."""
    if action.kind not in (CLONE, ONWARD):
        return False
    try:
        if action.kind == CLONE:
            _again(owner, job)
        else:
            _onward(owner, job, facts)
    except CupolaError as error:
        owner.post_message(Say(str(error), warning=True))
    return True


def _again(owner: Widget, job: Job) -> None:
    from cupola.training.cloning import clone

    from ...screens.submit.draft import from_clone

    owner.post_message(Train(from_clone(job, clone(job))))


def _onward(owner: Widget, job: Job, facts: Facts) -> None:
    """Ask by which method, where there is more than one."""
    from cupola.training.cloning import next_methods, tuned_model

    from ...screens.menu import Choice, MenuScreen
    from ...screens.submit.draft import METHODS, Wanted

    model, methods = tuned_model(job, facts.checkpoints(job.id)), next_methods(job)
    answers = {"model": model, "tier": job.training_type or "", "name": job.suffix or ""}

    def answer(method: str | None) -> None:
        if method is not None:
            owner.post_message(Train(Wanted(method, answers)))

    if len(methods) == 1:
        answer(methods[0])
        return
    choices = [Choice(one, METHODS[one][0], METHODS[one][1]) for one in methods if one in METHODS]
    owner.app.push_screen(MenuScreen("Go on by which method?", choices, typing=False), answer)


def _refusal(job: Job, facts: Facts) -> str:
    if job.fine_tuned_model or any(held for _, held in facts.checkpoints(job.id)):
        return ""
    return "it has made no model" if job.phase.ended else "it has not ended"
