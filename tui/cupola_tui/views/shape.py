"""The shape of a dataset in lines: a histogram of lengths, turns, roles, longest and shortest rows."""

from __future__ import annotations

from ..background.tasks import Measured, Numbers
from ..lines import Line, Span, flowed, labelled, line, wrapped
from ..plotting.histogram import histogram
from .conversation import role_ink
from .words import count

_LEAST_ROWS = 5
_MOST_LANGUAGES = 6
_HEAVY = 0.5
"""Share of the whole length above which a twentieth of the rows is a word of warning."""


def shape_lines(measured: Measured, width: int, height: int) -> list[Line]:
    """All of it; the histogram takes the room that is left."""
    below = [
        *_numbers(measured, width),
        *_roles(measured, width),
        *_languages(measured, width),
        *_balance(measured, width),
        *_extremes(measured, width),
    ]
    lengths = measured.lengths
    if lengths is None:
        return [line(("No row can be read.", "bad")), *below]
    head = [line((f"{lengths.unit} a row", "bold"), (f", {count(measured.rows, 'row')}", "muted"))]
    if not measured.exact and lengths.unit == "tokens":
        head += wrapped(f"an estimate by {measured.encoding}: m chooses the model", width, "muted")
    room = height - len(below) - len(head) - 2
    if room < _LEAST_ROWS:
        return [*head, *below, line(""), *histogram(lengths.edges, lengths.counts, width, _LEAST_ROWS + 3)]
    return [*head, *histogram(lengths.edges, lengths.counts, width, min(room, 18)), line(""), *below]


def _numbers(measured: Measured, width: int) -> list[Line]:
    out = [line((f"{'':<10}{'least':>7}{'median':>7}{'95%':>7}{'most':>8}{'all':>11}", "muted"))]
    named = (("lengths", measured.lengths), ("answers", measured.answers), ("turns", measured.turns))
    out += [_row(name, numbers, width) for name, numbers in named if numbers is not None]
    return out


def _row(name: str, numbers: Numbers, width: int) -> Line:
    title = {"lengths": numbers.unit, "answers": "answers", "turns": "messages"}[name]
    values = f"{numbers.least:>7,}{numbers.median:>7,.0f}{numbers.p95:>7,.0f}{numbers.most:>8,}{numbers.total:>11,}"
    unit = f"  {numbers.unit}" if name == "answers" and width >= 64 else ""
    return line((f"{title:<10}", "muted"), values, (unit, "muted"))


def _roles(measured: Measured, width: int) -> list[Line]:
    parts = [line((role, role_ink(role)), f" {number:,}") for role, number in measured.roles.items()]
    if measured.broken_rows:
        parts.append(line((f"{measured.broken_rows:,} rows cannot be read", "bad")))
    return [_labelled("roles", more, first=number == 0) for number, more in enumerate(_flow(parts, width))]


def _languages(measured: Measured, width: int) -> list[Line]:
    """Which languages each field is in; fields that nothing is known of are left out."""
    parts: list[Line] = []
    for field, counts in measured.languages.items():
        known = [(language, number) for language, number in counts.items() if language]
        others = sum(number for _, number in known[_MOST_LANGUAGES:])
        told = [*known[:_MOST_LANGUAGES], *([("others", others)] if others else ())]
        unsure = counts.get("", 0)
        spans = [Span(field, "muted")]
        for language, number in told:
            spans += [Span(f" {language}", "bold"), Span(f" {number:,}")]
        spans.append(Span(f" unsure {unsure:,}" if unsure else "", "muted"))
        if known:
            parts.append(tuple(spans))
    return [_labelled("language", more, first=number == 0) for number, more in enumerate(_flow(parts, width))]


def _balance(measured: Measured, width: int) -> list[Line]:
    if not measured.rows or measured.lengths is None:
        return []
    unit = measured.lengths.unit
    if measured.lengths.least == measured.lengths.most:
        return labelled("balance", f"every row has the same number of {unit}", width, "muted", 10)
    share = f"the longest 5% of rows hold {measured.heaviest:.0%} of the {unit}"
    out = labelled("balance", share, width, "warn" if measured.heaviest > _HEAVY else "muted", 10)
    for text in measured.balance:
        out += labelled("", text, width, "warn", 10)
    return out


def _extremes(measured: Measured, width: int) -> list[Line]:
    if measured.lengths is not None and measured.lengths.least == measured.lengths.most:
        return []
    out: list[Line] = []
    for title, places in (("longest", measured.longest), ("shortest", measured.shortest)):
        parts = [line(("line ", "muted"), (f"{number:,}", "info"), f" {length:,}") for number, length in places]
        out += [_labelled(title, more, first=position == 0) for position, more in enumerate(_flow(parts, width))]
    return out


def _flow(parts: list[Line], width: int) -> list[Line]:
    return flowed(parts, line((" · ", "faint")), width - 10)


def _labelled(title: str, content: Line, *, first: bool) -> Line:
    return (Span(f"{title if first else '':<10}", "muted"), *content)
