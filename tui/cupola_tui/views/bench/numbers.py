"""Scores, shares, money and seconds as the Benchmarks pane writes them."""

from __future__ import annotations

import math
from datetime import date

from ...lines import Line, line

NONE: Line = line(("–", "faint"))
"""What is not known."""


def score(value: float, width: float) -> str:
    """A score with as many digits as the width of its scale needs: 0.91 of 1, 7.3 of 10, 64 of 100."""
    if not math.isfinite(value):
        return "–"
    digits = 2 if not math.isfinite(width) or width <= 2 else 1 if width <= 20 else 0
    return f"{value:.{digits}f}"


def signed(value: float, width: float) -> str:
    """A difference of scores with its sign."""
    text = score(abs(value), width)
    return text if text == "–" else f"{'−' if value < 0 else '+'}{text}"


def share(value: float | None) -> str:
    """A share in percent."""
    return "–" if value is None or not math.isfinite(value) else f"{value:.0%}"


def dollars(value: float | None) -> str:
    """Money with two digits that count: $6.10, $0.11, $0.0042, $1,240."""
    if value is None or not math.isfinite(value):
        return "–"
    if value >= 1_000:
        return f"${value:,.0f}"
    if value >= 0.0995 or value == 0:
        return f"${value:.2f}"
    return f"${value:.{min(8, 1 - math.floor(math.log10(value)))}f}"


def range_words(low: str, high: str) -> str:
    """Both ends; one where they read alike."""
    return low if low == high else f"{low} to {high}"


def seconds(value: float | None) -> str:
    """A latency: 0.35 s, 4.2 s, 71 s."""
    if value is None or not math.isfinite(value):
        return "–"
    return f"{value:.2f} s" if value < 1 else f"{value:.1f} s" if value < 10 else f"{value:.0f} s"


def p_value(p: float | None) -> str:
    """`p=.21`, `p<.001`."""
    if p is None or not math.isfinite(p):
        return ""
    if p < 0.001:
        return "p<.001"
    return f"p={p:.3f}".replace("0.", ".", 1) if p < 0.1 else f"p={min(p, 1.0):.2f}".replace("0.", ".", 1)


def month(day: date | None) -> str:
    """The month of a day: 2026-10."""
    return "–" if day is None else f"{day:%Y-%m}"
