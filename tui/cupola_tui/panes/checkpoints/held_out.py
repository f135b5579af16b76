"""Testing checkpoints on held-out rows: what is asked of a person, and the card of the workflow that does it."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from cupola.deployments.durations import duration_text, parse_duration
from cupola.errors import UsageError
from cupola.models import Job
from cupola.settings import Profile
from cupola.store.database import Database, open_store
from cupola.store.deployments import DEFAULT_FUSE_SECONDS
from cupola.workflows.checkpoint_test.definition import CheckpointTest, checked
from cupola.workflows.checkpoint_test.of_job import on_rows, store_rows
from cupola.workflows.checkpoint_test.start import estimate_whole, start, warnings
from cupola.workflows.distil.estimate import WholeEstimate

from ...screens.form import Question
from ...views.actions import Action, place
from ...views.bench.numbers import dollars, range_words
from ...views.checkpoints import actions


@dataclass(frozen=True, slots=True)
class Prepared:
    """A test that could be started, and what it takes."""

    definition: CheckpointTest
    rows: tuple[str, ...]
    takes: WholeEstimate
    warnings: tuple[str, ...]
    most: float | None
    """Dollars that it never passes; None is no bound."""


def questions(step: int, answers: Mapping[str, str]) -> list[Question]:
    """What is asked, with the answers that were given before."""
    fuse = duration_text(DEFAULT_FUSE_SECONDS)
    return [
        Question("steps", answers.get("steps", str(step)), "one or more, such as 10 15 20"),
        Question("base", answers.get("base", ""), "a deployment to hold them against; empty: none"),
        Question("tier", answers.get("tier", "DeveloperTier"), "DeveloperTier, Standard, GlobalStandard"),
        Question("capacity", answers.get("capacity", ""), "thousand tokens a minute; empty: enough for the test"),
        Question("goes in", answers.get("goes in", fuse), "90m, 4h, 2d, never"),
        Question("stop at", answers.get("stop at", ""), "dollars; empty: no limit"),
    ]


def prepared(store: Path, job: Job, path: Path, answers: Mapping[str, str]) -> Prepared:
    """Read the rows and estimate; for a thread, as the store is opened anew.

    Raises:
        CupolaError: the rows cannot be read, an answer is not understood, or the job tells no grader.
    """
    database = open_store(store)
    try:
        found, rows = on_rows(database, job, step_numbers(answers["steps"]), path, answers["base"].strip())
        wanted = answers["capacity"].strip()
        definition = checked(
            replace(
                found,
                sku=answers["tier"].strip(),
                fuse_seconds=parse_duration(answers["goes in"]),
                capacity=whole_number(wanted) if wanted else found.capacity,
            )
        )
        told = warnings(database, definition)
        takes = estimate_whole(database, definition, rows)
        return Prepared(definition, rows, takes, told, amount(answers["stop at"]))
    finally:
        database.close()


def test_action(what: Prepared, path: Path, profile: Profile, now: float) -> Action:
    """The card of starting it."""
    definition, takes = what.definition, what.takes
    names = ", ".join(str(one.step) for one in definition.checkpoints)
    fuse = definition.fuse_seconds
    goes = "which never go by themselves" if fuse is None else f"each of which goes after {duration_text(fuse)}"
    held = f" and {definition.whole.arms[0].deployment}" if definition.base else ""
    calls = sum(one.calls for one in takes.stages)
    high = "not bounded" if takes.high is None else dollars(takes.high)
    bound = "" if what.most is None else f" It stops before {dollars(what.most)}."

    def write(store: Database) -> None:
        store_rows(store, definition, what.rows, now)
        start(store, definition, now, hard=what.most)

    return Action(
        "checkpoint.test",
        definition.job,
        f"Test step {names} of {definition.name} on {len(what.rows):,} held-out rows",
        f"Deploys {len(definition.checkpoints)} checkpoints, {goes}, asks them{held} every row, and grades as the job"
        " does. It then asks whether to remove them. Activity shows how far it is and what came of it."
        + "".join(f" {warning}" for warning in what.warnings),
        place(profile),
        f"{range_words(dollars(takes.low), high)} for hosting and {calls:,} calls.{bound}",
        _command(what, path, profile),
        write=write,
    )


def _command(what: Prepared, path: Path, profile: Profile) -> str:
    definition = what.definition
    words = ["--steps", *(str(one.step) for one in definition.checkpoints), "--data", str(path)]
    words += ["--base", definition.whole.arms[0].deployment] if definition.base else []
    words += ["--tier", definition.sku, "--capacity", str(definition.capacity)]
    words += ["--fuse", duration_text(definition.fuse_seconds)]
    words += ["--max-cost", f"{what.most:g}"] if what.most is not None else []
    return f"{actions.command('test', definition.job, profile)} {shlex.join(words)}"


def step_numbers(text: str) -> list[int]:
    """Steps as they are typed.

    Raises:
        UsageError: they are no numbers.
    """
    words = text.replace(",", " ").split()
    if not words or not all(word.isdecimal() and len(word) < 10 for word in words):
        raise UsageError(f"{text[:40]!r} names no steps.", remedy="Write numbers, such as 10 15 20.")
    return [int(word) for word in words]


def whole_number(text: str) -> int:
    """A whole number as it is typed; 0 for what is none."""
    plain = text.replace(",", "").strip()
    return int(plain) if plain.isdecimal() and len(plain) < 10 else 0


def amount(text: str) -> float | None:
    """Dollars as they are typed; None for nothing.

    Raises:
        UsageError: it is no amount above nothing.
    """
    plain = text.strip().removeprefix("$").replace(",", "")
    if not plain:
        return None
    if not plain.replace(".", "", 1).isdecimal() or float(plain) <= 0:
        raise UsageError(f"{text[:40]!r} is no amount.", remedy="Write dollars, such as 2.50, or nothing.")
    return float(plain)
