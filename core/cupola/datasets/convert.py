"""Conversion between formats and from tables, into a new JSON Lines file."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .formats import CHECKS, Format, format_of_row
from .lines import BOM, DatasetError, file_size, head, iterate
from .parsing import RowError, parse_row
from .question_answer import columns
from .writing import Provenance, fingerprint, outputs

TARGETS = (Format.CHAT, Format.REINFORCEMENT, Format.EVALUATION, Format.QUESTION_ANSWER)
"""What rows can be converted to. Preferences cannot be made from rows that hold one answer."""

_LONGEST_FIELD = 10 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Conversion:
    """What to make of each row."""

    to: Format
    question: str = ""
    """The column of the question, if it is not to be told from the usual names."""
    answer: str = ""
    system: str = ""
    """The system prompt of the new rows; the row's own, if it has one and this is empty."""
    wrap: bool = True
    """Wrap evaluation rows in `item`."""


def convert_file(path: Path, target: Path, conversion: Conversion, now: float) -> Provenance:
    """Convert a CSV, TSV, JSON, JSON Lines or Parquet file.

    Raises:
        DatasetError: a row cannot be read or converted, Parquet cannot be read here, or a file cannot be written.
    """
    if conversion.to not in TARGETS:
        known = ", ".join(TARGETS)
        raise DatasetError(f"Rows cannot be converted to {conversion.to}.", remedy=f"Choose one of {known}.")
    with outputs(target) as (output,):
        for number, row in table_rows(path):
            converted = _converted(row, number, conversion)
            output.write(json.dumps(converted, ensure_ascii=False).encode("utf-8", "surrogatepass"))
    parameters = {"to": str(conversion.to), "question": conversion.question, "answer": conversion.answer}
    return Provenance(output.content, output.rows, "convert", (fingerprint(path),), now, parameters)


def table_rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """The rows of a table in any of the formats, told by content, each with its line or position from 1.

    Raises:
        DatasetError: the file is of no known kind, or broken at a row that it names.
    """
    beginning = head(path, 65_536) if file_size(path) else b""
    text = beginning.removeprefix(BOM).lstrip()
    reader: Callable[[Path], Iterator[tuple[int, dict[str, Any]]]]
    if beginning.startswith(b"PAR1"):
        reader = _parquet
    elif text.startswith(b"["):
        reader = _json_list
    elif text.startswith(b"{"):
        reader = _json_lines if text.split(b"\n", 1)[0].strip() != b"{" else _json_list
    elif text:
        reader = _csv
    else:
        raise DatasetError(f"{path} is empty.", remedy="Name a file with rows.")
    yield from reader(path)


def _json_lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    for line in iterate(path):
        if line.content.strip():
            try:
                yield line.number, parse_row(line.content)
            except RowError as error:
                raise DatasetError(f"Line {line.number:,} cannot be read.", f"{error}.", "Mend it first.") from None


def _json_list(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    import jiter

    try:
        document = jiter.from_json(path.read_bytes().removeprefix(BOM), allow_inf_nan=False)
    except ValueError as error:
        raise DatasetError(f"{path} is not valid JSON.", f"{error}.", "Mend the place it names.") from None
    if isinstance(document, dict):
        lists = [value for value in document.values() if isinstance(value, list)]
        document = lists[0] if len(lists) == 1 else [document]
    for number, row in enumerate(document, 1):
        if not isinstance(row, dict):
            raise DatasetError(f"Entry {number:,} is not an object.", remedy="Give a list of objects.")
        yield number, row


def _csv(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    csv.field_size_limit(_LONGEST_FIELD)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            first = file.readline()
            file.seek(0)
            reader = csv.DictReader(file, delimiter="\t" if first.count("\t") > first.count(",") else ",", strict=True)
            if not reader.fieldnames or len(reader.fieldnames) < 2:
                raise DatasetError(f"{path} has no columns.", remedy="The first line must name them, with commas.")
            for row in reader:
                if None in row or None in row.values():
                    raise DatasetError(f"Line {reader.line_num:,} has more or fewer fields than the first line.")
                yield reader.line_num, dict(row)
    except (csv.Error, UnicodeDecodeError) as error:
        raise DatasetError(f"{path} is not a valid CSV file.", f"{error}.", "Mend it, or save it as UTF-8.") from None


def _parquet(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    import importlib.util

    if importlib.util.find_spec("pyarrow") is None:
        raise DatasetError(
            "Parquet files cannot be read here.", "The package pyarrow is not installed.", "Install it, or use CSV."
        )
    import pandas as pd

    try:
        frame = pd.read_parquet(path)
    except (OSError, ValueError) as error:
        raise DatasetError(f"{path} cannot be read as Parquet.", f"{error}.") from error
    for number, record in enumerate(frame.to_dict("records"), 1):
        yield number, {str(key): _plain(value) for key, value in record.items()}


def _plain(value: Any) -> Any:
    """A value of a data frame as JSON has it."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _converted(row: dict[str, Any], number: int, conversion: Conversion) -> dict[str, Any]:
    system, messages, question, answer, extra = _content(row, number, conversion)
    system = conversion.system or system
    if conversion.to is Format.QUESTION_ANSWER:
        return {"question": question, "answer": answer}
    if conversion.to is Format.EVALUATION:
        item = {"question": question, "answer": answer, **extra}
        return {"item": item} if conversion.wrap else item
    asked = [{"role": "system", "content": system}, *messages] if system else messages
    if conversion.to is Format.REINFORCEMENT:
        return {"messages": asked, "reference": answer, **extra}
    return {"messages": [*asked, {"role": "assistant", "content": answer}]}


Content = tuple[str, list[dict[str, Any]], str, str, dict[str, Any]]
"""System prompt, the messages before the answer without it, the question, the answer, other fields."""


def _content(row: dict[str, Any], number: int, conversion: Conversion) -> Content:
    item = row["item"] if isinstance(row.get("item"), dict) else row
    if "messages" in item:
        return _of_conversation(item, number)
    found = columns(item)
    pair = (conversion.question or (found[0] if found else ""), conversion.answer or (found[1] if found else ""))
    missing = [name or "?" for name in pair if name not in item]
    if missing:
        have = ", ".join(sorted(item)[:8])
        raise DatasetError(
            f"Row {number:,} has no question and answer.", f"It has {have}.", "Name the columns that hold them."
        )
    question, answer = str(item[pair[0]]), str(item[pair[1]])
    extra = {key: value for key, value in item.items() if key not in pair}
    return "", [{"role": "user", "content": question}], question, answer, extra


def _of_conversation(row: dict[str, Any], number: int) -> Content:
    reading = CHECKS[format_of_row(row)](row, [])
    if reading is None:
        raise DatasetError(f"Row {number:,} cannot be read.", remedy="`cupola dataset check` says why.")
    messages = list(row["messages"])
    if messages[-1]["role"] == "assistant":
        messages.pop()
    answer = reading.answer or next((str(row[key]) for key in ("reference", "answer") if key in row), "")
    if not answer:
        raise DatasetError(f"Row {number:,} has no answer.", remedy="Give rows with an answer or a reference.")
    asked = [message for message in messages if message["role"] not in ("system", "developer")]
    extra = {key: value for key, value in row.items() if key not in ("messages", "tools", "parallel_tool_calls")}
    extra.pop("reference", None)
    return reading.system, asked, reading.prompt, answer, extra
