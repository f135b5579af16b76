"""Text for the screen as plain data: spans with an ink, cleaned of what could harm a terminal."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from rich.cells import cell_len


class Span(NamedTuple):
    """A piece of text and the name of its ink in `themes`; several names are joined by spaces."""

    text: str
    ink: str = ""


Line = tuple[Span, ...]
"""One line of the screen."""


class Row(NamedTuple):
    """A line on a ground of its own that runs from edge to edge."""

    spans: Line
    ground: str = ""


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


def spread(left: Line, right: Line, width: int) -> Line:
    """Two lines at either end of a width; the right one gives way when both do not fit."""
    gap = width - cell_width(left) - cell_width(right)
    return (*left, Span(" " * gap), *right) if gap >= 1 else left


def cell_width(spans: Line) -> int:
    """How many cells a line takes."""
    return sum(cell_len(visible(span.text)) for span in spans)


def wrapped(text: str, width: int, ink: str = "", indent: str = "") -> list[Line]:
    """A paragraph broken into lines between words; later lines are indented."""
    lines: list[Line] = []
    current = ""
    for word in visible(text.replace("\n", " ")).split():
        longer = f"{current} {word}" if current.strip() else f"{current}{word}"
        if cell_len(longer) <= width or not current.strip():
            current = longer
            continue
        lines.append(line((current, ink)))
        current = indent + word
    return [*lines, line((current, ink))] if current.strip() else lines


def labelled(label: str, text: str, width: int, ink: str = "", room: int = 9) -> list[Line]:
    """A paragraph beside its label."""
    first, *rest = wrapped(text, max(1, width - room), ink) or [()]
    return [(Span(f"{label:<{room}}", "muted"), *first), *((Span(" " * room), *more) for more in rest)]


def flowed(parts: Iterable[Line], separator: Line, width: int) -> list[Line]:
    """Parts one after another on as many lines as they take."""
    rows: list[Line] = []
    for part in parts:
        longer = (*rows[-1], *separator, *part) if rows else part
        if rows and cell_width(longer) <= width:
            rows[-1] = longer
        else:
            rows.append(part)
    return rows
