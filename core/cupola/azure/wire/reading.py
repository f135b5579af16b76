"""Reading JSON of which nothing is certain: wrong kinds become None, not errors."""

from __future__ import annotations

import json
import math
from typing import Any

from ...errors import ServiceError

Json = dict[str, Any]
"""A JSON object as it came."""

LARGEST_JSON = 64 * 2**20
"""Bytes; JSON may take twenty times its size once it is read."""

_LARGEST_INTEGER = 2**63 - 1
"""What the store can hold."""

_YEAR_10000 = 253_402_300_800
"""Unix seconds at which calendars end, those of Python among them."""


def parse(content: bytes) -> Json:
    """The JSON object in an answer.

    Raises:
        ServiceError: the answer is something else.
    """
    if len(content) > LARGEST_JSON:
        raise not_understood(f"It is JSON of {len(content):,} bytes.", content)
    try:
        value = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise not_understood("It is not JSON.", content) from error
    if not isinstance(value, dict):
        raise not_understood("It is not a JSON object.", content)
    return value


def not_understood(why: str, content: bytes = b"") -> ServiceError:
    """The error for an answer that is not what the service documents."""
    return ServiceError(
        "The service's answer could not be understood.",
        why,
        "Check that the endpoint is an Azure OpenAI resource and that `route` fits it.",
        raw=content[:2_000].decode("utf-8", "replace"),
    )


def objects(value: object) -> list[Json]:
    """The JSON objects in a list; anything else in it is left out."""
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def mapping(value: object) -> Json:
    """A JSON object, or an empty one."""
    return value if isinstance(value, dict) else {}


def text(value: object) -> str | None:
    """A string that can be stored (lone surrogates replaced), or None."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else None


def identifier(value: Json) -> str | None:
    """An object's id, or None if it has none; one with a line feed or another control character is none."""
    found = text(value.get("id"))
    return found if found and found.isprintable() else None


def number(value: object) -> float | None:
    """A finite number, also one written as text, or None."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        result = float(value)
    except (ValueError, OverflowError):
        return None
    return result if math.isfinite(result) else None


def integer(value: object) -> int | None:
    """A whole number that the store can hold, or None."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value if abs(value) <= _LARGEST_INTEGER else None
    result = number(value)
    if result is None or not result.is_integer() or abs(result) >= _LARGEST_INTEGER:
        return None
    return int(result)


def moment(value: object) -> int | None:
    """Unix seconds of a day that a calendar has, from 1970 to 9999, or None."""
    seconds = integer(value)
    return seconds if seconds is not None and 0 <= seconds < _YEAR_10000 else None


def raw(value: object) -> str:
    """The JSON text to keep beside the parsed fields.

    Raises:
        ServiceError: it is nested too deeply.
    """
    try:
        return json.dumps(value)
    except RecursionError as error:
        raise not_understood("It is nested too deeply.") from error
