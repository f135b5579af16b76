"""The schema check against a full implementation of JSON Schema."""

from __future__ import annotations

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cupola.emulator.evals.item_schema import SchemaError, check_schema, check_value

NAMES = st.sampled_from(["a", "b", "c"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from([0.5, 1.0]) | st.text("xy", max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)
TYPES = st.sampled_from(["object", "array", "string", "boolean", "null", "number", "integer"])
BOUNDS = {
    name: st.integers(0, 2)
    for name in ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minLength", "maxLength", "maxItems")
}


def deeper(inner):
    return st.fixed_dictionaries(
        {},
        optional={
            "type": TYPES | st.lists(TYPES, min_size=1, max_size=3, unique=True),
            "properties": st.dictionaries(NAMES, inner, max_size=2),
            "required": st.lists(NAMES, max_size=2, unique=True),
            "additionalProperties": inner,
            "items": inner,
            "enum": st.lists(VALUES, min_size=1, max_size=3),
            "const": VALUES,
            "anyOf": st.lists(inner, min_size=1, max_size=2),
            "oneOf": st.lists(inner, min_size=1, max_size=2),
            "allOf": st.lists(inner, min_size=1, max_size=2),
            **BOUNDS,
        },
    )


SCHEMAS = st.recursive(st.booleans() | st.just({}), deeper, max_leaves=4)


@given(SCHEMAS, VALUES)
def test_a_value_fits_exactly_when_the_standard_says_so(schema, value):
    check_schema(schema)
    wanted = jsonschema.Draft202012Validator(schema).is_valid(value)
    try:
        check_value(schema, value)
    except SchemaError:
        assert not wanted
    else:
        assert wanted


KEYWORDS = st.sampled_from(["type", "properties", "required", "items", "enum", "anyOf", "minimum", "maxLength", "$ref"])


@given(st.recursive(VALUES, lambda inner: st.dictionaries(KEYWORDS | NAMES, inner, max_size=3), max_leaves=8), VALUES)
def test_whatever_is_given_for_a_schema_is_refused_or_can_be_used(schema, value):
    try:
        check_schema(schema)
    except SchemaError:
        return
    try:
        check_value(schema, value)
    except SchemaError as error:
        assert str(error).startswith("item")


def test_a_schema_of_endless_depth_is_refused():
    schema = {}
    for _ in range(40):
        schema = {"items": schema}
    with pytest.raises(SchemaError, match="at most 32 levels"):
        check_schema(schema)


def test_what_does_not_fit_is_named_with_its_place():
    schema = {"properties": {"a": {"items": {"type": "string"}}}}
    with pytest.raises(SchemaError, match=r"item\.a\[1\] must be of type string"):
        check_value(schema, {"a": ["x", 2]})
