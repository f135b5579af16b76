"""Turn what a data source holds into rows: an item, and the answer that may come with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..jobs.lines import DatasetError, read_rows
from ..state.eval_items import EvalRow
from .item_schema import SchemaError, check_value


class RowError(Exception):
    """A row that an evaluation cannot use; the text says which and why."""


def _unwrapped(position: int, row: Mapping[str, Any]) -> EvalRow:
    """A line is either `{"item": {...}, "sample": {...}}` or the item itself."""
    if not (isinstance(row.get("item"), dict) and row.keys() <= {"item", "sample"}):
        return EvalRow(position, row)
    sample = row.get("sample")
    if sample is not None and not isinstance(sample, dict):
        raise RowError(f"Row {position + 1}: 'sample' must be an object.")
    return EvalRow(position, row["item"], sample)


def _checked(schema: Mapping[str, Any], row: EvalRow) -> EvalRow:
    try:
        check_value(schema, row.item)
    except SchemaError as error:
        raise RowError(f"Row {row.position + 1} does not match the evaluation's item_schema: {error}") from error
    return row


def rows_of_content(content: Sequence[Any], schema: Mapping[str, Any]) -> list[EvalRow]:
    """The rows of a `file_content` source. Raises RowError."""
    for position, row in enumerate(content):
        if not isinstance(row, dict):
            raise RowError(f"Row {position + 1} must be an object.")
    return [_checked(schema, _unwrapped(position, row)) for position, row in enumerate(content)]


def rows_of_file(path: Path, schema: Mapping[str, Any]) -> Iterator[EvalRow]:
    """The rows of a file, one by one. Raises RowError, also for a file that has gone."""
    try:
        for position, (_line, row) in enumerate(read_rows(path)):
            yield _checked(schema, _unwrapped(position, row))
    except DatasetError as error:
        raise RowError(error.message) from error
    except OSError as error:
        why = "it was deleted" if isinstance(error, FileNotFoundError) else "it could not be read"
        raise RowError(f"The file of the run could not be imported: {why}.") from error
