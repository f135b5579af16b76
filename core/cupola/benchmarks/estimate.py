"""What a run will take before it is paid for: calls, tokens, dollars and minutes, each as a range."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..datasets.tokens import encoding_for, text_counter
from ..graders import Grader, LabelModel, Multi, ScoreModel
from ..store import answers
from ..store.answers import AnswerState
from ..store.benchmarks import Ask
from ..store.database import Database
from .definition import Arm, Benchmark, GraderUse
from .items import Item
from .prices import price_of
from .prompt_tokens import image_bounds, most_completion, most_tokens, text_of
from .schedule import asks_of

_SAMPLED = 40
"""Prompts whose tokens are counted; the rest are taken to be alike."""
_COMPLETION = (10, 600)
"""Tokens of an answer of which nothing is known."""
_REASONING = (20, 4_000)
_JUDGEMENT = (10, 400)
_SECONDS = (0.5, 8.0)
"""A call of which nothing is known."""
_AT_ONCE = (8, 64)
_FORM = 600
"""Bytes of the form that a judge's answer is asked in."""
_FRAME = 12
"""Tokens that each chat request has beyond its text."""


@dataclass(frozen=True, slots=True)
class Range:
    """From as little as to as much as is likely."""

    low: float
    high: float

    def __add__(self, other: Range) -> Range:
        """Return both together."""
        return Range(self.low + other.low, self.high + other.high)

    def times(self, count: float) -> Range:
        """Return the range of so many."""
        return Range(self.low * count, self.high * count)


@dataclass(frozen=True, slots=True)
class ArmEstimate:
    """One deployment's part."""

    name: str
    purpose: str
    """arm or judge."""
    calls: int
    known: int
    """Rows that the journal answers already."""
    prompt_tokens: Range
    completion_tokens: Range
    usd: Range | None
    """None where the price is not known."""
    source: str
    most: float | None = None
    """The most dollars that it may be billed, by bytes and bounds instead of likely tokens; None if no price is known.

    It holds where `bounded`; else an answer is taken to be no longer than models' answers commonly are.
    """
    bounded: bool = True
    """Whether each request bounds its answer."""


@dataclass(frozen=True, slots=True)
class RunEstimate:
    """A whole run."""

    parts: tuple[ArmEstimate, ...]
    minutes: Range

    @property
    def calls(self) -> int:
        """Requests that will be sent, retries left out."""
        return sum(part.calls for part in self.parts)

    @property
    def tokens(self) -> Range:
        """Of prompts and completions."""
        return sum((part.prompt_tokens + part.completion_tokens for part in self.parts), Range(0.0, 0.0))

    @property
    def usd(self) -> Range:
        """As far as prices are known."""
        return sum((part.usd for part in self.parts if part.usd is not None), Range(0.0, 0.0))

    @property
    def most(self) -> float:
        """The most dollars, as far as prices are known: any tokenizer, every answer at its bound."""
        return sum(max(part.most or 0.0, part.usd.high if part.usd else 0.0) for part in self.parts)

    @property
    def unbounded(self) -> tuple[str, ...]:
        """Arms and judges whose answers nothing bounds."""
        return tuple(part.name for part in self.parts if not part.bounded and part.calls)

    @property
    def unpriced(self) -> tuple[str, ...]:
        """Deployments whose price is not known."""
        return tuple(part.name for part in self.parts if part.usd is None and part.calls)


def estimate(database: Database, benchmark: Benchmark, items: Sequence[Item]) -> RunEstimate:
    """What a run of a benchmark will take beyond what the journal answers already."""
    known = answers.find_many(database, {(ask.request, ask.number) for ask in asks_of(benchmark, items)})
    done = {key for key, entry in known.items() if entry.answer.state is AnswerState.ANSWERED}
    arms = [_arm(database, benchmark, index, items, done) for index in range(len(benchmark.arms))]
    judges = _judges(database, benchmark, items, arms)
    return RunEstimate((*arms, *judges), _minutes(database, benchmark, [*arms, *judges]))


def _arm(
    database: Database, benchmark: Benchmark, index: int, items: Sequence[Item], done: set[tuple[str, int]]
) -> ArmEstimate:
    arm = benchmark.arms[index]
    asked = asks_of(replace(benchmark, arms=(arm,)), items)
    known = sum((ask.request, ask.number) in done for ask in asked)
    calls = len(asked) - known
    sampled = items[:_SAMPLED]
    prompt = _prompt_tokens(arm.model, [text_of(item.messages) for item in sampled])
    if arm.tools:
        prompt += _prompt_tokens(arm.model, [json.dumps(list(arm.tools), ensure_ascii=False)])
    images = [image_bounds(item.messages, arm.model) for item in sampled]
    low, high = (sum(ends) / max(len(sampled), 1) for ends in zip(*images, strict=True)) if images else (0.0, 0.0)
    prompts = Range((prompt + low) * calls, (prompt + high) * calls)
    completions = _completion(database, arm).times(calls)
    usd, source = _priced(arm.model, arm.tier, benchmark.engine, prompts, completions)
    bound = most_completion(arm.sampling)
    most = Range(0.0, _most_prompts(arm, items, asked, done)), Range(0.0, _most_answer(arm) * calls)
    dearest, _ = _priced(arm.model, arm.tier, benchmark.engine, *most)
    return ArmEstimate(
        *(arm.name, "arm", calls, known, prompts, completions, usd, source),
        most=dearest.high if dearest else None,
        bounded=bound is not None,
    )


def _most_prompts(arm: Arm, items: Sequence[Item], asked: Sequence[Ask], done: set[tuple[str, int]]) -> float:
    """The most tokens of all prompts that are still to be asked."""
    each = [most_tokens(item.messages, arm.model, arm.tools, arm.response_format) for item in items]
    return float(sum(each[ask.place] for ask in asked if (ask.request, ask.number) not in done))


def _most_answer(arm: Arm) -> int:
    return most_completion(arm.sampling) or (_REASONING if "reasoning_effort" in arm.sampling else _COMPLETION)[1]


def _judges(
    database: Database, benchmark: Benchmark, items: Sequence[Item], arms: Sequence[ArmEstimate]
) -> list[ArmEstimate]:
    """What graders will ask of other models, deployment by deployment."""
    wanted: dict[str, list[_Judging]] = {}
    row = max((len(json.dumps(item.fields, ensure_ascii=False).encode()) for item in items), default=0)
    answer = max((_most_answer(arm) for arm in benchmark.arms), default=0)
    for use in benchmark.graders:
        graded, open_ = _gradings(database, benchmark, items, use)
        for part in _parts(use.grader):
            if isinstance(part, ScoreModel | LabelModel):
                prompt = json.dumps(list(part.input), ensure_ascii=False)
                # Each placeholder may bring a whole row or a whole answer.
                most = len(prompt.encode()) + _FORM + prompt.count("{{") * max(row, answer)
                wanted.setdefault(part.model, []).append(_Judging(prompt, open_, graded, most, _judge_bound(part)))
    return [_judge(judge, asked, arms) for judge, asked in wanted.items()]


@dataclass(frozen=True, slots=True)
class _Judging:
    prompt: str
    times: int
    """How often it will be asked."""
    before: int
    """How often it has been."""
    most_prompt: int
    """Tokens of a prompt at most."""
    bound: int | None
    """Tokens of an answer, where the grader sets a bound."""


def _judge_bound(part: ScoreModel | LabelModel) -> int | None:
    return most_completion(part.sampling)


def _gradings(database: Database, benchmark: Benchmark, items: Sequence[Item], use: GraderUse) -> tuple[int, int]:
    """How many rows have a grade by this grader, and how many have none."""
    asks = asks_of(benchmark, items)
    stored = {
        (row[0], row[1], row[2])
        for row in database.rows(
            "SELECT request, number, item FROM grades WHERE grader = ? AND again = 0 AND reward IS NOT NULL",
            (use.hash,),
        )
    }
    graded = sum((ask.request, ask.number, items[ask.place].hash) in stored for ask in asks)
    return graded, len(asks) - graded


def _judge(judge: str, asked: Sequence[_Judging], arms: Sequence[ArmEstimate]) -> ArmEstimate:
    """A judge reads each prompt of its own with an answer in it.

    Args:
        judge: The deployment.
        asked: Each prompt with how often it will be asked.
        arms: Whose answers it reads.
    """
    rows = sum(part.calls for part in arms)
    answer = Range(*_COMPLETION)
    if rows:
        total = sum((part.completion_tokens for part in arms), Range(0.0, 0.0))
        answer = Range(total.low / rows, total.high / rows)
    calls = sum(one.times for one in asked)
    frames = sum(_prompt_tokens(judge, [one.prompt]) * one.times for one in asked)
    prompt_tokens = Range(frames, frames) + answer.times(calls)
    completion = Range(*_JUDGEMENT).times(calls)
    usd, source = _priced(judge, "globalStandard", "here", prompt_tokens, completion)
    known = sum(one.before for one in asked)
    prompts = Range(0.0, float(sum(one.most_prompt * one.times for one in asked)))
    answers_ = Range(0.0, float(sum((one.bound or _JUDGEMENT[1]) * one.times for one in asked)))
    dearest, _ = _priced(judge, "globalStandard", "here", prompts, answers_)
    return ArmEstimate(
        *(judge, "judge", calls, known, prompt_tokens, completion, usd, source),
        most=dearest.high if dearest else None,
        bounded=all(one.bound is not None for one in asked),
    )


def _priced(model: str, tier: str, engine: str, prompt: Range, completion: Range) -> tuple[Range | None, str]:
    price = price_of(model, tier, engine)
    if price is None:
        return None, ""
    low, high = price.usd(int(prompt.low), int(completion.low)), price.usd(int(prompt.high), int(completion.high))
    return Range(low, high), price.source


def _parts(grader: Grader) -> list[Grader]:
    return list(grader.graders.values()) if isinstance(grader, Multi) else [grader]


def _completion(database: Database, arm: Arm) -> Range:
    """From what this deployment has answered before, else from its bound, else from what models do."""
    rows = database.rows(
        "SELECT completion_tokens FROM answers WHERE deployment = ? AND purpose = 'arm'"
        " AND completion_tokens IS NOT NULL ORDER BY answered_at DESC LIMIT 200",
        (arm.deployment,),
    )
    if len(rows) >= 10:
        seen = np.array([row[0] for row in rows], dtype=np.float64)
        spread = 2 * seen.std() / np.sqrt(len(seen))
        return Range(max(seen.mean() - spread, 1.0), seen.mean() + spread)
    low, high = _REASONING if "reasoning_effort" in arm.sampling else _COMPLETION
    bound = arm.sampling.get("max_completion_tokens") or arm.sampling.get("max_tokens")
    return Range(min(low, bound), bound) if isinstance(bound, int) else Range(low, high)


def _minutes(database: Database, benchmark: Benchmark, parts: Sequence[ArmEstimate]) -> Range:
    """The slowest deployment decides, since all work side by side."""
    found = Range(0.0, 0.0)
    for part in parts:
        deployment = next((arm.deployment for arm in benchmark.arms if arm.name == part.name), part.name)
        low, high = _SECONDS
        rows = database.rows(
            "SELECT avg(seconds) FROM (SELECT seconds FROM answers WHERE deployment = ? AND seconds IS NOT NULL"
            " ORDER BY answered_at DESC LIMIT 200)",
            (deployment,),
        )
        if rows and rows[0][0] is not None:
            low, high = 0.7 * rows[0][0], 1.5 * rows[0][0]
        mine = Range(part.calls * low / _AT_ONCE[1] / 60, part.calls * high / _AT_ONCE[0] / 60)
        found = Range(max(found.low, mine.low), max(found.high, mine.high))
    return found


def _prompt_tokens(model: str, texts: Sequence[str]) -> float:
    """The mean tokens of some prompts."""
    count = text_counter(encoding_for(model).name)
    return sum(count(text) + _FRAME for text in texts) / max(len(texts), 1)
