"""Read the body that creates an evaluation, refusing what the service would refuse."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..body import metadata_field, text_field
from ..errors import invalid_payload
from .criteria import read_criteria
from .item_schema import SchemaError, check_schema

_SAMPLE_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "model": {"type": "string"},
        "choices": {"type": "array", "items": {"type": "object"}},
        "output_text": {"type": "string"},
        "output_json": {"type": "object"},
        "output_tools": {"type": "array", "items": {"type": "object"}},
        "output_reasoning_summary": {"type": ["string", "null"]},
        "output_audio": {"type": ["object", "null"]},
        "input_tools": {"type": "array", "items": {"type": "object"}},
    },
    "required": ["model", "choices"],
}
_LOGS = ("logs", "stored_completions")


@dataclass(frozen=True, slots=True)
class EvalRequest:
    """A checked create body."""

    name: str
    metadata: Mapping[str, str]
    data_source_config: Mapping[str, Any]
    testing_criteria: list[dict[str, Any]]


def row_schema(item: Any, *, sample: bool) -> dict[str, Any]:
    """The schema of a whole row, as an evaluation shows it."""
    properties = {"item": item, **({"sample": _SAMPLE_SCHEMA} if sample else {})}
    return {"type": "object", "properties": properties, "required": list(properties)}


def custom_config(item_schema: Any, *, sample: bool) -> dict[str, Any]:
    """The configuration of a data source whose items have a schema."""
    return {"type": "custom", "schema": row_schema(item_schema, sample=sample), "max_items": None}


def _data_source_config(given: Any) -> dict[str, Any]:
    kind = given.get("type") if isinstance(given, dict) else None
    if kind in _LOGS:
        metadata = metadata_field(given) or {}
        return {"type": kind, "schema": row_schema({"type": "object"}, sample=True), "metadata": metadata}
    if kind != "custom":
        raise invalid_payload(
            "Invalid value for data_source_config.type. Supported values are: custom, logs, stored_completions."
        )
    sample = given.get("include_sample_schema", False)
    if not isinstance(sample, bool):
        raise invalid_payload("Invalid type for data_source_config.include_sample_schema: expected a boolean.")
    if not isinstance(given.get("item_schema"), dict):
        raise invalid_payload("The data_source_config.item_schema field is required.")
    try:
        check_schema(given["item_schema"])
    except SchemaError as error:
        raise invalid_payload(f"Invalid data_source_config: {error}") from error
    return custom_config(given["item_schema"], sample=sample)


def read_eval_request(body: Mapping[str, Any]) -> EvalRequest:
    """Check a create body. Raises ApiError in the service's words."""
    return EvalRequest(
        name=text_field(body, "name") or "",
        metadata=metadata_field(body) or {},
        data_source_config=_data_source_config(body.get("data_source_config")),
        testing_criteria=read_criteria(body.get("testing_criteria")),
    )
