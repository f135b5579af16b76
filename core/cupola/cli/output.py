"""Printing records as a table, JSON, JSON lines or tab-separated values."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TextIO

from ..errors import UsageError
from .text import clean

Row = Mapping[str, Any]
"""One printed object; `schema` and `as_of` are added to it."""


def emit(
    options: argparse.Namespace,
    out: TextIO,
    schema: str,
    rows: Iterable[Row],
    columns: Sequence[str],
    as_of: float | None,
) -> None:
    """Print a list of objects.

    Args:
        options: The common flags; `output` and `query` count.
        out: Where data goes.
        schema: Name and version of the objects, such as `cupola.job/1`.
        rows: The objects with all fields that JSON shows.
        columns: The fields that table and tsv show, in order.
        as_of: When the service last told this, in unix seconds; None if it never did.
    """
    listed = [{"schema": schema, **row, "as_of": row.get("as_of", as_of)} for row in rows]
    if options.query:
        _print_any(options.output, out, _queried(options.query, listed))
    elif options.output in ("json", "jsonl"):
        _print_any(options.output, out, listed)
    else:
        _print_rows(options.output, out, [[row.get(column) for column in columns] for row in listed], columns)


def emit_one(
    options: argparse.Namespace, out: TextIO, schema: str, row: Row, as_of: float | None, hidden: Sequence[str] = ()
) -> None:
    """Print one object; as a table it is one line a field, without the `hidden` ones."""
    whole = {"schema": schema, **row, "as_of": row.get("as_of", as_of)}
    if options.query:
        _print_any(options.output, out, _queried(options.query, whole))
    elif options.output in ("json", "jsonl"):
        _print_any(options.output, out, whole)
    else:
        shown = {**whole, "as_of": when(whole["as_of"])}
        fields = [
            [name, value] for name, value in shown.items() if name not in ("schema", *hidden) and value is not None
        ]
        _print_rows(options.output, out, fields, None)


def when(seconds: float | None) -> str | None:
    """A time as a person of this place reads it."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds)) if seconds else None


def _queried(query: str, value: object) -> Any:
    import jmespath
    from jmespath.exceptions import JMESPathError

    try:
        return jmespath.search(query, value)
    except JMESPathError as error:
        raise UsageError(f"--query {query!r} is not a JMESPath expression.", str(error).splitlines()[0]) from error


def _print_any(output: str, out: TextIO, value: Any) -> None:
    if output == "json":
        out.write(json.dumps(value, indent=2) + "\n")
    elif output == "jsonl":
        for entry in value if isinstance(value, list) else [value]:
            out.write(json.dumps(entry) + "\n")
    else:
        rows = value if isinstance(value, list) else [value]
        if rows and all(isinstance(row, dict) for row in rows):
            columns = list(dict.fromkeys(name for row in rows for name in row))
            _print_rows(output, out, [[row.get(name) for name in columns] for row in rows], columns)
        else:
            _print_rows(output, out, [row if isinstance(row, list) else [row] for row in rows], None)


def _print_rows(output: str, out: TextIO, rows: Sequence[Sequence[object]], columns: Sequence[str] | None) -> None:
    cells = [[_cell(value) for value in row] for row in rows]
    if output == "tsv":
        # As az does: values only, so that cut and awk need not skip a line.
        out.writelines("\t".join(row) + "\n" for row in cells)
        return
    if columns is not None:
        cells.insert(0, [clean(column.replace("_", " ").upper()) for column in columns])
    widths = [max(map(len, column)) for column in zip(*cells, strict=False)] if cells else []
    for row in cells:
        padded = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False))
        out.write(padded.rstrip() + "\n")


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, dict | list | tuple):
        return clean(json.dumps(value, ensure_ascii=False))
    return clean(str(value))
