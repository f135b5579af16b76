"""Lengths of time as people type them: 90m, 4h, 2d, 1h30m, never."""

from __future__ import annotations

import re

from ..errors import UsageError

_UNITS = {"s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0}
_NEVER = ("never", "none", "no", "off")
_LONGEST = 366 * 86_400.0


def parse_duration(text: str) -> float | None:
    """Seconds of a length of time; None for `never`.

    Raises:
        UsageError: it is none, or longer than a year.
    """
    words = text.strip().lower().replace(" ", "")
    if words in _NEVER:
        return None
    if not re.fullmatch(r"(\d{1,6}(\.\d{1,3})?[smhd])+", words):
        raise UsageError(f"{text[:40]!r} is no length of time.", remedy="Write it like 90m, 4h, 2d or never.")
    seconds = sum(float(part[:-1]) * _UNITS[part[-1]] for part in re.findall(r"[\d.]+[smhd]", words))
    if not 0 < seconds <= _LONGEST:
        raise UsageError(f"{text[:40]!r} is not between a second and a year.", remedy="Write never for no end.")
    return seconds


def duration_text(seconds: float | None) -> str:
    """The shortest text that is read as that length of time, to the second."""
    if seconds is None:
        return "never"
    left, out = round(seconds), ""
    for unit in ("d", "h", "m", "s"):
        size = round(_UNITS[unit])
        if left >= size:
            out += f"{left // size}{unit}"
            left %= size
    return out or "0s"
