"""Structured outputs: which response format is wanted, and whether its schema is one that strict mode takes.

The rules of strict mode are those that the service documents: an object at the root, every object closed and with all
of its properties required, 100 properties in all, five levels of nesting, and none of the keywords that it does not
know.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from ..errors import ApiError, bad_request

MOST_PROPERTIES = 100
DEEPEST = 5

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_NOT_PERMITTED = (
    "allOf",
    "oneOf",
    "not",
    "if",
    "then",
    "else",
    "dependentRequired",
    "dependentSchemas",
    "patternProperties",
    "unevaluatedProperties",
    "propertyNames",
    "minProperties",
    "maxProperties",
    "unevaluatedItems",
    "contains",
    "minContains",
    "maxContains",
    "uniqueItems",
)
_HAS_TYPE = ("type", "anyOf", "$ref", "enum", "const")

Context = tuple[str, ...]


def _children(schema: Mapping[str, Any], context: Context) -> Iterator[tuple[Context, Any]]:
    """The schemas inside a schema, each with its place."""
    for keyword in ("properties", "$defs", "definitions"):
        inner = schema.get(keyword)
        if isinstance(inner, dict):
            yield from (((*context, keyword, name), child) for name, child in inner.items())
    if schema.get("items") is not None:
        yield (*context, "items"), schema["items"]
    for index, child in enumerate(schema["anyOf"] if isinstance(schema.get("anyOf"), list) else ()):
        yield (*context, "anyOf", str(index)), child


def _is_object(schema: Mapping[str, Any]) -> bool:
    kind = schema.get("type")
    return kind == "object" or (isinstance(kind, list) and "object" in kind)


def _fault_of_object(schema: Mapping[str, Any]) -> str | None:
    if schema.get("additionalProperties") is not False:
        return "'additionalProperties' is required to be supplied and to be false."
    properties, required = schema.get("properties", {}), schema.get("required")
    if not isinstance(properties, dict):
        return "'properties' must be an object."
    listed = [name for name in required if isinstance(name, str)] if isinstance(required, list) else []
    missing = next((name for name in properties if name not in listed), None)
    if missing is not None:
        return (
            "'required' is required to be supplied and to be an array including every key in properties."
            f" Missing '{missing}'."
        )
    extra = next((name for name in listed if name not in properties), None)
    return None if extra is None else f"'required' has the key '{extra}', which is not in properties."


def _fault(schema: Any) -> str | None:
    if not isinstance(schema, dict):
        return "a schema must be an object."
    for keyword in _NOT_PERMITTED:
        if keyword in schema:
            return f"'{keyword}' is not permitted."
    if not any(keyword in schema for keyword in _HAS_TYPE):
        return "schema must have a 'type' key."
    return _fault_of_object(schema) if _is_object(schema) else None


def strict_fault(root: Mapping[str, Any]) -> str | None:
    """What strict mode finds wrong with a schema, None if it takes it."""
    if root.get("type") != "object":
        kind = json.dumps(root.get("type"))
        return f"schema must be a JSON Schema of 'type: \"object\"', got 'type: {kind}'."
    count = 0
    pending: list[tuple[Context, Any, int]] = [((), root, 1)]
    while pending:
        context, schema, depth = pending.pop()
        fault = _fault(schema)
        if fault is not None:
            return f"In context={context}, {fault[:500]}"
        count += len(schema["properties"]) if isinstance(schema.get("properties"), dict) else 0
        if count > MOST_PROPERTIES:
            return f"it has more than {MOST_PROPERTIES} properties."
        inside = depth + _is_object(schema)
        if inside > DEEPEST + 1:
            return f"In context={context}, it is nested deeper than {DEEPEST} levels."
        pending += [(place, child, inside) for place, child in _children(schema, context)]
    return None


def _invalid(message: str, param: str, code: str = "invalid_value") -> ApiError:
    return bad_request(message, param, code)


def _named_schema(named: Any) -> Mapping[str, Any]:
    schema = named.get("schema") if isinstance(named, dict) else None
    if not isinstance(schema, dict):
        message = "Invalid 'response_format': expected text, json_object or json_schema with its schema."
        raise _invalid(message, "response_format")
    name, strict = named.get("name"), named.get("strict")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        message = "Invalid 'response_format.json_schema.name': expected up to 64 letters, digits, '_' and '-'."
        raise _invalid(message, "response_format.json_schema.name")
    if strict is not None and not isinstance(strict, bool):
        place = "response_format.json_schema.strict"
        raise _invalid(f"Invalid type for '{place}': expected a boolean.", place, "invalid_type")
    fault = strict_fault(schema) if strict else None
    if fault is not None:
        message = f"Invalid schema for response_format '{name}': {fault}"
        raise _invalid(message, "response_format", "invalid_request_error")
    return schema


def check_function_schema(name: str, parameters: Mapping[str, Any], param: str) -> None:
    """Refuse the parameters of a strict function that strict mode does not take. Raises ApiError."""
    fault = strict_fault(parameters)
    if fault is not None:
        message = f"Invalid schema for function '{name}': {fault}"
        raise _invalid(message, param, "invalid_function_parameters")


def _check_json_is_named(body: Mapping[str, Any]) -> None:
    if "json" not in json.dumps(body.get("messages")).casefold():
        raise bad_request(
            "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.",
            "messages",
        )


def read_response_format(body: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The JSON schema that an answer is to follow; None for plain text. Raises ApiError."""
    wanted = body.get("response_format")
    if wanted is None:
        return None
    kind = wanted.get("type") if isinstance(wanted, dict) else None
    if kind == "text":
        return None
    if kind == "json_object":
        _check_json_is_named(body)
        return {"type": "object"}
    return _named_schema(wanted.get("json_schema") if kind == "json_schema" else None)
