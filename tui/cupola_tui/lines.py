"""Text for the screen as plain data: spans with an ink, cleaned of what could harm a terminal."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple


class Span(NamedTuple):
    """A piece of text and the name of its ink in `themes`; several names are joined by spaces."""

    text: str
    ink: str = ""


Line = tuple[Span, ...]
"""One line of the screen."""

_HARMFUL = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff\U000e0000-\U000e007f]"
)


def visible(text: str) -> str:
    """Show control characters as symbols: `␛` for ESC, `␤` for a line's end, `‹202E›` for what has no symbol.

    Joiners inside emoji and scripts stay. Lone surrogates, which no terminal can take, become U+FFFD.
    """
    return _HARMFUL.sub(_symbol, text)


def line(*parts: str | tuple[str, str]) -> Line:
    """A line from texts and (text, ink) pairs."""
    return tuple(Span(part) if isinstance(part, str) else Span(*part) for part in parts)


def plain(spans: Iterable[Span]) -> str:
    """The text alone."""
    return "".join(span.text for span in spans)


def joined(lines: Iterable[Line], separator: Line) -> Line:
    """Lines one after another, with a separator between them."""
    spans: list[Span] = []
    for number, part in enumerate(lines):
        if number:
            spans.extend(separator)
        spans.extend(part)
    return tuple(spans)


def _symbol(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "␡"
    if 0xD800 <= code <= 0xDFFF:
        return "\ufffd"
    return f"‹{code:X}›"
