"""What is left to pay of a workflow that has begun, whatever its kind: stages as ranges."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..store.database import Database
from ..store.workflows import Stage, Workflow
from .checkpoint_test.start import estimate_whole as of_test
from .distil.estimate import WholeEstimate
from .distil.estimate import estimate_whole as of_distillation
from .known import kind_of
from .raft.estimate import estimate_whole as of_raft

_ESTIMATES: Mapping[str, Callable[[Database, Any], WholeEstimate]] = {
    "distil": of_distillation,
    "raft": of_raft,
    "raft-data": of_raft,
    "checkpoint-test": of_test,
}


def remaining(database: Database, workflow: Workflow, stages: Sequence[Stage]) -> WholeEstimate:
    """Estimate the stages that are not settled and may spend.

    What is under way already is left out: the workflow's own `reserved` bounds it.

    Raises:
        UsageError: the kind is not known here.
    """
    kind = kind_of(workflow.kind)
    estimated = _ESTIMATES.get(kind.name)
    if estimated is None:
        return WholeEstimate(())
    whole = estimated(database, kind.parse(workflow.definition))
    left = {stage.name for stage in stages if not stage.state.settled and not stage.reserved}
    return WholeEstimate(tuple(one for one in whole.stages if one.name in left and not one.takes.free))
