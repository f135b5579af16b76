"""What the watches saw, in lines: a word beside the best step, and in full with what to do."""

from __future__ import annotations

from collections.abc import Sequence

from cupola.training.reward_watches import Alarm
from cupola.training.watches import Level

from ...lines import Line, Span, line, wrapped

_SIGNS = {Level.BAD: ("✗", "bad"), Level.WATCH: ("!", "warn")}


def short_lines(alarms: Sequence[Alarm], width: int) -> list[Line]:
    """The first in a sentence, and how many more there are."""
    if not alarms:
        return []
    sign, ink = _SIGNS.get(alarms[0].level, ("!", "warn"))
    more = f" ({len(alarms) - 1} more watches under ])" if len(alarms) > 1 else " (] what to do)"
    return wrapped(f"{sign} {alarms[0].sentence}{more}", width, ink, "  ")


def full_lines(alarms: Sequence[Alarm], width: int) -> list[Line]:
    """Each with its numbers and what to do."""
    if not alarms:
        return [
            line(("✓ ", "good"), "No watch has anything to tell."),
            line(""),
            *wrapped(_WATCHED, width, "muted"),
        ]
    out: list[Line] = []
    for alarm in alarms:
        sign, ink = _SIGNS.get(alarm.level, ("!", "warn"))
        said = wrapped(alarm.sentence, max(8, width - 2))
        out += [(Span(f"{sign} " if number == 0 else "  ", ink), *spans) for number, spans in enumerate(said)]
        out += [(Span("  "), *spans) for spans in wrapped(alarm.remedy, max(8, width - 2), "muted")]
        out.append(line(""))
    return out[:-1]


_WATCHED = (
    "Watched: train and validation reward parting; a second grader that disagrees more than before; rewards paid by "
    "length; tokens that jump while the reward rises; grader errors; rewards that are all alike; a falling validation "
    "reward; the best checkpoint about to go."
)
