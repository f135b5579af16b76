"""The verb that prints what the watches over a reward run see."""

from __future__ import annotations

import argparse

from ...errors import UsageError
from ...store import health
from ..context import Context
from ..output import emit
from .subject import opened

_COLUMNS = ("level", "kind", "step", "sentence", "remedy")


def watches(options: argparse.Namespace, context: Context) -> int:
    """Print every alarm, the worst first; nothing for a run that looks healthy."""
    from ...training import stored_evals
    from ...training.watching import alarms

    with opened(options, context) as subject:
        if subject.job is None:
            raise UsageError("Only jobs are watched over.", remedy="Name a reinforcement job.")
        evals = stored_evals.read(subject.database, subject.job)
        rows = [
            {
                "kind": alarm.kind,
                "level": str(alarm.level),
                "step": alarm.step,
                "sentence": alarm.sentence,
                "remedy": alarm.remedy,
            }
            for alarm in alarms(subject.database, subject.job, evals)
        ]
        as_of = health.get(subject.database).checked_at
        emit(options, context.out, "cupola.reward-alarm/1", rows, _COLUMNS, as_of)
        if not rows:
            context.say("No watch sees anything.")
        return subject.code
