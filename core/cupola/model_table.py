"""What is known of the models: the table that ships, merged with what the service reports, and when which retires."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cupola_data.models import BaseModel, Catalogue, catalogue

from .benchmarks.definition import from_json
from .benchmarks.prices import base_of
from .models import ServiceModel
from .store import benchmarks, deployments, files, jobs
from .store.database import Database
from .store.deployments import State, is_tuned

SOON_DAYS = 60
"""A model in use that retires within so many days is told of."""


@dataclass(frozen=True, slots=True)
class Retirement:
    """The day after which answers are no longer promised, and who says so."""

    day: dt.date
    source: str
    confirmed: bool = True

    def days_left(self, today: dt.date) -> int:
        """Days from today; negative once it is past."""
        return (self.day - today).days


@dataclass(frozen=True, slots=True)
class ModelRow:
    """One base model."""

    id: str
    methods: tuple[str, ...]
    tiers: tuple[str, ...]
    regions: tuple[str, ...]
    """Of regional Standard training."""
    offered: bool | None
    """Whether the resource lists it; None where the resource was never asked."""
    can_fine_tune: bool | None
    """What the service says; it says no of open-weight models that it does tune."""
    lifecycle: str
    retirement: Retirement | None
    tuning_ends: dt.date | None
    source: str
    """Where methods, tiers and regions were read; "" for a model that the table does not have."""

    def tunable_in(self, region: str, table: Catalogue) -> bool | None:
        """Whether it can be tuned in a region, in any tier; None where that is not known."""
        if not self.methods:
            return None if not self.source else False
        place = region.casefold().replace(" ", "")
        globally = "globalStandard" in self.tiers and place in table.global_regions
        return not place or globally or place in self.regions


@dataclass(frozen=True, slots=True)
class InUse:
    """A model that something here rests on, and that retires soon or has."""

    model: str
    retirement: Retirement
    used_by: tuple[str, ...]


def model_table(reported: Iterable[ServiceModel], table: Catalogue | None = None) -> list[ModelRow]:
    """All base models that the table or the service knows; the service's dates count before the table's.

    Args:
        reported: What the resource listed; empty where it was never asked.
        table: The models table; the one that ships if left out.
    """
    known = table or catalogue()
    by_id = {model.id.casefold(): model for model in reported if not is_tuned(model.id) and not model.base_model}
    rows = [_row(model, by_id.get(model.id.casefold()), bool(by_id), known) for model in known.models]
    own = {row.id.casefold() for row in rows}
    rows += [_unknown(model) for key, model in by_id.items() if key not in own]
    return sorted(rows, key=lambda row: row.id.casefold())


def retiring(database: Database, today: dt.date, days: int = SOON_DAYS, table: Catalogue | None = None) -> list[InUse]:
    """The models in use that retire within so many days, or have, the soonest first.

    In use are models of deployments that stand, of jobs that still train, and of arms of stored benchmarks.
    """
    rows = {row.id.casefold(): row for row in model_table(files.models(database), table)}
    users: dict[str, list[str]] = {}
    for model, user in _uses(database):
        base = base_of(model)
        users.setdefault((base.id if base else model).casefold(), []).append(user)
    found = [
        InUse(row.id, row.retirement, tuple(dict.fromkeys(by)))
        for key, by in users.items()
        if (row := rows.get(key)) and row.retirement and row.retirement.days_left(today) <= days
    ]
    return sorted(found, key=lambda one: one.retirement.day)


def retirement_words(found: Sequence[InUse], today: dt.date) -> tuple[str, str]:
    """What to say of models that retire, shortly and with the command that keeps what they can do now; "" if none."""
    if not found:
        return "", ""
    first = found[0]
    left = first.retirement.days_left(today)
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


def _row(model: BaseModel, reported: ServiceModel | None, asked: bool, table: Catalogue) -> ModelRow:
    return ModelRow(
        id=model.id,
        methods=model.methods,
        tiers=model.tiers,
        regions=model.regions,
        offered=reported is not None if asked else None,
        can_fine_tune=reported.can_fine_tune if reported else None,
        lifecycle=(reported.lifecycle or "") if reported else "",
        retirement=_reported(reported) or _tabled(model, table),
        tuning_ends=_day(reported.fine_tune_until) if reported else None,
        source=_source(table, "methods"),
    )


def _unknown(model: ServiceModel) -> ModelRow:
    ends = _day(model.fine_tune_until)
    return ModelRow(model.id, (), (), (), True, model.can_fine_tune, model.lifecycle or "", _reported(model), ends, "")


def _reported(model: ServiceModel | None) -> Retirement | None:
    day = _day(model.inference_until) if model else None
    return Retirement(day, "the service") if day else None


def _tabled(model: BaseModel, table: Catalogue) -> Retirement | None:
    if model.retires is None:
        return None
    return Retirement(model.retires, _source(table, "retires"), table.source_of("retires").confirmed)


def _source(table: Catalogue, field: str) -> str:
    source = table.source_of(field)
    return f"{source.title}, {source.date}"


def _day(seconds: int | None) -> dt.date | None:
    # The year 9999 ends there; what lies beyond is no date.
    if seconds is None or not 0 < seconds < 253_402_300_800:
        return None
    return dt.datetime.fromtimestamp(seconds, dt.UTC).date()
