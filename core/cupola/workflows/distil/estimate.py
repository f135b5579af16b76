"""What a whole distillation will cost before it begins: every stage as a range."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ...benchmarks.definition import Arm, Benchmark
from ...benchmarks.estimate import RunEstimate, estimate
from ...benchmarks.items import items_of
from ...datasets.tokens import encoding_for, text_counter
from ...store import benchmarks
from ...store.database import Database
from ..kinds import FREE, Takes
from . import prices
from .definition import Distillation
from .latency import chosen
from .roles import decided, given
from .runs import in_dollars
from .training import epochs_of

_ANSWER_TOKENS = (15, 400)
"""Of a kept answer whose length nobody has seen yet."""
_SAMPLED = 40
_ROLES = 3


@dataclass(frozen=True, slots=True)
class StageEstimate:
    """One stage's cost, in US dollars."""

    name: str
    takes: Takes
    calls: int = 0


@dataclass(frozen=True, slots=True)
class WholeEstimate:
    """All stages that spend."""

    stages: tuple[StageEstimate, ...]

    @property
    def low(self) -> float:
        """The least, as far as prices are known."""
        return sum(one.takes.low for one in self.stages)

    @property
    def high(self) -> float | None:
        """The most; None where a price is not known."""
        highs = [one.takes.high for one in self.stages]
        return None if None in highs else sum(high for high in highs if high is not None)


def estimate_whole(database: Database, definition: Distillation) -> WholeEstimate:
    """Estimate every stage; what the journal answers already costs nothing.

    Where roles are left open, the range reaches from the cheapest arms to the dearest.
    """
    named = {**decided(database, definition), **given(definition)}
    first = _of(database, definition.test)
    teachers = [named["teacher"]] if "teacher" in named else [arm.name for arm in definition.test.arms]
    students = [named["student"]] if "student" in named else [arm.name for arm in definition.test.arms]
    teaching = [_of(database, definition.teaching(name)) for name in teachers]
    return WholeEstimate(
        (
            StageEstimate("benchmark", in_dollars([first]), first.calls),
            _widest("generate", teaching),
            StageEstimate("train", _training(database, definition, [definition.arm(name) for name in students])),
            StageEstimate("deploy", _hosting(definition, students)),
            _again(database, definition, named),
            *_timed(database, definition, named),
        )
    )


def _of(database: Database, benchmark: Benchmark) -> RunEstimate:
    return estimate(database, benchmark, items_of(benchmark, benchmarks.items(database, benchmark.split)))


def _widest(name: str, found: Sequence[RunEstimate]) -> StageEstimate:
    each = [in_dollars([one]) for one in found]
    highs = [one.high for one in each if one.high is not None]
    high = max(highs) if len(highs) == len(each) else None
    words = next((one.words for one in each if one.high is None), each[0].words)
    return StageEstimate(name, Takes(min(one.low for one in each), high, words), max(one.calls for one in found))


def _training(database: Database, definition: Distillation, students: Sequence[Arm]) -> Takes:
    """The prompts' tokens are counted; the answers' are a guess until there are some."""
    rows = benchmarks.items(database, definition.prompts)
    learning = items_of(definition.learning, rows)[:_SAMPLED]
    bound = max((_bound(arm) for arm in definition.test.arms), default=_ANSWER_TOKENS[1])
    found = []
    for student in students:
        count = text_counter(encoding_for(student.model).name)
        prompt = sum(count(str([one.get("content") for one in item.messages])) for item in learning)
        mean = prompt / max(len(learning), 1)
        epochs = epochs_of(definition, len(rows))
        tier = definition.training_tier
        few, many = (int(len(rows) * definition.samples * (mean + answer)) for answer in (_ANSWER_TOKENS[0], bound))
        found.append(prices.training_ahead(student.model, tier, (few, many), epochs))
    highs = [one.high for one in found if one.high is not None]
    high_of_all = max(highs) if len(highs) == len(found) else None
    words = next((one.words for one in found if one.high is None), found[0].words)
    return Takes(min(one.low for one in found), high_of_all, words)


def _bound(arm: Arm) -> int:
    bound = arm.sampling.get("max_completion_tokens") or arm.sampling.get("max_tokens")
    return bound if isinstance(bound, int) else _ANSWER_TOKENS[1]


def _hosting(definition: Distillation, students: Sequence[str]) -> Takes:
    hourly = prices.hosting_per_hour(definition.arm(students[0]).model, definition.sku)
    if hourly == 0:
        return replace(FREE, words=f"{definition.sku} hosts for nothing.")
    if hourly is None or definition.fuse_seconds is None:
        return Takes(0.0, None, "Hosting has no bound: the price is not known, or no fuse removes the deployment.")
    hours = definition.fuse_seconds / 3_600
    return Takes(0.0, hourly * hours, f"${hourly:.2f} an hour for at most {hours:g} hours.")


def _again(database: Database, definition: Distillation, named: dict[str, str]) -> StageEstimate:
    """Teacher and control once more, and the student from its own deployment; none of it is known yet."""
    test = definition.test
    each = [in_dollars([_of(database, one)]) for one in _afresh(test)]
    by_name = dict(zip((arm.name for arm in test.arms), each, strict=True))
    roles = len({*named, "teacher", "student"} | ({"control"} if len(test.arms) > 2 else set()))
    certain = [by_name[name] for name in named.values()]
    others = [one for name, one in by_name.items() if name not in named.values()]
    open_roles = max(min(roles, _ROLES) - len(certain), 0)
    low = sum(one.low for one in certain) + sum(sorted(one.low for one in others)[:open_roles])
    highs = [one.high for one in (*certain, *others)]
    high = None
    if None not in highs:
        dearest = sorted((one.high or 0.0 for one in others), reverse=True)[:open_roles]
        high = sum(one.high or 0.0 for one in certain) + sum(dearest)
    items = len(benchmarks.items(database, test.split))
    words = next((one.words for one in each if one.high is None), "")
    return StageEstimate("re-benchmark", Takes(low, high, words), items * min(roles, _ROLES))


def _timed(database: Database, definition: Distillation, named: dict[str, str]) -> tuple[StageEstimate, ...]:
    """A few items asked of the teacher, the student before and after, and the control; nothing where none is wanted."""
    test = definition.test
    if not definition.latency_items:
        return ()
    drawn = chosen(definition, benchmarks.items(database, test.split))
    few = [replace(item, place=place) for place, item in enumerate(drawn)]
    once = replace(test, arms=tuple(replace(arm, repeats=1) for arm in test.arms), graders=())
    each = [in_dollars([estimate(database, one, few)]) for one in _afresh(once)]
    by_name = dict(zip((arm.name for arm in test.arms), each, strict=True))
    roles = ["teacher", "student", "student"] + (["control"] if "control" in named or len(test.arms) > 2 else [])
    options = [[by_name[named[role]]] if role in named else each for role in roles]
    highs = [one.high for choice in options for one in choice]
    high = None if None in highs else sum(max(one.high or 0.0 for one in choice) for choice in options)
    words = next((one.words for one in each if one.high is None), "")
    low = sum(min(one.low for one in choice) for choice in options)
    return (StageEstimate("latency", Takes(low, high, words), len(few) * len(roles)),)


def _afresh(test: Benchmark) -> list[Benchmark]:
    """Each arm of a test by itself, once and as if nobody had asked it anything."""
    fresh = [replace(arm, deployment=f"{arm.deployment} again") for arm in test.arms]
    return [replace(test, arms=(arm,), baseline=None) for arm in fresh]
