"""Starting a test of checkpoints: what each stage takes, and a workflow that the worker sees."""

from __future__ import annotations

from collections.abc import Sequence

from ...benchmarks.estimate import estimate
from ...benchmarks.items import items_of
from ...deployments.plan import plan
from ...store import benchmarks
from ...store.database import Database
from ...store.workflows import Gates
from ..beginning import begin
from ..distil import runs
from ..distil.estimate import StageEstimate, WholeEstimate
from . import deploying
from .definition import CheckpointTest, checked, to_json_text
from .steps import CHECKPOINT_TEST


def estimate_whole(database: Database, definition: CheckpointTest, rows: Sequence[str] | None = None) -> WholeEstimate:
    """Estimate both stages that spend; what the journal answers already costs nothing.

    Args:
        database: With the journal.
        definition: What is to be done.
        rows: The items' fields as canonical JSON; left out, they are in the store.
    """
    whole = definition.whole
    items = items_of(whole, benchmarks.items(database, whole.split) if rows is None else rows)
    asked = estimate(database, whole, items)
    return WholeEstimate(
        (
            StageEstimate("deploy", deploying.hosting(definition)),
            StageEstimate("benchmark", runs.in_dollars([asked]), asked.calls),
        )
    )


def warnings(database: Database, definition: CheckpointTest) -> tuple[str, ...]:
    """What speaks against the deployments as far as it is known before they are asked for, quota above all.

    Raises:
        UsageError: the service does not take them so: an unknown tier, a name that is taken.
    """
    plans = [plan(database, definition.wanted(one)) for one in definition.checkpoints]
    found = [words for one in plans for words in one.warnings]
    line, together = plans[0].quota, definition.capacity * len(plans)
    if line is not None and definition.capacity <= line.free < together:
        found.append(
            f"Only {line.free:.0f} of {line.text} is free: {len(plans)} deployments of {definition.capacity} each need"
            f" {together}, and the service will refuse the last of them."
        )
    return tuple(dict.fromkeys(found))


def start(
    database: Database,
    definition: CheckpointTest,
    now: float,
    *,
    soft: float | None = None,
    hard: float | None = None,
    gates: Gates = Gates.ONCE,
) -> int:
    """Start a test whose items are stored; return its number. The worker does the rest.

    Args:
        database: Where it is written.
        definition: What to do.
        now: When.
        soft: Dollars from which on it asks before each stage that spends.
        hard: Dollars that it never passes.
        gates: Whether every stage that spends asks.

    Raises:
        UsageError: it cannot be carried out.
    """
    told = to_json_text(checked(definition))
    return begin(database, CHECKPOINT_TEST, definition.name, told, now, soft=soft, hard=hard, gates=gates)
