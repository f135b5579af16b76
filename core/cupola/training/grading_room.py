"""A room for graders whose models are paid for within a budget, each priced by the name it is asked under."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from ..benchmarks.calls import AskChat, Calls, Request
from ..benchmarks.grading import GradingRoom, Post
from ..benchmarks.journal import Journal
from ..benchmarks.purse import Purse
from ..graders import PythonSandbox
from ..store.answers import Answer
from ..store.database import Database


@dataclass(slots=True)
class PricedCalls(Calls):
    """Calls of graders name a deployment only; where it bears its model's name, its price is known and held to."""

    async def answer(self, request: Request, rank: float) -> Answer:
        """As `Calls.answer`."""
        named = request if request.model else replace(request, model=request.deployment)
        return await Calls.answer(self, named, rank)


def priced_room(
    database: Database,
    ask: AskChat,
    sandbox: PythonSandbox,
    budget: float | None,
    *,
    post: Post | None = None,
    clock: Callable[[], float] = time.time,
) -> GradingRoom:
    """What grading needs, spending at most `budget` dollars; None is no bound."""
    return GradingRoom(PricedCalls(ask, Journal(database), Purse(budget), clock=clock), sandbox, post, clock)
