"""The models table: a row for each model, and all that is known of the one under the cursor, with its sources."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from cupola.advice.model_table import ModelRow, Until

from ..lines import Line, labelled, line, wrapped
from ..widgets.table import Column

COLUMNS = (
    Column("model", 14, flexible=True),
    Column("methods", 22, drop=1),
    Column("in $/1M", 7, right=True, drop=4),
    Column("out $/1M", 8, right=True, drop=5),
    Column("training", 10, right=True, drop=2),
    Column("context", 9, right=True, drop=6),
    Column("until", 11, drop=3),
)
_SHORT = {"supervised": "sft", "reinforcement": "rft"}
_TRAINING = (("training_tokens", "/1M"), ("training_hours", "/h"))
_ROOM = 13


def shown_rows(rows: Sequence[ModelRow], method: str, region: str, today: dt.date) -> list[ModelRow]:
    """Those that can be trained by a method in a region now first, then the other tunable ones."""
    tunable = [row for row in rows if row.methods]
    return sorted(tunable, key=lambda row: bool(method) and not row.learns(method, region, today))


def cells(row: ModelRow, method: str, region: str, today: dt.date) -> tuple[Line, ...]:
    """The cells of a model's row; faint where it cannot be trained so."""
    able = not method or row.learns(method, region, today)
    ink = "" if able else "faint"
    until = row.inference_until
    soon = until is not None and until.over(today)
    return (
        line((row.name, f"{ink} bold".strip() if able else ink)),
        line((" ".join(_SHORT.get(one, one) for one in row.methods), ink)),
        *(_price(row, meter, ink) for meter in ("input", "output")),
        _training(row, ink),
        line((f"{row.context_tokens:,}" if row.context_tokens else "?", ink)),
        line((_day(until), "bad" if soon else ink or "muted")),
    )


def detail_lines(row: ModelRow | None, method: str, region: str, today: dt.date, width: int) -> list[Line]:
    """All that is known of a model; what is not known says so."""
    if row is None:
        return []
    out: list[Line] = [line((row.name, "accent bold"), (f"  {row.id}", "muted"))]
    if method and not row.learns(method, region, today):
        out += wrapped(_why_not(row, method, region, today), width, "warn")
    out += labelled("methods", f"{', '.join(row.methods) or 'none known'} [{row.methods_source}]", width, room=_ROOM)
    out += labelled("tiers", ", ".join(row.tiers) or "not known", width, room=_ROOM)
    out += labelled("regions", _regions(row), width, room=_ROOM)
    out += labelled("context", _context(row), width, room=_ROOM)
    for meter, price in row.prices.items():
        sure = "" if price.confirmed else ", uncertain"
        told = f"{price.usd:g} {price.unit} [{price.source}, {price.date}{sure}]"
        out += labelled(meter.replace("_", " "), told, width, room=_ROOM)
    if not any(meter in row.prices for meter, _ in _TRAINING):
        out += labelled("training", "no price is published", width, "warn", room=_ROOM)
    for name, until in (("trained until", row.training_until), ("until", row.inference_until)):
        if until is not None:
            out += labelled(name, f"{_day(until)} [{until.source}]", width, room=_ROOM)
    for sentence in row.peculiarities:
        out += labelled("careful", sentence, width, room=_ROOM)
    return out


def in_short(row: ModelRow) -> str:
    """A model in a line: how it learns, where, and what is peculiar about it."""
    training = _training_words(row) or "no training price is published"
    odd = f"; {row.peculiarities[0]}" if row.peculiarities else ""
    until = f"; until {_day(row.inference_until)}" if row.inference_until else ""
    return f"{', '.join(row.methods) or 'no method known'}; {', '.join(row.tiers)}; {training}{until}{odd}"


def _price(row: ModelRow, meter: str, ink: str) -> Line:
    price = row.prices.get(meter)
    return line((f"{price.usd:g}", ink)) if price is not None else line(("?", "faint"))


def _training(row: ModelRow, ink: str) -> Line:
    words = _training_words(row)
    return line((words, ink)) if words else line(("?", "faint"))


def _training_words(row: ModelRow) -> str:
    found = ((row.prices[meter], unit) for meter, unit in _TRAINING if meter in row.prices)
    return next((f"${price.usd:g}{unit}" for price, unit in found), "")


def _why_not(row: ModelRow, method: str, region: str, today: dt.date) -> str:
    if method not in row.methods:
        return f"It is not known to learn by {method}."
    if row.training_until is not None and row.training_until.over(today):
        return f"It is not trained any more since {row.training_until.day}."
    return f"It is not known to be trained in {region}."


def _regions(row: ModelRow) -> str:
    parts = [", ".join(row.regions)] if row.regions else []
    if row.global_regions:
        parts.append(f"globally from {len(row.global_regions)} regions")
    if row.text_only:
        parts.append(f"text only in {', '.join(row.text_only)}")
    return "; ".join(parts) or "not known"


def _context(row: ModelRow) -> str:
    if row.context_tokens is None:
        return "not known"
    answer = f", answers of {row.max_output_tokens:,}" if row.max_output_tokens else ""
    return f"{row.context_tokens:,} tokens{answer} [{row.context_source}]"


def _day(until: Until | None) -> str:
    return "?" if until is None else f"{until.day}{'' if until.confirmed else '?'}"
