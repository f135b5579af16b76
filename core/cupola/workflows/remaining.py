"""What is left to pay of a workflow that has begun, whatever its kind: stages as ranges."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..store.database import Database
from ..store.workflows import Stage, Workflow
from .checkpoint_test.start import estimate_whole as of_test
from .distil.estimate import StageEstimate, WholeEstimate
from .distil.estimate import estimate_whole as of_distillation
from .known import kind_of
from .raft.estimate import estimate_whole as of_raft
from .regrade.carrying import in_dollars
from .regrade.definition import Regrading
from .regrade.start import estimate as regrading_estimate


def _of_regrading(database: Database, definition: Regrading) -> WholeEstimate:
    takes = regrading_estimate(database, definition)
    return WholeEstimate((StageEstimate("regrade", in_dollars(takes), int(takes.calls.high)),))


_ESTIMATES: Mapping[str, Callable[[Database, Any], WholeEstimate]] = {
    "distil": of_distillation,
    "raft": of_raft,
    "raft-data": of_raft,
    "checkpoint-test": of_test,
    "regrade": _of_regrading,
}


def remaining(database: Database, workflow: Workflow, stages: Sequence[Stage]) -> WholeEstimate:
    """Estimate the stages that are not settled and may spend.

    What is under way already is left out: the workflow's own `reserved` bounds it.

    Raises:
        UsageError: the kind is not known here.
    """
    kind = kind_of(workflow.kind)
    whole = _ESTIMATES[kind.name](database, kind.parse(workflow.definition))
    left = {stage.name for stage in stages if not stage.state.settled and not stage.reserved}
    return WholeEstimate(tuple(one for one in whole.stages if one.name in left and not one.takes.free))
