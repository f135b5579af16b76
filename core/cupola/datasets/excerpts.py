"""Hostile text made safe to show: control characters visible, long text shortened."""

from __future__ import annotations

import json
import re

EXCERPT_LENGTH = 120

# C0, DEL, C1, line and paragraph separators, bidi controls, surrogates, tag characters.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff\U000e0000-\U000e007f]")


def visible(text: str) -> str:
    """Replace every character that could steer a terminal with a visible symbol or its code point."""
    return _UNSAFE.sub(_symbol, text)


def excerpt(value: object, limit: int = EXCERPT_LENGTH) -> str:
    """A value as one short safe line: text as it is, anything else as JSON.

    A value too deep or too odd for JSON is shown by its type alone.
    """
    if isinstance(value, bytes):
        text = value[: limit * 4].decode("utf-8", "backslashreplace")
    elif isinstance(value, str):
        text = value[: limit + 1]
    else:
        text = _as_json(value)
    shown = visible(text[: limit + 1])
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


def _as_json(value: object) -> str:
    if isinstance(value, dict | list) and len(value) > 50:
        return f"{'object' if isinstance(value, dict) else 'list'} of {len(value):,} entries"
    try:
        return json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError):
        return type(value).__name__


def _symbol(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "␡"
    return f"‹U+{code:04X}›"
