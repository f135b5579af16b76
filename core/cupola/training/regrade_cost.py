"""What showing stored answers to a grader will take before it is paid for: calls, tokens, dollars."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..azure.wire.evaluation_answers import ToGrade, to_grade
from ..benchmarks.calls import Request
from ..benchmarks.definition import GraderUse
from ..benchmarks.estimate import Range
from ..benchmarks.grading import body_of
from ..benchmarks.items import Item
from ..benchmarks.prices import price_of
from ..benchmarks.prompt_tokens import most_completion, most_tokens, text_of
from ..datasets.tokens import encoding_for, text_counter
from ..graders import Grader, LabelModel, ModelRequest, Multi, ScoreModel, grading, text_sample
from ..store import answers, deployments, evaluations
from ..store.answers import Answer, AnswerState
from ..store.database import Database
from .regrading import ToRegrade

_LOOKED_AT = 300
"""Answers whose prompts are written out; the rest are taken to be alike."""
_JUDGEMENT = (10, 400)
"""Tokens of a judge's answer of which nothing is known."""
_FEWEST_KNOWN = 10
_FRAME = 12
"""Tokens that each chat request has beyond its text."""


@dataclass(frozen=True, slots=True)
class RegradeEstimate:
    """What it takes beyond what the journal answers already."""

    answers: int
    """Stored answers that will be shown."""
    judges: tuple[str, ...]
    """The deployments that are asked."""
    calls: Range
    tokens: Range
    """Of prompts and completions."""
    usd: Range
    """As far as prices are known."""
    most: float | None
    """The most dollars; None where a price is not known."""
    unpriced: tuple[str, ...]
    unbounded: tuple[str, ...]
    """Judges whose answers nothing bounds: common lengths are taken."""


def estimate_regrading(database: Database, use: GraderUse, todo: Sequence[ToRegrade]) -> RegradeEstimate:
    """Estimate from the prompts of some of the answers, spread evenly over all of them."""
    stride = max(1, math.ceil(len(todo) / _LOOKED_AT))
    looked = todo[::stride]
    shown = [answer for one in looked if (answer := _answer(database, one)) is not None]
    scale = len(todo) / max(len(looked), 1)
    parts = [_part(database, part, shown, scale, 0) for part in _model_parts(use.grader)]
    return _together(use, round(len(shown) * scale), parts)


def estimate_answers(database: Database, use: GraderUse, shown: Sequence[tuple[Item, Answer, int]]) -> RegradeEstimate:
    """Estimate what showing a benchmark's answers to its grader takes, each with the number of the showing."""
    rounds: dict[int, list[ToGrade]] = {}
    for item, answer, again in shown:
        calls = tuple(json.loads(answer.tools)) if answer.tools else ()
        rounds.setdefault(again, []).append(ToGrade(dict(item.fields), answer.text or "", calls))
    models = _model_parts(use.grader)
    parts = [_part(database, part, each, 1.0, again) for again, each in rounds.items() for part in models]
    return _together(use, len(shown), parts)


def _together(use: GraderUse, count: int, parts: Sequence[_Part]) -> RegradeEstimate:
    highs = [part.most for part in parts]
    return RegradeEstimate(
        answers=count,
        judges=use.judges,
        calls=sum((part.calls for part in parts), Range(0, 0)),
        tokens=sum((part.tokens for part in parts), Range(0, 0)),
        usd=sum((part.usd for part in parts if part.usd is not None), Range(0, 0)),
        most=None if None in highs else sum(high or 0.0 for high in highs),
        unpriced=tuple(sorted({part.judge for part in parts if part.usd is None and part.calls.high})),
        unbounded=tuple(sorted({part.judge for part in parts if not part.bounded and part.calls.high})),
    )


@dataclass(frozen=True, slots=True)
class _Part:
    """One model grader's share."""

    judge: str
    calls: Range
    tokens: Range
    usd: Range | None
    most: float | None
    bounded: bool


def _part(
    database: Database, part: ScoreModel | LabelModel, shown: Sequence[ToGrade], scale: float, again: int
) -> _Part:
    asked = [request for answer in shown if (request := _request(part, answer)) is not None]
    distinct = {Request(one.model, body_of(one), again, "grader").key: one for one in asked}
    known = answers.find_many(database, set(distinct))
    fresh = [
        one for key, one in distinct.items() if key not in known or known[key].answer.state is not AnswerState.ANSWERED
    ]
    if not fresh:
        return _Part(part.model, Range(0, 0), Range(0, 0), Range(0, 0), 0.0, True)
    # One and the same question is paid for once; of answers that were not looked at nobody knows how many are alike.
    repeats = len(asked) / len(distinct) if scale > 1 else 1.0
    calls = Range(round(len(fresh) * scale), round(len(fresh) * scale * repeats))
    prompt, completion = _prompt(part.model, fresh, exact=scale == 1), _completion(database, part)
    model = _model_of(database, part.model)
    price = price_of(model) if model else None
    bodies = [body_of(one) for one in fresh]
    longest = max(most_tokens(body["messages"], model, body.get("response_format")) for body in bodies)
    bound = most_completion(part.sampling)
    low = (calls.low * prompt.low, calls.low * completion.low)
    high = (calls.high * prompt.high, calls.high * completion.high)
    usd = most = None
    if price is not None:
        usd = Range(price.usd(int(low[0]), int(low[1])), price.usd(math.ceil(high[0]), math.ceil(high[1])))
        answer = bound or max(_JUDGEMENT[1], math.ceil(completion.high))
        most = max(usd.high, calls.high * price.usd(longest, answer))
    return _Part(part.model, calls, Range(sum(low), sum(high)), usd, most, bound is not None)


def _request(part: ScoreModel | LabelModel, answer: ToGrade) -> ModelRequest | None:
    """What the judge would be asked about an answer; None where its template does not fit."""
    try:
        call = next(grading(part, answer.fields, text_sample(answer.text, tool_calls=list(answer.tool_calls))))
    except StopIteration:
        return None
    return call if isinstance(call, ModelRequest) else None


def _prompt(model: str, asked: Sequence[ModelRequest], *, exact: bool) -> Range:
    """Tokens of a prompt: the mean, with twice its standard error where not all are seen."""
    count = text_counter(encoding_for(model).name)
    forms = [json.dumps(body_of(one).get("response_format") or "", ensure_ascii=False) for one in asked]
    sizes = np.array(
        [count(text_of(one.messages) + form) + _FRAME for one, form in zip(asked, forms, strict=True)], np.float64
    )
    spread = 0.0 if exact or len(sizes) < 2 else 2 * float(sizes.std(ddof=1)) / math.sqrt(len(sizes))
    return Range(max(float(sizes.mean()) - spread, 1.0), float(sizes.mean()) + spread)


def _completion(database: Database, part: ScoreModel | LabelModel) -> Range:
    """Tokens of a judgement: from what this judge has said before, else what judges say, within its bound."""
    rows = database.rows(
        "SELECT completion_tokens FROM answers WHERE deployment = ? AND purpose = 'grader'"
        " AND completion_tokens IS NOT NULL ORDER BY answered_at DESC LIMIT 200",
        (part.model,),
    )
    low, high = map(float, _JUDGEMENT)
    if len(rows) >= _FEWEST_KNOWN:
        seen = np.array([row[0] for row in rows], np.float64)
        spread = 2 * float(seen.std(ddof=1)) / math.sqrt(len(seen))
        low, high = max(float(seen.mean()) - spread, 1.0), float(seen.mean()) + spread
    bound = most_completion(part.sampling)
    return Range(low, high) if bound is None else Range(min(low, bound), min(high, bound))


def _model_of(database: Database, deployment: str) -> str:
    """The model behind a judge's deployment; its name where it is called after its model."""
    if price_of(deployment) is not None:
        return deployment
    known = deployments.get(database, deployment)
    return known.model if known is not None else deployment


def _model_parts(grader: Grader) -> list[ScoreModel | LabelModel]:
    parts = grader.graders.values() if isinstance(grader, Multi) else (grader,)
    return [part for part in parts if isinstance(part, ScoreModel | LabelModel)]


def _answer(database: Database, one: ToRegrade) -> ToGrade | None:
    return to_grade(evaluations.raw_item(database, one.run_id, one.item_id) or "{}")
