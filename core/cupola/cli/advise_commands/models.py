"""The models table: what ships, merged with what the service reports."""

from __future__ import annotations

import argparse
import datetime as dt
from typing import Any

from ...advice.model_table import ModelRow, Until, model_table
from ...store import files, health
from ..context import Context, session_of, store_of
from ..output import emit

_COLUMNS = ("name", "methods", "tiers", "regions", "context_tokens", "input", "output", "training", "until", "notes")


def models_(options: argparse.Namespace, context: Context) -> int:
    """Print the models, all or those that learn by a method in a region."""
    from cupola_data.models import catalogue
    from cupola_data.prices import price_list

    today = dt.date.today()
    region = options.region.lower().replace(" ", "")
    with store_of(context, session_of(context, options.profile).profile) as database:
        table = model_table(catalogue(), price_list(), files.models(database))
        as_of = health.get(database).checked_at
    wanted = [
        row
        for row in table
        if (not options.method or row.learns(options.method, region, today))
        and (not region or region in (*row.regions, *row.global_regions))
    ]
    emit(options, context.out, "cupola.trainable-model/1", [_row(row) for row in wanted], _COLUMNS, as_of)
    return 0


def _row(row: ModelRow) -> dict[str, Any]:
    prices = {
        meter: {
            "usd": price.usd,
            "unit": price.unit,
            "source": f"{price.source}, {price.date}",
            "confirmed": price.confirmed,
        }
        for meter, price in row.prices.items()
    }
    training = prices.get("training_tokens") or prices.get("training_hours")
    return {
        "name": row.name,
        "id": row.id,
        "publisher": row.format or None,
        "methods": ", ".join(row.methods) or "none known",
        "methods_source": row.methods_source,
        "tiers": ", ".join(row.tiers) or None,
        "regions": ", ".join((*row.regions, *(("global",) if row.global_regions else ()))) or None,
        "context_tokens": row.context_tokens,
        "max_output_tokens": row.max_output_tokens,
        "context_source": row.context_source or None,
        "input": prices["input"]["usd"] if "input" in prices else None,
        "output": prices["output"]["usd"] if "output" in prices else None,
        "training": f"{training['usd']:g} {training['unit']}" if training else None,
        "prices": prices,
        "until": _until(row.inference_until),
        "training_until": _until(row.training_until),
        "until_source": row.inference_until.source if row.inference_until else None,
        "lifecycle": row.lifecycle or None,
        "at_service": row.at_service,
        "notes": len(row.peculiarities) or None,
        "peculiarities": list(row.peculiarities),
    }


def _until(until: Until | None) -> str | None:
    return None if until is None else f"{until.day}{'' if until.confirmed else ' ?'}"
