"""Read JSON bodies and their fields, refusing what the service would refuse."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request

from .errors import invalid_payload
from .strict_json import parse_json


async def read_object(request: Request) -> dict[str, Any]:
    """The JSON object of a request's body. Raises ApiError when there is none."""
    try:
        body = parse_json(await request.body())
    except ValueError as error:
        raise invalid_payload("The request body is not valid JSON.") from error
    if not isinstance(body, dict):
        raise invalid_payload("The request body must be a JSON object.")
    return body


def text_field(body: Mapping[str, Any], name: str) -> str | None:
    """A string field, None when absent or null. Raises ApiError when it is something else."""
    value = body.get(name)
    if value is not None and not isinstance(value, str):
        raise invalid_payload(f"Invalid type for {name}: expected a string.")
    return value


def required_text(body: Mapping[str, Any], name: str) -> str:
    """A string field that must be there. Raises ApiError."""
    value = text_field(body, name)
    if not value:
        raise invalid_payload(f"The {name} field is required.")
    return value


def metadata_field(body: Mapping[str, Any]) -> dict[str, str] | None:
    """The metadata of an object: at most 16 pairs, keys to 64 and values to 512 characters. Raises ApiError."""
    metadata = body.get("metadata")
    if metadata is None:
        return None
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise invalid_payload("Invalid value for metadata: expected an object of strings.")
    if len(metadata) > 16:
        raise invalid_payload("Invalid value for metadata: at most 16 pairs are allowed.")
    if any(len(key) > 64 or len(value) > 512 for key, value in metadata.items()):
        raise invalid_payload("Invalid value for metadata: keys are limited to 64 and values to 512 characters.")
    return metadata
