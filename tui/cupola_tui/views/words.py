"""Durations, times and sizes as a person says them."""

from __future__ import annotations

from datetime import datetime, tzinfo

_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400


def duration(seconds: float) -> str:
    """Seconds in at most two units: 8s, 4m, 1h 12m, 3d 4h."""
    whole = max(0, round(seconds))
    if whole < _MINUTE:
        return f"{whole}s"
    if whole < _HOUR:
        return f"{round(whole / _MINUTE)}m"
    if whole < _DAY:
        hours, minutes = divmod(whole // _MINUTE, 60)
        return f"{hours}h {minutes}m" if minutes else f"{hours}h"
    days, hours = divmod(whole // _HOUR, 24)
    return f"{days}d {hours}h" if hours else f"{days}d"


def duration_range(low: float, high: float) -> str:
    """A range in one unit: 4-9m, 20-35s, 1.2-1.9h."""
    unit, sign = (1, "s") if high < _MINUTE else (_MINUTE, "m") if high < _HOUR else (_HOUR, "h")
    first, last = low / unit, high / unit
    texts = (f"{first:.1f}", f"{last:.1f}") if unit == _HOUR else (f"{first:.0f}", f"{last:.0f}")
    return f"{texts[1]}{sign}" if texts[0] == texts[1] else f"{texts[0]}-{texts[1]}{sign}"


def clock(at: float, zone: tzinfo | None = None) -> str:
    """The time of day with seconds."""
    return datetime.fromtimestamp(at, zone).strftime("%H:%M:%S")


def moment(at: float, now: float, zone: tzinfo | None = None) -> str:
    """The time of day, with the date when it is not of the last 20 hours."""
    pattern = "%H:%M:%S" if abs(now - at) < 20 * _HOUR else "%Y-%m-%d %H:%M"
    return datetime.fromtimestamp(at, zone).strftime(pattern)


def byte_rate(bytes_a_second: float) -> str:
    """Bytes a second with at most three digits: 0 B/s, 38 B/s, 2.1 kB/s, 22 kB/s."""
    if bytes_a_second < 1_000:
        return f"{bytes_a_second:.0f} B/s"
    thousands = bytes_a_second / 1_000
    return f"{thousands:.1f} kB/s" if thousands < 10 else f"{thousands:.0f} kB/s"


def count(number: int, one: str, many: str = "") -> str:
    """A number with its noun."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
