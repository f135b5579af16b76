"""What a job would take, worked out beside the screen: its files may be large."""

from __future__ import annotations

from . import tasks


def foreseen(task: tasks.Foresee) -> tasks.Foreseen:
    """Check a job's files, estimate it, and name it by its content.

    Raises:
        CupolaError: a file or the grader cannot be read, or would be refused.
    """
    from cupola.training.job_spec import fingerprint
    from cupola.training.prospect import prospect
    from cupola_data.models import catalogue

    return tasks.Foreseen(prospect(task.spec, catalogue(), task.prices, task.own_paces), fingerprint(task.spec))
