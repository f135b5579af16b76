"""Base models: what can be tuned how and where, and when it retires."""

from __future__ import annotations

import argparse
import datetime as dt
import time
from typing import Any

from ...advice.model_table import ModelRow
from ...errors import ServiceError
from ...retirement import known_models, retirement_words, retiring
from ...store import files
from ...store.database import Database
from ..context import Context, Session, session_of, store_of
from ..output import emit

_COLUMNS = ("id", "methods", "tiers", "here", "lifecycle", "retires", "retires_says")


def add(parser: argparse.ArgumentParser, common: argparse.ArgumentParser) -> None:
    """Add the verbs."""
    verbs = parser.add_subparsers(metavar="VERB")
    listed = verbs.add_parser("list", parents=[common], help="methods, tiers, regions, retirement with source and date")
    listed.add_argument("--tunable", action="store_true", help="only those that can be tuned in the profile's region")
    listed.set_defaults(run=list_)


def list_(options: argparse.Namespace, context: Context) -> int:
    """Print the models table, merged with what the service last told."""
    import asyncio

    session, today = session_of(context, options.profile), _today()
    code = 0
    with store_of(context, session.profile) as database:
        if not options.offline and session.profile.endpoint:
            try:
                asyncio.run(_refresh(session, database))
            except ServiceError as error:
                context.say(f"cupola: {error} What follows is what was known before.")
                code = error.exit_code
        region = session.profile.region.casefold().replace(" ", "")
        rows = [_printed(row, region, today) for row in known_models(files.models(database))]
        soon = retiring(database, today)
    if options.tunable:
        rows = [row for row in rows if row["here"]]
    emit(options, context.out, "cupola.model/1", rows, _COLUMNS, None)
    words, remedy = retirement_words(soon, today)
    if words:
        context.say(f"In use here: {words}. {remedy}")
    return code


async def _refresh(session: Session, database: Database) -> None:
    from ...azure.models import list_models
    from ..fresh import service_of

    async with service_of(session, database) as service:
        files.save_models(database, await list_models(service))


def _printed(row: ModelRow, region: str, today: dt.date) -> dict[str, Any]:
    until, tuning = row.inference_until, row.training_until
    return {
        "id": row.id,
        "methods": " ".join(row.methods),
        "methods_source": row.methods_source,
        "tiers": " ".join(row.tiers),
        "regions": list(row.regions),
        "global_regions": list(row.global_regions),
        "here": any(row.learns(method, region, today) for method in row.methods),
        "offered": row.at_service,
        "lifecycle": row.lifecycle,
        "retires": until.day.isoformat() if until else None,
        "retires_in_days": (until.day - today).days if until else None,
        "retires_says": until.source if until else None,
        "retires_confirmed": until.confirmed if until else None,
        "tuning_ends": tuning.day.isoformat() if tuning else None,
    }


def _today() -> dt.date:
    return dt.datetime.fromtimestamp(time.time(), dt.UTC).date()
