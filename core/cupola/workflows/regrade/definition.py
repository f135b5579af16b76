"""Which stored answers are shown to which grader."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from ...benchmarks.definition import GraderUse
from ...benchmarks.hashing import canonical
from ...errors import UsageError
from ...graders import GraderDefinitionError
from ...store import jobs
from ...store.database import Database
from ...training import stored_evals
from ...training.auto_evals import AutoEvals
from ...training.regrading import ToRegrade, to_regrade

NAME = "regrade"


@dataclass(frozen=True)
class Regrading:
    """Everything that decides what is shown to whom."""

    name: str
    """Of the job or evaluation, as people call it."""
    owner: str
    """The job's id, or the opened evaluation's."""
    grader: Mapping[str, Any]
    """In the service's JSON."""
    steps: tuple[int, ...] = ()
    """Only these; none is all."""
    most: int | None = None
    """At most so many items of a step, the same ones at every step."""
    answers: tuple[tuple[str, str], ...] = ()
    """Only these, each by its run and item; none is all."""

    @cached_property
    def use(self) -> GraderUse:
        """The grader, as gradings take it."""
        return GraderUse(self.grader)

    def todo(self, database: Database, evals: AutoEvals) -> list[ToRegrade]:
        """What the grader has not judged yet."""
        left = to_regrade(database, evals, self.use, self.steps or None, self.most)
        wanted = set(self.answers)
        return [one for one in left if not wanted or (one.run_id, one.item_id) in wanted]

    def evals(self, database: Database) -> AutoEvals:
        """The stored answers' table.

        Raises:
            UsageError: none is stored.
        """
        found = evals_of(database, self.owner)
        if found is None:
            raise UsageError(f"No evaluation of {self.name} is stored.", remedy="Fetch it first, then start this anew.")
        return found


def evals_of(database: Database, owner: str) -> AutoEvals | None:
    """The evaluation of a job, or one that was opened by its id."""
    job = jobs.get(database, owner)
    return stored_evals.read(database, job) if job else stored_evals.read_any(database, owner)


def to_json_text(definition: Regrading) -> str:
    """The canonical JSON of a definition, as the store keeps it."""
    return canonical(asdict(definition))


def parse(text: str) -> Regrading:
    """Read what `to_json_text` wrote."""
    fields = json.loads(text)
    answers = tuple((str(run), str(item)) for run, item in fields["answers"])
    return Regrading(**{**fields, "steps": tuple(fields["steps"]), "answers": answers})


def checked(definition: Regrading) -> Regrading:
    """The same definition, if it can be carried out.

    Raises:
        UsageError: the grader would be refused, or a number is out of range.
    """
    try:
        parsed = definition.use.grader
    except GraderDefinitionError as error:
        raise UsageError("This grader would be refused.", str(error)) from error
    if definition.most is not None and definition.most < 1:
        raise UsageError(f"{parsed.name} would be shown nothing.", remedy="Take at least one item of each step.")
    return definition
