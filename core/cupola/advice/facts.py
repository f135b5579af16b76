"""Facts that advice rests on: what is known, how well, and where from."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from ..errors import UsageError

KINDS = ("share", "usd", "seconds", "count", "lead", "yes_no", "choice", "name")
NUMBERS = ("share", "usd", "seconds", "count", "lead")
_BOUNDS: Mapping[str, tuple[float, float]] = {"share": (0.0, 1.0), "lead": (-1.0, 1.0)}
_LONGEST_NAME = 120
_YES, _NO = ("yes", "y", "true"), ("no", "n", "false")


class Origin(StrEnum):
    """How a fact is known."""

    MEASURED = "measured"
    GIVEN = "given"
    """A person said so."""
    DERIVED = "derived"
    """It follows from other facts and the shipped tables."""


@dataclass(frozen=True, slots=True)
class FactKind:
    """A fact that the tree can ask about."""

    id: str
    kind: str
    means: str
    question: str = ""
    """Asked of a person; a fact without one is only measured or derived."""
    measure: str = ""
    """The command that measures it."""
    choices: tuple[str, ...] = ()
    notes: Mapping[str, str] = field(default_factory=dict)
    """What each of its words stands for."""
    follows_from: tuple[str, ...] = ()
    """Facts that it is derived from where it was not measured itself."""

    @property
    def is_number(self) -> bool:
        """Whether it can be held against a threshold."""
        return self.kind in NUMBERS

    @property
    def words(self) -> tuple[str, ...]:
        """What it can be, where it is no number and no name."""
        return ("yes", "no") if self.kind == "yes_no" else self.choices


@dataclass(frozen=True, slots=True)
class Known:
    """One fact as it is known; a number may have an interval."""

    fact: str
    value: float | str
    origin: Origin
    source: str = ""
    """Where from, for a person."""
    low: float = math.nan
    high: float = math.nan

    @property
    def bounds(self) -> tuple[float, float]:
        """The interval of a number; its own value twice where none is known. Raises TypeError for a word."""
        if isinstance(self.value, str):
            raise TypeError(f"{self.fact} is no number")
        return (self.value if math.isnan(self.low) else self.low, self.value if math.isnan(self.high) else self.high)


Facts = Mapping[str, Known]
"""What is known, by fact."""


def given(kind: FactKind, text: str) -> Known:
    """Read what a person said of a fact: `0.42`, `42%`, `$50`, `0.33..0.51`, `yes`, or one of its words.

    Raises:
        UsageError: it cannot be read as such a fact.
    """
    if not kind.is_number:
        return Known(kind.id, _word(kind, text.strip()), Origin.GIVEN, "you say")
    low, dots, high = text.partition("..")
    ends = [_number(kind, end, text) for end in ((low, high) if dots else (low,))]
    if ends[0] > ends[-1]:
        raise _unreadable(kind, text, "The interval's lower end is above its upper end.")
    if not dots:
        return Known(kind.id, ends[0], Origin.GIVEN, "you say")
    return Known(kind.id, (ends[0] + ends[1]) / 2, Origin.GIVEN, "you say", ends[0], ends[1])


def shown(kind: FactKind, known: Known) -> str:
    """A fact's value in words, with its interval."""
    if isinstance(known.value, str):
        return known.value
    text = _amount(kind, known.value)
    low, high = known.bounds
    if low == high:
        return text
    return f"{text} ({_amount(kind, low)} to {_amount(kind, high)})"


def _amount(kind: FactKind, value: float) -> str:
    if math.isinf(value):
        return "unbounded"
    if kind.kind == "share":
        return f"{value:.0%}" if round(value, 2) == value else f"{value:.1%}"
    if kind.kind == "lead":
        return f"{value:+.2f}"
    return {"usd": f"${value:,.2f}", "seconds": f"{value:.3g} s"}.get(kind.kind, f"{value:,.0f}")


def _word(kind: FactKind, text: str) -> str:
    if kind.kind == "name":
        if not text or len(text) > _LONGEST_NAME or not text.isprintable():
            raise _unreadable(kind, text, f"A name has 1 to {_LONGEST_NAME} printable characters.")
        return text
    lowered = text.lower()
    if kind.kind == "yes_no":
        lowered = "yes" if lowered in _YES else "no" if lowered in _NO else lowered
    if lowered not in kind.words:
        raise _unreadable(kind, text, f"It is one of: {', '.join(kind.words)}.")
    return lowered


def _number(kind: FactKind, text: str, whole: str) -> float:
    bare = text.strip().removeprefix("$")
    try:
        value = float(bare.removesuffix("%")) / (100 if bare.endswith("%") else 1)
    except ValueError:
        raise _unreadable(kind, whole, "It is a number, or two with `..` between them.") from None
    low, high = _BOUNDS.get(kind.kind, (0.0, math.inf))
    if not (math.isfinite(value) and low <= value <= high):
        raise _unreadable(
            kind, whole, f"It lies between {low:g} and {high:g}." if high < math.inf else "It is not below 0."
        )
    return value


def _unreadable(kind: FactKind, text: str, why: str) -> UsageError:
    return UsageError(f"{text!r} is no {kind.id.replace('_', ' ')}.", why, f"It means: {kind.means}.")
