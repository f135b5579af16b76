"""Read JSON Lines as strictly as a service must that computes with them: a line is a JSON object or a refusal."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from math import isinf
from pathlib import Path
from typing import Any, NoReturn

MOST_DEPTH = 200
"""Brackets around a value within the row itself."""

Row = Mapping[str, Any]


class DatasetError(Exception):
    """A file that cannot be used; `code` is the service's."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def bad_file(problem: str) -> DatasetError:
    """The refusal of a whole file."""
    return DatasetError("jsonlValidationFailed", f"Validation of jsonl file failed: {problem}")


def bad_line(number: int, problem: str) -> DatasetError:
    """The refusal of a file for one of its lines, counted from 1."""
    return bad_file(f"line {number}: {problem}")


def _constant(name: str) -> NoReturn:
    raise ValueError(f"it is not valid JSON: {name} is not a number of JSON.")


def _float(text: str) -> float:
    value = float(text)
    if isinf(value):
        raise ValueError("it is not valid JSON: a number is too large.")
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _value in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"it is not valid JSON: the key {json.dumps(twice)} occurs twice in one object.")
    return found


def _depth(value: Any) -> int:
    """How many brackets lie within the outermost."""
    depth, level = -1, [value]
    while level := [part for part in level if isinstance(part, dict | list)]:
        depth += 1
        level = [child for part in level for child in (part.values() if isinstance(part, dict) else part)]
    return depth


def _parse(line: bytes) -> Any:
    text = line.decode("utf-8")
    value = json.loads(text, parse_constant=_constant, parse_float=_float, object_pairs_hook=_object)
    if text.count("{") + text.count("[") > MOST_DEPTH and _depth(value) > MOST_DEPTH:
        raise RecursionError
    if r"\ud" in text.lower():
        # Half of a surrogate pair has no UTF-8 and could not be answered back.
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    return value


def parse_line(number: int, line: bytes) -> Row:
    """The object that a line holds. Raises DatasetError."""
    try:
        row = _parse(line)
    except UnicodeError as error:
        raise bad_line(number, "it is not valid UTF-8.") from error
    except json.JSONDecodeError as error:
        raise bad_line(number, "it is not valid JSON.") from error
    except RecursionError as error:
        raise bad_line(number, "it is not valid JSON: it is nested too deeply.") from error
    except ValueError as error:
        raise bad_line(number, str(error)) from error
    if not isinstance(row, dict):
        raise bad_line(number, "it is not a JSON object.")
    return row


def read_rows(path: Path) -> Iterator[tuple[int, Row]]:
    """The rows of a JSON Lines file with their line numbers, blank lines passed over. Raises DatasetError."""
    with path.open("rb") as stream:
        for number, line in enumerate(stream, start=1):
            text = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
            if text.strip():
                yield number, parse_line(number, text)
