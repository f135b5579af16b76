"""Read the data source of a run: where rows come from, and how they are turned into prompts and answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..body import metadata_field
from ..errors import invalid_payload

TYPES = ("jsonl", "completions", "responses")
DEFAULT_SAMPLING = {"seed": 42, "temperature": 1.0, "top_p": 1.0}
TOKEN_LIMITS = ("max_completion_tokens", "max_completions_tokens", "max_tokens", "max_output_tokens")
"""Every spelling in which clients limit the length of an answer."""

MOST_STORED = 10_000
"""Stored completions that one run reads."""

STORED = ("stored_completions", "responses")
"""Sources that bring their answers; they need no model."""

_FROM_FILES = ("file_id", "file_content")
_SOURCES = {
    "jsonl": _FROM_FILES,
    "completions": (*_FROM_FILES, "stored_completions"),
    "responses": (*_FROM_FILES, "responses"),
}
_ROLES = ("system", "developer", "user", "assistant", "tool")


def read_data_source(body: Mapping[str, Any]) -> dict[str, Any]:
    """The `data_source` of a create body with its defaults filled in. Raises ApiError."""
    given = body.get("data_source")
    if not isinstance(given, dict):
        raise invalid_payload("The data_source field is required.")
    if given.get("type") not in TYPES:
        raise invalid_payload(f"Invalid value for data_source.type. Supported values are: {', '.join(TYPES)}.")
    _check_source(given)
    if given["type"] == "jsonl":
        return given
    if given["source"]["type"] in STORED and given.get("model") is None:
        return given
    if not isinstance(given.get("model"), str) or not given["model"]:
        raise invalid_payload("The data_source.model field is required.")
    _check_input_messages(given.get("input_messages"))
    return {**given, "sampling_params": _sampling_params(given.get("sampling_params"))}


def _check_source(given: Mapping[str, Any]) -> None:
    source, known = given.get("source"), _SOURCES[given["type"]]
    kind = source.get("type") if isinstance(source, dict) else None
    if not isinstance(source, dict) or kind not in known:
        raise invalid_payload(f"Invalid value for data_source.source.type. Supported values are: {', '.join(known)}.")
    if kind == "file_id" and not isinstance(source.get("id"), str):
        raise invalid_payload("The data_source.source.id field is required.")
    if kind == "file_content" and (not isinstance(source.get("content"), list) or not source["content"]):
        raise invalid_payload("data_source.source.content must be a list of at least one row.")
    if kind in STORED:
        _check_stored(source)


def _check_stored(source: Mapping[str, Any]) -> None:
    metadata_field(source)
    for name in ("created_after", "created_before", "limit"):
        value = source.get(name)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**62):
            raise invalid_payload(f"Invalid type for data_source.source.{name}: expected an integer.")
    if source.get("limit") is not None and not 1 <= source["limit"] <= MOST_STORED:
        raise invalid_payload(f"Invalid value for data_source.source.limit. It must be between 1 and {MOST_STORED}.")
    for name in ("model", "instructions_search", "reasoning_effort"):
        if source.get(name) is not None and not isinstance(source[name], str):
            raise invalid_payload(f"Invalid type for data_source.source.{name}: expected a string.")
    for name in ("tools", "users"):
        names = source.get(name) or []
        if not isinstance(names, list) or not all(isinstance(entry, str) for entry in names):
            raise invalid_payload(f"Invalid type for data_source.source.{name}: expected a list of strings.")


def _check_input_messages(given: Any) -> None:
    kind = given.get("type") if isinstance(given, dict) else None
    if kind == "item_reference":
        if not isinstance(given.get("item_reference"), str):
            raise invalid_payload("The data_source.input_messages.item_reference field is required.")
        return
    if kind != "template":
        raise invalid_payload(
            "Invalid value for data_source.input_messages.type. Supported values are: template, item_reference."
        )
    template = given.get("template")
    if not isinstance(template, list) or not template or not all(isinstance(message, dict) for message in template):
        raise invalid_payload("data_source.input_messages.template must be a list of at least one message.")
    for index, message in enumerate(template):
        where = f"data_source.input_messages.template[{index}]"
        if message.get("role") not in _ROLES:
            raise invalid_payload(f"Invalid value for {where}.role. Supported values are: {', '.join(_ROLES)}.")
        if not isinstance(message.get("content"), str | list | dict):
            raise invalid_payload(f"{where}.content must be a string, a part or a list of parts.")


def token_limit(sampling: Mapping[str, Any]) -> int | None:
    """The longest answer that sampling parameters allow, whatever they call it."""
    return next((sampling[name] for name in TOKEN_LIMITS if sampling.get(name) is not None), None)


def _number(given: Mapping[str, Any], name: str, low: float, high: float) -> None:
    value = given.get(name)
    known = not isinstance(value, bool) and isinstance(value, int | float) and low <= value <= high
    if value is not None and not known:
        message = f"Invalid value for data_source.sampling_params.{name}. It must be between {low:g} and {high:g}."
        raise invalid_payload(message)


def _whole(given: Mapping[str, Any], name: str, low: int) -> None:
    value = given.get(name)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or not low <= value < 2**63):
        raise invalid_payload(f"Invalid value for data_source.sampling_params.{name}. It must be an integer.")


def _sampling_params(given: Any) -> dict[str, Any]:
    if given is None:
        return dict(DEFAULT_SAMPLING)
    if not isinstance(given, dict):
        raise invalid_payload("Invalid type for data_source.sampling_params: expected an object.")
    _number(given, "temperature", 0, 2)
    _number(given, "top_p", 0, 1)
    _whole(given, "seed", -(2**63))
    for name in TOKEN_LIMITS:
        _whole(given, name, 1)
    for name, kind in (("tools", list), ("response_format", dict), ("text", dict), ("reasoning_effort", str)):
        if given.get(name) is not None and not isinstance(given[name], kind):
            raise invalid_payload(f"Invalid type for data_source.sampling_params.{name}.")
    return {**DEFAULT_SAMPLING, **{name: value for name, value in given.items() if value is not None}}
