"""Read and check the lines of a batch's input file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..limits import estimate_tokens
from ..strict_json import parse_json

MOST_LINES = 100_000
MOST_ERRORS = 100
"""How many errors a failed batch shows."""

ENDPOINTS = ("/chat/completions", "/v1/chat/completions", "/responses", "/v1/responses")


@dataclass(frozen=True, slots=True)
class Line:
    """One request."""

    position: int
    """Counted from 1, as errors name it."""
    custom_id: str
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class LineError:
    """Why a batch cannot be taken."""

    code: str
    message: str
    line: int | None = None
    param: str | None = None


@dataclass(slots=True)
class Checked:
    """What reading a whole file came to."""

    deployment: str | None = None
    total: int = 0
    tokens: int = 0
    errors: list[LineError] = field(default_factory=list)


def path_of(endpoint: str) -> str:
    """An endpoint without the version that may stand before it."""
    return endpoint.removeprefix("/v1")


def _bodies(path: Path) -> Iterator[tuple[int, Any]]:
    """The parsed lines, None where one is not JSON."""
    with path.open("rb") as stream:
        position = 0
        for raw in stream:
            if not raw.strip():
                continue
            position += 1
            try:
                yield position, parse_json(raw.decode())
            except ValueError:
                yield position, None


def first_deployment(path: Path) -> str | None:
    """The deployment that the first line of a file names, which may be no good; None when it names none."""
    try:
        _position, entry = next(_bodies(path), (0, None))
    except FileNotFoundError:
        return None
    body = entry.get("body") if isinstance(entry, dict) else None
    model = body.get("model") if isinstance(body, dict) else None
    return model if isinstance(model, str) and model else None


def read_lines(path: Path) -> Iterator[Line]:
    """The requests of a file that was found good."""
    for position, entry in _bodies(path):
        yield Line(position, entry["custom_id"], entry["body"])


def check_lines(path: Path, endpoint: str) -> Checked:
    """Read a whole file and say what is wrong with it."""
    checked, seen = Checked(), set[str]()
    for position, entry in _bodies(path):
        checked.total += 1
        if checked.total > MOST_LINES:
            message = f"The batch has more than {MOST_LINES} requests."
            checked.errors.append(LineError("too_many_tasks", message))
            break
        error = _check_line(entry, endpoint, checked, seen)
        if error is not None:
            checked.errors.append(LineError(error.code, error.message, position, error.param))
            if len(checked.errors) >= MOST_ERRORS:
                break
    if not checked.total:
        checked.errors.append(LineError("empty_file", "The batch file is empty. Please ensure that it has requests."))
    return checked


def _check_line(entry: Any, endpoint: str, checked: Checked, seen: set[str]) -> LineError | None:
    if not isinstance(entry, dict):
        return LineError("invalid_json_line", "This line is not parseable as a JSON object. It must have no BOM.")
    custom_id, body = entry.get("custom_id"), entry.get("body")
    if not isinstance(custom_id, str) or not custom_id:
        return LineError("invalid_request", "Missing required parameter: 'custom_id'.", param="custom_id")
    if custom_id in seen:
        message = f"The custom_id '{custom_id}' is a duplicate of another request in this batch."
        return LineError("duplicate_custom_id", message, param="custom_id")
    seen.add(custom_id)
    if entry.get("method") != "POST":
        return LineError("invalid_request", "Invalid value for 'method': expected 'POST'.", param="method")
    url = entry.get("url")
    if not isinstance(url, str) or path_of(url) != path_of(endpoint):
        return LineError("url_mismatch", f"The url must match the batch's endpoint '{endpoint}'.", param="url")
    if not isinstance(body, dict):
        return LineError("invalid_request", "Missing required parameter: 'body'.", param="body")
    return _check_body(body, checked)


def _check_body(body: Mapping[str, Any], checked: Checked) -> LineError | None:
    model = body.get("model")
    if not isinstance(model, str) or not model:
        return LineError("invalid_request", "Missing required parameter: 'body.model'.", param="body.model")
    if checked.deployment is None:
        checked.deployment = model
    elif model.casefold() != checked.deployment.casefold():
        message = f"The model '{model}' is not that of the other requests, '{checked.deployment}'."
        return LineError("model_mismatch", message, param="body.model")
    if body.get("stream"):
        return LineError("invalid_request", "Streaming is not supported in batches.", param="body.stream")
    checked.tokens += _tokens(body)
    return None


def _tokens(body: Mapping[str, Any]) -> int:
    given = body.get("messages", body.get("input"))
    entries = given if isinstance(given, list) else [{"content": given}]
    return estimate_tokens([entry for entry in entries if isinstance(entry, dict)], 0)
