"""Taking secrets out of what is logged, stored or shown."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

MASK = "[hidden]"

_SECRET_NAMES = re.compile(r"(?i)^(.*[-_])?(api[-_]?key|authorization|password|secret|token|client[-_]?secret|sig)$")
_IN_TEXT = (
    re.compile(r"(?i)(bearer\s+)[A-Za-z0-9._~+/=-]{6,}"),
    re.compile(r"(?i)([?&](?:sig|api[-_]?key|token|code)=)[^&\s\"']+"),
    re.compile(
        r"(?i)(\"?(?:api[-_]?key|authorization|password|client[-_]?secret|access_token)\"?\s*[:=]\s*\"?)[^\s\",}]+"
    ),
)


def without_secrets(text: str, known: Iterable[str] = ()) -> str:
    """The text with every known secret, and whatever looks like one, masked."""
    for secret in known:
        if len(secret) >= 4:
            text = text.replace(secret, MASK)
    for pattern in _IN_TEXT:
        text = pattern.sub(rf"\g<1>{MASK}", text)
    return text


def masked_body(content: bytes, known: Iterable[str] = ()) -> str:
    """The JSON of a request with the values of secret-looking names, and all custom headers, masked."""
    try:
        return without_secrets(json.dumps(_masked(json.loads(content)), ensure_ascii=False), known)
    except (ValueError, RecursionError):
        return without_secrets(content.decode("utf-8", "replace"), known)


def _masked(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _masked_entry(name, entry) for name, entry in value.items()}
    if isinstance(value, list):
        return [_masked(entry) for entry in value]
    return value


def _masked_entry(name: str, value: Any) -> Any:
    if name.lower() == "headers" and isinstance(value, dict):
        return dict.fromkeys(value, MASK)
    return MASK if _SECRET_NAMES.match(name) and isinstance(value, str) else _masked(value)
