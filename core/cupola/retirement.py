"""Which models in use retire soon, by the day that the service tells, else the table that ships."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from cupola_data.models import Catalogue, catalogue
from cupola_data.prices import price_list

from .advice.model_table import ModelRow, Until, find, model_table
from .benchmarks.definition import from_json
from .models import ServiceModel
from .store import benchmarks, deployments, files, jobs
from .store.database import Database
from .store.deployments import State

SOON_DAYS = 60
"""A model in use that retires within so many days is told of."""

_LAST_SECOND = 253_402_300_799
"""Of the year 9999; what lies beyond is no date."""


@dataclass(frozen=True, slots=True)
class InUse:
    """A model that something here rests on, and that retires soon or has."""

    model: str
    until: Until
    used_by: tuple[str, ...]

    def days_left(self, today: dt.date) -> int:
        """Days from today to the last one; negative once it is past."""
        return (self.until.day - today).days


def known_models(reported: Iterable[ServiceModel], table: Catalogue | None = None) -> list[ModelRow]:
    """The models table, merged with what the resource listed; times of the service that are no dates are left out."""
    dated = [
        replace(model, fine_tune_until=_date(model.fine_tune_until), inference_until=_date(model.inference_until))
        for model in reported
    ]
    return model_table(table or catalogue(), price_list(), dated)


def retiring(database: Database, today: dt.date, days: int = SOON_DAYS, table: Catalogue | None = None) -> list[InUse]:
    """The models in use that retire within so many days, or have, the soonest first.

    In use are models of deployments that stand, of jobs that still train, and of arms of stored benchmarks.
    """
    rows = known_models(files.models(database), table)
    found: dict[str, InUse] = {}
    for model, user in _uses(database):
        row = find(rows, model)
        if row is not None and row.inference_until is not None:
            known = found.get(row.id, InUse(row.id, row.inference_until, ()))
            found[row.id] = replace(known, used_by=tuple(dict.fromkeys((*known.used_by, user))))
    soon = [one for one in found.values() if one.days_left(today) <= days]
    return sorted(soon, key=lambda one: one.until.day)


def ahead(database: Database, now: float) -> str:
    """A few words on models in use whose end is near but not past; "" if there are none. `now` in unix seconds."""
    today = dt.datetime.fromtimestamp(now, dt.UTC).date()
    return retirement_words([one for one in retiring(database, today) if one.days_left(today) >= 0], today)[0]


def retirement_words(found: Sequence[InUse], today: dt.date) -> tuple[str, str]:
    """What to say of models that retire, shortly and with the command that keeps what they can do now; "" if none."""
    if not found:
        return "", ""
    first = found[0]
    left = first.days_left(today)
    when = f"retires in {left} days" if left > 0 else "retires today" if left == 0 else f"retired {-left} days ago"
    more = f" and {len(found) - 1} more" if len(found) > 1 else ""
    short = f"{first.model} {when}{more}"
    remedy = "Choose a successor: cupola model list" if left < 0 else "Capture the baseline now: cupola bench run"
    return short, remedy


def _uses(database: Database) -> Iterable[tuple[str, str]]:
    names: dict[str, str] = {}
    for deployment in deployments.all_deployments(database):
        if deployment.state is not State.GONE:
            names[deployment.name] = deployment.model
            yield deployment.model, f"deployment {deployment.name}"
    for job in jobs.newest(database):
        if job.phase.moving:
            yield job.model, f"job {job.name}"
    for stored in benchmarks.all_benchmarks(database):
        for arm in from_json(stored.definition).arms:
            yield arm.model or names.get(arm.deployment, arm.deployment), f"benchmark {stored.name}"


def _date(seconds: int | None) -> int | None:
    return seconds if seconds is not None and 0 < seconds <= _LAST_SECOND else None
