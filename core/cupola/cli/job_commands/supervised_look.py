"""What is looked at and said before a supervised or preference job is paid for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import UsageError
from ..context import Context
from ..text import clean

if TYPE_CHECKING:
    from ...training.job_spec import JobSpec


def looked_over(spec: JobSpec, context: Context) -> JobSpec:
    """Check the files of this machine and say what training on them would cost; the job with its tokens on it.

    Raises:
        UsageError: the service would refuse a file.
    """
    from cupola_data.models import catalogue
    from cupola_data.prices import price_list

    from ...training.prospect import look_of, looked_into, token_cost
    from ...training.token_bounds import TOKENS_KEY

    reports = looked_into(spec)
    for report in reports:
        look = look_of(report)
        context.say(f"data: {look.name}, {look.rows:,} rows: {clean(look.found) or 'nothing found'}")
    blocked = [report.path.name for report in reports if report.blocked]
    if blocked:
        names = ", ".join(blocked)
        raise UsageError(
            f"{names} would be refused.",
            remedy=f"`cupola dataset check {names}` tells every line; --unchecked submits all the same.",
        )
    trained = reports[0] if isinstance(spec.training, Path) and reports else None
    cost = token_cost(spec, trained, catalogue(), price_list())
    context.say(f"cost: {clean(cost.words)}")
    if cost.follows:
        context.say(cost.follows)
    counted = trained.tokens if trained else None
    return spec if counted is None else replace(spec, metadata={TOKENS_KEY: f"{counted}", **spec.metadata})
