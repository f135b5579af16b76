"""Check raw answers against the SDK's own types, as strictly as they allow."""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel, TypeAdapter


def check_strictly(model: type[BaseModel], body: dict[str, Any]) -> None:
    """Every field of the type is present where it must be and has exactly the declared type."""
    TypeAdapter(model).validate_json(json.dumps(body), strict=True)
