"""From spans to Textual strips, and which columns of a repainted line really differ."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from .lines import Line, Span, visible
from .themes import Inks

_ELLIPSIS = "…"


def fitted(spans: Line, width: int) -> list[Span]:
    """The spans cleaned and cut to a width in cells; an ellipsis tells that something was cut."""
    kept: list[Span] = []
    room = width
    for position, (raw, ink) in enumerate(spans):
        text = visible(raw)
        needed = cell_len(text)
        if needed <= room:
            kept.append(Span(text, ink))
            room -= needed
            continue
        if room > 0:
            kept.append(Span(set_cell_size(text, room - 1).rstrip() + _ELLIPSIS, ink))
        elif kept and kept[-1].text and any(span.text.strip() for span in spans[position:]):
            last = kept[-1]
            kept[-1] = Span(set_cell_size(last.text, cell_len(last.text) - 1) + _ELLIPSIS, last.ink)
        break
    return kept


def strip(spans: Line, width: int, inks: Inks, base: Style) -> Strip:
    """Paint one line, padded to its width."""
    segments = [Segment(text, base + inks.style(ink)) for text, ink in fitted(spans, width) if text]
    used = sum(segment.cell_length for segment in segments)
    if used < width:
        segments.append(Segment(" " * (width - used), base))
    return Strip(segments, width).simplify()


def changed_columns(before: Strip | None, after: Strip) -> tuple[int, int] | None:
    """The first column that differs and the one behind the last, or None when the strips look the same."""
    if before is after:
        return None
    if before is None or before.cell_length != after.cell_length:
        return 0, after.cell_length
    old, new = _cells(before), _cells(after)
    if len(old) != len(new):
        return 0, after.cell_length
    differing = [position for position, pair in enumerate(zip(old, new, strict=True)) if pair[0] != pair[1]]
    return (differing[0], differing[-1] + 1) if differing else None


def _cells(painted: Strip) -> Sequence[tuple[str, Style | None]]:
    cells: list[tuple[str, Style | None]] = []
    for text, style, _ in painted:
        width = cell_len(text)
        if width == len(text):
            cells.extend((character, style) for character in text)
        else:  # Wide characters: the piece counts as one.
            cells.extend([(text, style)] * width)
    return cells
