"""Showing stored answers to a grader that asks models: what is asked of a person, and the card of having it done."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from cupola.benchmarks.definition import GraderUse
from cupola.errors import UsageError
from cupola.models import Job
from cupola.settings import Profile
from cupola.store.database import open_store
from cupola.training.regrade_cost import RegradeEstimate
from cupola.workflows.regrade.definition import Regrading
from cupola.workflows.regrade.start import estimate, start

from ...screens.form import Question
from ...views.actions import Action, place
from ...views.bench.numbers import dollars, range_words
from ...views.checkpoints import actions
from .held_out import amount, step_numbers, whole_number

REGRADE = "checkpoint.regrade"


@dataclass(frozen=True, slots=True)
class Prepared:
    """A grading that could be started, and what it takes."""

    definition: Regrading
    takes: RegradeEstimate
    most: float | None
    """Dollars that it never passes; None is no bound."""


def questions(answers: Mapping[str, str], known: Sequence[int]) -> list[Question]:
    """What is asked, with the answers that were given before."""
    ends = f"empty: all {len(known)}, {known[0]} to {known[-1]}" if known else "empty: all"
    return [
        Question("steps", answers.get("steps", ""), ends),
        Question("items", answers.get("items", ""), "of each step, the same ones; empty: all"),
        Question("stop at", answers.get("stop at", ""), "dollars; empty: no limit"),
    ]


def prepared(store: Path, job: Job, use: GraderUse, answers: Mapping[str, str], known: Sequence[int]) -> Prepared:
    """Estimate; for a thread, as the store is opened anew.

    Raises:
        CupolaError: an answer is not understood, the limit is below what it may cost, or nothing is left to judge.
    """
    steps = step_numbers(answers["steps"]) if answers["steps"].strip() else []
    if strange := [step for step in steps if step not in known]:
        raise UsageError(f"There is no step {strange[0]}.", remedy=f"There are {', '.join(map(str, known))}.")
    items = whole_number(answers["items"]) if answers["items"].strip() else None
    definition = Regrading(job.name, job.id, use.definition, tuple(sorted(set(steps))), items)
    return estimated(store, definition, amount(answers["stop at"]))


def estimated(store: Path, definition: Regrading, most: float | None) -> Prepared:
    """What it takes; errors as for `prepared`."""
    with closing(open_store(store)) as database:
        takes = estimate(database, definition)
    if not takes.answers:
        raise UsageError(f"{definition.use.name} has judged these answers already.")
    if most is not None and takes.most is not None and takes.most > most:
        raise UsageError(
            f"It may cost up to {dollars(takes.most)}, more than {dollars(most)}.",
            remedy="Raise the limit, or take fewer steps or items.",
        )
    return Prepared(definition, takes, most)


def regrade_action(what: Prepared, grader: str, profile: Profile, now: float) -> Action:
    """The card; `grader` is the file that it stands in."""
    definition, takes = what.definition, what.takes
    of = f" of step {', '.join(map(str, definition.steps))}" if definition.steps else ""
    return Action(
        REGRADE,
        definition.owner,
        f"Show {takes.answers:,} stored answers{of} to {definition.use.name}",
        f"The worker asks {', '.join(takes.judges)} about each, in the journal, so that nothing is paid twice; it goes"
        " on without you. This pane and Activity show how far it is; m shows the curve, enter the verdict on an item.",
        place(profile),
        cost_words(takes, what.most),
        _command(what, grader, profile),
        write=lambda database: start(database, definition, now, hard=what.most),
    )


def cost_words(takes: RegradeEstimate, most: float | None) -> str:
    """The estimate: dollars, calls and tokens as ranges, and where it stops."""
    high = None if takes.most is None else dollars(takes.most)
    words = "a price not known" if high is None else range_words(dollars(takes.usd.low), high)
    calls = range_words(f"{takes.calls.low:,.0f}", f"{takes.calls.high:,.0f}")
    tokens = range_words(f"{takes.tokens.low:,.0f}", f"{takes.tokens.high:,.0f}")
    words += f" for {calls} calls, {tokens} tokens."
    if takes.unpriced:
        words += f" The price of {', '.join(takes.unpriced)} is not known."
    if takes.unbounded:
        words += " No limit bounds the judge's answers: common lengths are taken."
    return words if most is None else f"{words} It stops before {dollars(most)}."


def _command(what: Prepared, grader: str, profile: Profile) -> str:
    definition = what.definition
    words = ["--grader", grader]
    words += ["--steps", *map(str, definition.steps)] if definition.steps else []
    words += ["--sample", str(definition.most)] if definition.most is not None else []
    words += ["--max-cost", f"{what.most:g}"] if what.most is not None else []
    return f"{actions.command('regrade', definition.owner, profile)} {shlex.join(words)} --detach"
