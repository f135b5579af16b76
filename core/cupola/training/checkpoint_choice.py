"""Which checkpoint of a reinforcement job to keep, in a sentence with its numbers; and which is about to be lost."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..models import Checkpoint, Job
from ..statistics.checkpoints import choose_checkpoint
from ..statistics.comparison import Comparison
from ..statistics.errors import StatisticsInputError
from ..statistics.leaderboard import compare_arms
from ..statistics.verdicts import differs
from .auto_evals import AutoEvals, StepSummary

_KEPT = 3
"""How many checkpoints the service keeps at least, as its documentation says."""

_LEAST_JUDGED = 0.5
"""A step of which a smaller share of the items is judged is not chosen from: all others would be held to its items."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The outcome of the one-standard-error rule over the steps after the first."""

    best: int
    """The step to take."""
    highest: int
    """The step with the highest mean."""
    tied: tuple[int, ...]
    """The steps that cannot be told from the highest, itself included."""
    left_out: tuple[int, ...]
    """Steps of which too few items are judged."""


@dataclass(frozen=True, slots=True)
class Keeping:
    """What the service still holds."""

    deployable: frozenset[int]
    """Steps whose checkpoint it lists."""
    lost: frozenset[int]
    """Steps whose checkpoint it listed once and lists no more."""
    next_to_go: int | None
    """The step whose checkpoint goes when the next one comes."""


def choose(evals: AutoEvals, summarised: Sequence[StepSummary]) -> Choice | None:
    """Choose among the checkpoints, step 0 (the base model) left out; None if there is none to choose from.

    By the one-standard-error rule; among the tied the one with the fewest mean completion tokens, then the earliest.
    """
    after = [row for row, step in enumerate(evals.steps) if step > 0]
    rows = _judged(evals, after)
    if not rows:
        return None
    tokens = [math.inf if math.isnan(summarised[row].tokens) else summarised[row].tokens for row in rows]
    try:
        found = choose_checkpoint(evals.scores[rows], tokens, evals.clusters, evals.scale)
    except StatisticsInputError:
        # No item was judged at every step.
        return None
    steps = [evals.steps[row] for row in rows]
    return Choice(
        best=steps[found.chosen],
        highest=steps[found.highest],
        tied=tuple(steps[row] for row in found.within),
        left_out=tuple(evals.steps[row] for row in after if row not in rows),
    )


def gain_over_base(evals: AutoEvals, step: int) -> Comparison | None:
    """A step's rewards minus those of step 0, item by item; the p is Holm-corrected over all checkpoints.

    Step 0 was there before any checkpoint, so the family is each checkpoint against it. None without a step 0 or
    without shared items. With many checkpoints it takes seconds.
    """
    base = evals.row_of(0)
    rows = _judged(evals, [row for row, known in enumerate(evals.steps) if known > 0])
    if base is None:
        return None
    pairs = compare_arms(evals.scores, evals.clusters, evals.scale, pairs=[(row, base) for row in rows])
    return next((pair.comparison for pair in pairs if evals.steps[pair.first] == step), None)


def keeping(job: Job, checkpoints: Sequence[tuple[Checkpoint, bool]]) -> Keeping:
    """What the service holds of a job's checkpoints, each given with whether it is still listed.

    The oldest is the next to go while the job can still write another one, and the service has been seen to drop
    some or holds just as many as it promises.
    """
    listed = sorted({checkpoint.step for checkpoint, deployable in checkpoints if deployable})
    lost = {checkpoint.step for checkpoint, deployable in checkpoints if not deployable} - set(listed)
    full = len(listed) >= _KEPT and (bool(lost) or len(listed) == _KEPT)
    return Keeping(frozenset(listed), frozenset(lost), listed[0] if full and not job.phase.ended else None)


def sentences(choice: Choice, summarised: Sequence[StepSummary], kept: Keeping, gain: Comparison | None) -> list[str]:
    """What to say of a choice, the most telling first; `gain` is that of the best over step 0."""
    words = [f"best: step {choice.best} (one-standard-error rule)"]
    if len(choice.tied) > 1:
        words.append(f"{_listed(choice.tied)} cannot be told apart")
    saved = _saved(choice, summarised)
    if saved:
        words.append(saved)
    said = ["; ".join(words)]
    if gain is not None:
        said.append(_gain_words(gain))
    if choice.best in kept.lost:
        said.append(_lost_words(choice, kept))
    elif kept.next_to_go is not None and kept.next_to_go in choice.tied:
        said.append(f"step {kept.next_to_go} goes when the next checkpoint comes: deploy or copy it first")
    if choice.left_out:
        said.append(f"left out, too few items judged: {_listed(choice.left_out)}")
    return said


def _judged(evals: AutoEvals, rows: Sequence[int]) -> list[int]:
    judged = 1 - np.isnan(evals.scores).mean(axis=1)
    return [row for row in rows if judged[row] >= _LEAST_JUDGED]


def _gain_words(gain: Comparison) -> str:
    change = gain.difference
    bounded = math.isfinite(change.interval.low) and math.isfinite(change.interval.high)
    ends = f"{change.interval.low:+.2f} to {change.interval.high:+.2f}" if bounded else "without bounds"
    family = f" corrected for {gain.family} checkpoints" if gain.family > 1 else ""
    interval = f"95% {ends}, p = {gain.p_corrected:.2g}{family}"
    if differs(gain):
        word = "better than the base model" if change.value > 0 else "worse than the base model"
    else:
        word = "inconclusive against the base model"
    few = ", few prompts" if change.few_prompts else ""
    return f"{word}: {change.value:+.2f} over step 0 ({interval}{few})"


def _saved(choice: Choice, summarised: Sequence[StepSummary]) -> str:
    """How much leaner the best is than the highest, where they differ."""
    by_step = {summary.step: summary for summary in summarised}
    best, highest = by_step[choice.best], by_step[choice.highest]
    for kind, own, other in (
        ("reasoning", best.reasoning, highest.reasoning),
        ("completion", best.tokens, highest.tokens),
    ):
        if choice.best != choice.highest and other > 0 and own < other:
            return f"{choice.best} uses {1 - own / other:.0%} fewer {kind} tokens than {choice.highest}"
    return ""


def _lost_words(choice: Choice, kept: Keeping) -> str:
    others = [step for step in choice.tied if step in kept.deployable]
    instead = f"; {_listed(others)} can be deployed" if others else ""
    return f"step {choice.best} can no longer be deployed: the service lists its checkpoint no more{instead}"


def _listed(steps: Sequence[int]) -> str:
    words = [str(step) for step in steps]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
