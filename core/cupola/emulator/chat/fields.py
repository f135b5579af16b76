"""Read the fields of an inference request, refusing in the service's words what it would refuse."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from ..errors import ApiError, bad_request

MOST_METADATA = 16
_LONGEST_KEY, _LONGEST_VALUE = 64, 512


def invalid_type(name: str, expected: str) -> ApiError:
    """The refusal of a value of the wrong type."""
    return bad_request(f"Invalid type for '{name}': expected {expected}.", name, "invalid_type")


def invalid_value(name: str, value: Any, supported: Sequence[str]) -> ApiError:
    """The refusal of a word that is none of those known."""
    known = ", ".join(f"'{word}'" for word in supported)
    told = f"'{value[:80]}'" if isinstance(value, str) else str(value)[:80]
    return bad_request(f"Invalid value: {told}. Supported values are: {known}.", name, "invalid_value")


def unsupported(name: str, why: str = "is not supported with this model.") -> ApiError:
    """The refusal of a parameter that is known, but not here."""
    return bad_request(f"Unsupported parameter: '{name}' {why}", name, "unsupported_parameter")


def check_known(body: Mapping[str, Any], known: Collection[str]) -> None:
    """Refuse a parameter that the service has never heard of. Raises ApiError."""
    for name in body:
        if name not in known:
            raise bad_request(f"Unknown parameter: '{name[:80]}'.", name[:80], "unknown_parameter")


def number(body: Mapping[str, Any], name: str, low: float, high: float, default: float) -> float:
    """A number from `low` to `high`. Raises ApiError."""
    value = body.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise invalid_type(name, "a decimal")
    if not low <= value <= high:
        raise bad_request(f"Invalid '{name}': expected a value between {low:g} and {high:g}.", name, "invalid_value")
    return float(value)


def whole(body: Mapping[str, Any], name: str, low: int, high: int) -> int | None:
    """A whole number from `low` to `high`. Raises ApiError."""
    value = body.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise invalid_type(name, "an integer")
    if not low <= value <= high:
        raise bad_request(f"Invalid '{name}': expected a value between {low} and {high}.", name, "invalid_value")
    return value


def flag(body: Mapping[str, Any], name: str, *, default: bool = False) -> bool:
    """A truth. Raises ApiError."""
    value = body.get(name)
    if value is not None and not isinstance(value, bool):
        raise invalid_type(name, "a boolean")
    return default if value is None else value


def text(body: Mapping[str, Any], name: str) -> str | None:
    """A string. Raises ApiError."""
    value = body.get(name)
    if value is not None and not isinstance(value, str):
        raise invalid_type(name, "a string")
    return value


def word(body: Mapping[str, Any], name: str, supported: Sequence[str]) -> str | None:
    """One of the words that a field knows. Raises ApiError."""
    value = body.get(name)
    if value is not None and value not in supported:
        raise invalid_value(name, value, supported)
    return value


def table(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """An object, empty where it is absent. Raises ApiError."""
    value = body.get(name)
    if value is not None and not isinstance(value, dict):
        raise invalid_type(name, "an object")
    return value or {}


def metadata(body: Mapping[str, Any]) -> dict[str, str]:
    """At most 16 pairs, keys to 64 and values to 512 characters. Raises ApiError."""
    pairs = table(body, "metadata")
    if len(pairs) > MOST_METADATA:
        message = (
            f"Invalid 'metadata': too many properties. Expected an object with at most {MOST_METADATA} properties, but"
            f" got an object with {len(pairs)} properties instead."
        )
        raise bad_request(message, "metadata", "object_above_max_properties")
    for key, value in pairs.items():
        where = f"metadata.{key[:_LONGEST_KEY]}"
        if not isinstance(value, str):
            raise invalid_type(where, "a string")
        for longest, given, place in ((_LONGEST_KEY, key, "metadata"), (_LONGEST_VALUE, value, where)):
            if len(given) > longest:
                message = (
                    f"Invalid '{place}': string too long. Expected a string with maximum length {longest}, but got a"
                    f" string with length {len(given)} instead."
                )
                raise bad_request(message, place, "string_above_max_length")
    return dict(pairs)
