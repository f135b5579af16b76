"""Texts beside each other: spans broken into lines of a width, and columns of lines joined."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import zip_longest

from rich.cells import cell_len

from ...lines import Line, Span, visible
from ...paint import fitted

_PIECES = re.compile(r"\n|[^\S\n]+|\S+")
_MOST_LINES = 2_000


def broken(spans: Iterable[Span], width: int) -> list[Line]:
    """Spans broken at their own line ends and between words; a longer word is cut. At most 2,000 lines."""
    width = max(1, width)
    rows: list[list[Span]] = [[]]
    room = width
    for text, ink in spans:
        for piece in _PIECES.findall(text):
            if len(rows) > _MOST_LINES:
                rows[-1] = [Span("… cut here; v shows all of it", "muted")]
                return [tuple(row) for row in rows]
            if piece == "\n":
                rows.append([])
                room = width
                continue
            room = _put(rows, Span(visible(piece), ink), room, width)
    return [tuple(row) for row in rows]


def _put(rows: list[list[Span]], piece: Span, room: int, width: int) -> int:
    needed = cell_len(piece.text)
    if needed > room and not piece.text.isspace() and room < width:
        rows.append([])
        room = width
    if piece.text.isspace():
        kept = piece.text[:room]
        rows[-1].append(Span(kept, piece.ink))
        return room - len(kept)
    text = piece.text
    while cell_len(text) > room:
        end = _fit(text, room)
        rows[-1].append(Span(text[:end], piece.ink))
        text, room = text[end:], width
        rows.append([])
    rows[-1].append(Span(text, piece.ink))
    return room - cell_len(text)


def _fit(text: str, room: int) -> int:
    """How many characters fit into so many cells, at least one."""
    used = 0
    for index, character in enumerate(text):
        used += cell_len(character)
        if used > room:
            return max(1, index)
    return len(text)


def beside(columns: Sequence[Sequence[Line]], width: int, separator: Span) -> list[Line]:
    """Columns of lines, each `width` cells wide, joined line by line."""
    out: list[Line] = []
    for parts in zip_longest(*columns, fillvalue=()):
        spans: list[Span] = []
        for number, part in enumerate(parts):
            if number:
                spans.append(separator)
            kept = fitted(part, width)
            spans += [*kept, Span(" " * (width - sum(cell_len(span.text) for span in kept)))]
        out.append(tuple(spans))
    return out
