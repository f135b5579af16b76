"""Printing facts about a connection as they are found."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
from collections.abc import AsyncIterator
from typing import Any

from .context import Context, session_of
from .output import emit
from .text import clean

_SCHEMA = "cupola.fact/1"
_COLUMNS = ("state", "topic", "what", "why", "remedy")


def examined(options: argparse.Namespace, context: Context) -> int:
    """Examine a profile and print each fact; 1 if anything is broken."""
    return asyncio.run(_examined(options, context))


async def _examined(options: argparse.Namespace, context: Context) -> int:
    from ..doctor.examine import Patient, connection_facts, examine
    from ..doctor.fact import Fact, State
    from ..doctor.terminal import Terminal

    name = getattr(options, "name", None) or options.profile
    session = session_of(context, name)
    size = shutil.get_terminal_size((0, 0))
    patient = Patient(
        session.profile,
        session.environment,
        context.paths,
        Terminal(_is_terminal(context), size.columns, size.lines),
        session.transport,
    )
    if options.connection_only and not options.offline:
        found: AsyncIterator[Fact] = connection_facts(patient)
    else:
        found = examine(patient, offline=options.offline)
    rows, broken = [], False
    async for fact in found:
        broken = broken or fact.state is State.BAD
        row = {
            "topic": fact.topic,
            "state": fact.state.value,
            "what": fact.what,
            "why": fact.why,
            "remedy": fact.remedy,
            "details": dict(fact.details),
        }
        rows.append(row)
        _at_once(options, context, row)
    if options.query or options.output in ("json", "tsv"):
        emit(options, context.out, _SCHEMA, rows, _COLUMNS, None)
    return 1 if broken else 0


def _at_once(options: argparse.Namespace, context: Context, row: dict[str, Any]) -> None:
    """What can be printed line by line is, since an answer may take its time."""
    if options.query or options.output in ("json", "tsv"):
        return
    if options.output == "jsonl":
        context.out.write(json.dumps({"schema": _SCHEMA, **row, "as_of": None}) + "\n")
    else:
        context.out.write(f"{row['state']:<8}{row['topic']:<15}{clean(row['what'])}\n")
        for words in (row["why"], row["remedy"]):
            if words:
                context.out.write(f"{'':<23}{clean(words)}\n")
    context.out.flush()


def _is_terminal(context: Context) -> bool:
    # Output may be piped while the screen would still find its terminal.
    return context.out.isatty() or context.err.isatty() or os.isatty(0)
