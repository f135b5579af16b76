"""Parse JSON as strictly as the standard has it."""

from __future__ import annotations

import json
from typing import Any, NoReturn


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _has_surrogate_escape(text: str | bytes) -> bool:
    return rb"\ud" in text.lower() if isinstance(text, bytes) else r"\ud" in text.lower()


def parse_json(text: str | bytes) -> Any:
    """Parse strict JSON.

    Raises ValueError, also for NaN, for bytes that are not UTF-8, for absurd nesting and for half a surrogate pair,
    which no answer could repeat.
    """
    try:
        value = json.loads(text, parse_constant=_refuse_constant)
        if _has_surrogate_escape(text):
            json.dumps(value, ensure_ascii=False).encode()
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    return value
