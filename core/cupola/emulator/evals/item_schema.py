"""Check items against the JSON schema of an evaluation.

Of the schema's language the keywords are read that say what a row must look like: type, enum, const, properties,
required, additionalProperties, items, the bounds of numbers, texts and lists, and anyOf, oneOf, allOf. Others, such as
pattern and $ref, are let pass.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

DEEPEST = 32
"""Levels of a schema."""

_TYPES: dict[str, Callable[[Any], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "integer": lambda value: not isinstance(value, bool) and (isinstance(value, int) or _is_whole(value)),
}
_BOUNDS: dict[str, tuple[Callable[[Any], bool], Callable[[Any], Any], Callable[[Any, Any], bool], str]] = {
    "minimum": (_TYPES["number"], lambda value: value, lambda value, bound: value >= bound, "at least"),
    "maximum": (_TYPES["number"], lambda value: value, lambda value, bound: value <= bound, "at most"),
    "exclusiveMinimum": (_TYPES["number"], lambda value: value, lambda value, bound: value > bound, "above"),
    "exclusiveMaximum": (_TYPES["number"], lambda value: value, lambda value, bound: value < bound, "below"),
    "minLength": (_TYPES["string"], len, lambda value, bound: value >= bound, "of a length of at least"),
    "maxLength": (_TYPES["string"], len, lambda value, bound: value <= bound, "of a length of at most"),
    "minItems": (_TYPES["array"], len, lambda value, bound: value >= bound, "of a length of at least"),
    "maxItems": (_TYPES["array"], len, lambda value, bound: value <= bound, "of a length of at most"),
}
_CHOICES = ("anyOf", "oneOf", "allOf")


class SchemaError(ValueError):
    """A schema that is none, or a value that does not fit one; the text says where and why."""


def _is_whole(value: Any) -> bool:
    return isinstance(value, float) and value.is_integer()


def _same(left: Any, right: Any) -> bool:
    """Equality as JSON has it: 1 is not true."""
    return json.dumps(left, sort_keys=True) == json.dumps(right, sort_keys=True) or (
        _TYPES["number"](left) and _TYPES["number"](right) and left == right
    )


def check_schema(schema: Any, where: str = "item_schema", depth: int = 0) -> None:
    """Raises SchemaError unless this is a schema whose keywords can be read."""
    if isinstance(schema, bool):
        return
    if not isinstance(schema, dict) or depth > DEEPEST:
        raise SchemaError(f"{where} must be a JSON schema of at most {DEEPEST} levels.")
    types = schema.get("type", [])
    names = types if isinstance(types, list) else [types]
    if not all(isinstance(name, str) and name in _TYPES for name in names):
        raise SchemaError(f"{where}.type must name types of JSON.")
    required, properties = schema.get("required", []), schema.get("properties", {})
    if not isinstance(required, list) or not all(isinstance(name, str) for name in required):
        raise SchemaError(f"{where}.required must be a list of names.")
    if not isinstance(properties, dict) or not isinstance(schema.get("enum", []), list):
        raise SchemaError(f"{where}.properties must be an object and enum a list.")
    if not all(_TYPES["number"](schema.get(name, 0)) for name in _BOUNDS):
        raise SchemaError(f"{where} has a bound that is not a number.")
    if not all(isinstance(schema.get(name, []), list) for name in _CHOICES):
        raise SchemaError(f"{where} has alternatives that are not a list.")
    for name, part in _parts(schema):
        check_schema(part, f"{where}.{name}", depth + 1)


def _parts(schema: Mapping[str, Any]) -> list[tuple[str, Any]]:
    parts = [(f"properties.{name}", part) for name, part in schema.get("properties", {}).items()]
    parts += [(f"{name}[{index}]", part) for name in _CHOICES for index, part in enumerate(schema.get(name, []))]
    return parts + [(name, schema[name]) for name in ("items", "additionalProperties") if name in schema]


def check_value(schema: Any, value: Any, where: str = "item") -> None:
    """Raises SchemaError unless a value fits a schema that `check_schema` has passed."""
    if isinstance(schema, bool):
        if not schema:
            raise SchemaError(f"{where} is not allowed.")
        return
    _check_type(schema, value, where)
    for name, (applies, measure, fits, words) in _BOUNDS.items():
        if name in schema and applies(value) and not fits(measure(value), schema[name]):
            raise SchemaError(f"{where} must be {words} {schema[name]}.")
    if isinstance(value, dict):
        _check_object(schema, value, where)
    if isinstance(value, list) and "items" in schema:
        for index, entry in enumerate(value):
            check_value(schema["items"], entry, f"{where}[{index}]")
    _check_alternatives(schema, value, where)


def _check_type(schema: Mapping[str, Any], value: Any, where: str) -> None:
    types = schema.get("type", [])
    names = types if isinstance(types, list) else [types]
    if names and not any(_TYPES[name](value) for name in names):
        raise SchemaError(f"{where} must be of type {' or '.join(names)}.")
    if "enum" in schema and not any(_same(value, known) for known in schema["enum"]):
        raise SchemaError(f"{where} is none of the values allowed.")
    if "const" in schema and not _same(value, schema["const"]):
        raise SchemaError(f"{where} is not the value required.")


def _check_object(schema: Mapping[str, Any], value: Mapping[str, Any], where: str) -> None:
    for name in schema.get("required", []):
        if name not in value:
            raise SchemaError(f"{where}.{name} is missing.")
    properties, others = schema.get("properties", {}), schema.get("additionalProperties", True)
    for name, entry in value.items():
        check_value(properties.get(name, others), entry, f"{where}.{name}")


def _fits(schema: Any, value: Any, where: str) -> bool:
    try:
        check_value(schema, value, where)
    except SchemaError:
        return False
    return True


def _check_alternatives(schema: Mapping[str, Any], value: Any, where: str) -> None:
    for part in schema.get("allOf", []):
        check_value(part, value, where)
    if "anyOf" in schema and not any(_fits(part, value, where) for part in schema["anyOf"]):
        raise SchemaError(f"{where} fits none of the alternatives.")
    if "oneOf" in schema and sum(_fits(part, value, where) for part in schema["oneOf"]) != 1:
        raise SchemaError(f"{where} must fit exactly one of the alternatives.")
