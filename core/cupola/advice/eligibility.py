"""Whether a model can be trained: facts derived from the table of models."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from .facts import Facts, Known, Origin
from .model_table import VISION, ModelRow, find

METHOD_OF = {
    "supervised_model": "supervised",
    "dpo_model": "dpo",
    "reinforcement_model": "reinforcement",
    "vision_model": VISION,
}
"""The method that each fact of eligibility is about."""
_NAMED = 3


def eligibility(facts: Facts, table: Sequence[ModelRow], today: dt.date) -> list[Known]:
    """Which methods have a model, in the region if that is known; those that facts tell already are left out.

    A model that was named and is known counts for the methods it can learn by; for the others any model does, since
    another one can be taken. A named model that nobody knows says nothing.
    """
    region = region_of(facts)
    named = find(table, str(facts["model"].value)) if "model" in facts else None
    return [
        _known(fact, method, named, table, region, today) for fact, method in METHOD_OF.items() if fact not in facts
    ]


def region_of(facts: Facts) -> str:
    """The region as the service writes it, `swedencentral` for `Sweden Central`; empty if it is not known."""
    return str(facts["region"].value).lower().replace(" ", "") if "region" in facts else ""


def learners(table: Sequence[ModelRow], method: str, region: str, today: dt.date) -> list[ModelRow]:
    """The models that can be trained by a method in a region, as far as is known."""
    return [row for row in table if row.learns(method, region, today)]


def _known(
    fact: str, method: str, named: ModelRow | None, table: Sequence[ModelRow], region: str, today: dt.date
) -> Known:
    able = learners(table, method, region, today)
    where = f" in {region}" if region else ""
    if not able:
        return Known(fact, "no", Origin.DERIVED, f"the table of models names none{where}")
    if named is not None and named in able:
        return Known(fact, "yes", Origin.DERIVED, f"{named.name}{where}: {named.methods_source}")
    names = ", ".join(row.name for row in able[:_NAMED]) + (", …" if len(able) > _NAMED else "")
    other = f"not {named.name}, but " if named is not None else ""
    return Known(fact, "yes", Origin.DERIVED, f"{other}{names}{where}: {able[0].methods_source}")
