"""What an engine keeps of the service: nonces and ids before it creates, then answers, grades and costs at once."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ...azure.client import Service
from ...azure.wire.reading import Json, mapping
from ...store import answers, benchmarks, grades
from ...store.answers import Answer, AnswerState, Sent
from ...store.benchmarks import Ask, Progress, Run
from ...store.database import Database
from ...store.grades import Grade
from ..definition import Arm
from ..estimate import RunEstimate
from ..purse import BudgetSpentError

_NONCE = "nonce"


def remote_of(database: Database, run: Run) -> dict[str, Any]:
    """What is known of the service's part of a run, as it is stored now."""
    now = benchmarks.get_run(database, run.id)
    return dict(now.remote) if now is not None else {}


def part_of(database: Database, run: Run, name: str) -> Json:
    """What is known of one part: an arm, or an arm's repeat."""
    return mapping(remote_of(database, run).get(name))


def remember(database: Database, run: Run, name: str, **what: object) -> None:
    """Add to what is known of one part."""
    remote = remote_of(database, run)
    remote[name] = {**mapping(remote.get(name)), **what}
    benchmarks.set_remote(database, run.id, remote)


def nonce_of(database: Database, run: Run) -> str:
    """The word by which the service's side of this run is found again; stored before anything is created."""
    remote = remote_of(database, run)
    if _NONCE not in remote:
        remote[_NONCE] = uuid.uuid4().hex
        benchmarks.set_remote(database, run.id, remote)
    return str(remote[_NONCE])


def open_asks(database: Database, run: Run, arm: int, repeat: int | None = None) -> list[Ask]:
    """The rows of an arm, or of one repeat of it, that have no answer yet."""
    asks = [ask for ask in benchmarks.asks(database, run.id) if ask.arm == arm and repeat in (None, ask.repeat)]
    known = answers.find_many(database, [(ask.request, ask.number) for ask in asks])
    return [
        ask
        for ask in asks
        if (entry := known.get((ask.request, ask.number))) is None or entry.answer.state is not AnswerState.ANSWERED
    ]


def journal(database: Database, service: Service, arm: Arm, asks: Sequence[Ask]) -> None:
    """Write down that these rows are about to be asked."""
    now = service.clock()
    answers.write(database, [Sent(ask.request, ask.number, "arm", arm.deployment, now) for ask in asks], [])


def take_in(
    database: Database, run: Run, name: str, answered: Sequence[Answer], graded: Sequence[Grade] = (), **what: object
) -> None:
    """Store what a part of the run brought, what it cost and that it is done: all of it or nothing."""
    now = benchmarks.get_run(database, run.id)
    assert now is not None
    remote = {**now.remote, name: {**mapping(now.remote.get(name)), **what, "done": True}}
    progress = _with_costs(now.progress, answered)
    with database.transaction() as connection:
        answers.enter(connection, [], answered)
        grades.enter(connection, graded)
        benchmarks.enter_service_part(connection, run.id, remote, progress)


def refuse_beyond(budget: float | None, spent: float, takes: RunEstimate) -> None:
    """Let a run begin at the service only if it ends within its budget: there it cannot be stopped at a sum.

    Args:
        budget: Dollars; None is no bound.
        spent: By this run so far.
        takes: The estimate of all that would be begun.

    Raises:
        BudgetSpentError: the upper end of the estimate is beyond what is left, or no price is known to tell.
    """
    if budget is None or not takes.calls:
        return
    if takes.unpriced:
        raise BudgetSpentError(
            f"The budget of ${budget:,.2f} cannot be kept: the price of {', '.join(takes.unpriced)} is not known.",
            "The service asks everything at once and cannot be stopped at a sum.",
            "Leave the budget out, or run it here.",
        )
    if spent + takes.most > budget:
        raise BudgetSpentError(
            f"This may cost up to ${takes.most:,.2f}; ${max(budget - spent, 0.0):,.2f} of the budget are left.",
            "The service asks everything at once and cannot be stopped at a sum, so nothing was begun.",
            f"Raise the budget to ${spent + takes.most:,.2f}, set max_completion_tokens, or run it here.",
        )


def _with_costs(before: Progress, answered: Sequence[Answer]) -> Progress:
    whole = [answer for answer in answered if answer.state is AnswerState.ANSWERED]
    return replace(
        before,
        asked=before.asked + len(answered),
        usd=before.usd + sum(answer.usd or 0.0 for answer in whole),
        unpriced=before.unpriced + sum(answer.usd is None for answer in whole),
        prompt_tokens=before.prompt_tokens + sum(answer.prompt_tokens or 0 for answer in whole),
        completion_tokens=before.completion_tokens + sum(answer.completion_tokens or 0 for answer in whole),
    )
