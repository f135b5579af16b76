"""Answers of the teacher that the service has stored fill the journal, so that they are not asked for again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ...azure.stored_completions import StoredCompletion
from ...benchmarks.calls import answer_of
from ...benchmarks.definition import Arm, Benchmark
from ...benchmarks.items import items_of, prompt_key
from ...benchmarks.prices import base_of
from ...benchmarks.schedule import asks_of
from ...store import answers, benchmarks
from ...store.answers import AnswerState, Sent
from ...store.database import Database
from ..kinds import World

_PRICE = "stored at the service before"


def model_names(arm: Arm) -> list[str]:
    """The names that a stored completion of that arm's model may begin with."""
    base = base_of(arm.model)
    return [arm.model] if base is None else [base.name, base.id, arm.model]


async def fill(world: World, teaching: Benchmark) -> int:
    """Write stored completions into the journal as answers to the rows they match; return how many.

    A completion matches a row if its model, its messages and its sampling, as far as it is told, are the teacher's.
    """
    arm = teaching.arms[0]
    found = await world.stored(model_names(arm))
    fitting = [one for one in found if _fits(one.sampling, arm) and one.reply.text]
    return write(world.database, teaching, fitting, world.clock())


def write(database: Database, teaching: Benchmark, found: Sequence[StoredCompletion], now: float) -> int:
    """Answer open rows by completions with the same prompt, each used once; return how many were."""
    shelf: defaultdict[str, list[StoredCompletion]] = defaultdict(list)
    for one in found:
        shelf[prompt_key(one.messages)].append(one)
    items = items_of(teaching, benchmarks.items(database, teaching.split))
    asks = asks_of(teaching, items)
    known = answers.find_many(database, {(ask.request, ask.number) for ask in asks})
    answered = {key for key, entry in known.items() if entry.answer.state is AnswerState.ANSWERED}
    sent, given = [], []
    for ask in asks:
        key = (ask.request, ask.number)
        fitting = shelf[items[ask.place].key]
        if key in answered or not fitting:
            continue
        answered.add(key)
        reply = fitting.pop().reply
        sent.append(Sent(ask.request, ask.number, "arm", teaching.arms[0].deployment, now, attempt=0))
        answer = answer_of(reply, ask.request, ask.number, None, now, timed=False)
        given.append(replace(answer, usd=0.0, price=_PRICE))
    answers.write(database, sent, given)
    return len(given)


def _fits(sampling: Mapping[str, Any], arm: Arm) -> bool:
    """Whether nothing that is told of how it was sampled differs from the arm."""
    return all(value == arm.sampling[name] for name, value in sampling.items() if name in arm.sampling)
