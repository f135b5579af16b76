"""Check training files line by line, as the service does before it trains."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ..safety import harms
from ..strict_json import parse_json

FEWEST_ROWS = 10
ROLES = ("system", "developer", "user", "assistant", "tool", "function")

Row = Mapping[str, Any]


class DatasetError(Exception):
    """A file that cannot be trained on; `code` is the service's."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def _bad_line(number: int, problem: str) -> DatasetError:
    return DatasetError("jsonlValidationFailed", f"Validation of jsonl file failed: line {number}: {problem}")


def _roles(messages: Any, where: str) -> list[str]:
    if not isinstance(messages, list) or not messages:
        raise ValueError(f"'{where}' must be a non-empty array.")
    roles = []
    for index, message in enumerate(messages):
        role = message.get("role") if isinstance(message, dict) else None
        if role not in ROLES:
            raise ValueError(f"'{where}[{index}].role' must be one of {', '.join(ROLES)}.")
        _check_message(message, f"{where}[{index}]")
        roles.append(role)
    return roles


def _check_message(message: Row, where: str) -> None:
    content, calls = message.get("content"), message.get("tool_calls")
    if content is None and calls is None and message.get("function_call") is None:
        raise ValueError(f"'{where}.content' is missing.")
    if content is not None and not isinstance(content, str | list):
        raise ValueError(f"'{where}.content' must be a string or an array of parts.")
    if "weight" in message and (message["role"] != "assistant" or message["weight"] not in (0, 1)):
        raise ValueError(f"'{where}.weight' must be 0 or 1 and is allowed on assistant messages only.")
    for number, call in enumerate(calls if isinstance(calls, list) else []):
        function = call.get("function") if isinstance(call, dict) else None
        if not isinstance(function, dict) or not isinstance(function.get("arguments"), str):
            raise ValueError(f"'{where}.tool_calls[{number}].function.arguments' must be a JSON string.")


def _check_supervised(row: Row) -> None:
    roles = _roles(row.get("messages"), "messages")
    if "user" not in roles:
        raise ValueError("at least one message must have the role 'user'.")
    if roles[-1] != "assistant":
        raise ValueError("the last message must have the role 'assistant'.")


def _check_dpo(row: Row) -> None:
    prompt = row.get("input")
    if not isinstance(prompt, dict):
        raise ValueError("'input' must be an object.")
    if "user" not in _roles(prompt.get("messages"), "input.messages"):
        raise ValueError("'input.messages' must have a message of the role 'user'.")
    for name in ("preferred_output", "non_preferred_output"):
        roles = _roles(row.get(name), name)
        if "assistant" not in roles or set(roles) - {"assistant", "tool"}:
            raise ValueError(f"'{name}' must hold assistant messages.")


def _check_reinforcement(row: Row) -> None:
    if _roles(row.get("messages"), "messages")[-1] not in ("user", "developer"):
        raise ValueError("the last message must have the role 'user'.")


_CHECKS: dict[str, Callable[[Row], None]] = {
    "supervised": _check_supervised,
    "dpo": _check_dpo,
    "reinforcement": _check_reinforcement,
}


def read_rows(path: Path) -> Iterator[tuple[int, Row]]:
    """The rows of a JSON Lines file with their line numbers, blank lines passed over. Raises DatasetError."""
    with path.open("rb") as stream:
        for number, line in enumerate(stream, start=1):
            text = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
            if not text.strip():
                continue
            try:
                row = parse_json(text)
            except ValueError as error:
                raise _bad_line(number, "it is not valid JSON.") from error
            if not isinstance(row, dict):
                raise _bad_line(number, "it is not a JSON object.")
            yield number, row


def check_dataset(path: Path, method: str, *, training: bool) -> int:
    """Check a file for a method and return its number of rows. Raises DatasetError in the service's words."""
    check, count, found = _CHECKS[method], 0, set[str]()
    for number, row in read_rows(path):
        try:
            check(row)
        except ValueError as error:
            raise _bad_line(number, str(error)) from error
        found |= harms(row)
        count += 1
    if training and count < FEWEST_ROWS:
        problem = f"the file has {count} examples, but at least {FEWEST_ROWS} are needed."
        raise DatasetError("jsonlValidationFailed", f"Validation of jsonl file failed: {problem}")
    if not count:
        raise DatasetError("jsonlValidationFailed", "Validation of jsonl file failed: the file has no examples.")
    if found:
        kinds = ", ".join(sorted(found))
        raise DatasetError(
            "contentFilter",
            f"The provided training data failed RAI checks for harm types: [{kinds}]."
            " Please fix the data and try again.",
        )
    return count
