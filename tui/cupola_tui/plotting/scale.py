"""Axis limits and ticks at round numbers, and their labels, for any finite floats."""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass

_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True, slots=True)
class Axis:
    """A scale from data to 0..1."""

    low: float
    high: float
    log: bool = False
    """Decades; limits are positive then."""
    ticks: tuple[float, ...] = ()
    labels: tuple[str, ...] = ()

    def place(self, value: float) -> float:
        """Where a value lies, 0 at `low` and 1 at `high`; outside of that when the value is."""
        low, high, value = (self._warped(number) for number in (self.low, self.high, value))
        # Halves, so that limits of opposite sign near the largest float do not overflow.
        span = high / 2 - low / 2
        return (value / 2 - low / 2) / span if span > 0 else 0.5

    def value(self, place: float) -> float:
        """The data value at a place in 0..1."""
        low, high = self._warped(self.low), self._warped(self.high)
        warped = low * (1 - place) + high * place
        return math.exp(warped) if self.log else warped

    def _warped(self, value: float) -> float:
        return math.log(value) if self.log else value


def nice_axis(low: float, high: float, count: int, log: bool = False) -> Axis:
    """An axis around [low, high] with at most about `count` ticks at round numbers.

    Limits are quarters of the ticks' distance: tight enough to use the height, and they jump rather than creep when
    data grow, so that a live chart rarely has to be drawn anew.
    A log axis needs low > 0.
    """
    if not (math.isfinite(low) and math.isfinite(high)):
        raise ValueError("An axis needs finite limits.")
    low, high = min(low, high), max(low, high)
    if log:
        return _decades(low, high, count)
    if low == high:
        margin = abs(low) * 0.1 or 1.0
        low, high = max(low - margin, -sys.float_info.max), min(high + margin, sys.float_info.max)
    plain = Axis(low, high, False, (low, high), (number(low), number(high)))
    # A finer step where a coarse one leaves fewer than two ticks between the limits.
    rough = high / max(1, count) - low / max(1, count)
    if not math.isfinite(rough):
        return plain
    coarse = _nice_step(rough)
    for step in (coarse, coarse / 2, coarse / 4):
        quarter = step / 4
        bottom = min(math.floor(low / quarter) * quarter, low) if math.isfinite(low / quarter) else math.inf
        top = max(math.ceil(high / quarter) * quarter, high) if math.isfinite(high / quarter) else math.inf
        if not (math.isfinite(bottom) and math.isfinite(top) and math.isfinite(top / step - bottom / step)):
            return plain
        first, last = math.ceil(bottom / step - 1e-9), math.floor(top / step + 1e-9)
        if bottom < top and 1 <= last - first <= 100:
            ticks = tuple(position * step for position in range(first, last + 1))
            return Axis(bottom, top, False, ticks, labels(ticks))
    return plain


def fixed_axis(low: float, high: float, count: int) -> Axis:
    """An axis with exactly these limits (low < high) and round ticks inside them."""
    inside = nice_axis(low, high, count)
    ticks = tuple(tick for tick in inside.ticks if low <= tick <= high)
    return Axis(low, high, False, ticks, labels(ticks))


def labels(ticks: tuple[float, ...]) -> tuple[str, ...]:
    """The ticks' texts, all with as many digits as their distance needs."""
    if len(ticks) < 2:
        return tuple(number(tick) for tick in ticks)
    largest, step = max(abs(tick) for tick in ticks), abs(ticks[1] - ticks[0])
    if largest >= 1e6 or (largest and largest < 1e-3) or step == 0:
        return tuple(number(tick) for tick in ticks)
    digits = max(0, -math.floor(math.log10(step) + 1e-9))
    if digits and any(abs(tick * 10**digits - round(tick * 10**digits)) > 1e-6 for tick in ticks):
        digits += 1
    elif not digits and any(tick != round(tick) for tick in ticks):
        digits = 1
    return tuple(f"{tick:.{digits}f}" if tick else f"{0:.{digits}f}" for tick in ticks)


def number(value: float) -> str:
    """A number in at most eight characters: 0.4121, 1234, 2.5M, 1e+308."""
    if not math.isfinite(value):
        return str(value)
    size = abs(value)
    if size >= 1e15 or 0 < size < 1e-4:
        return f"{value:.0e}" if f"{value:.1e}".split("e")[0].endswith(".0") else f"{value:.1e}"
    for limit, unit in ((1e12, "T"), (1e9, "G"), (1e6, "M")):
        if size >= limit:
            return f"{value / limit:.3g}{unit}"
    return f"{value:.0f}" if size >= 1000 or value == int(value) else f"{value:.4g}"


def _nice_step(rough: float) -> float:
    if not rough > 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(rough)) if rough > 1e-300 else rough
    return next((factor * power for factor in _STEPS if factor * power >= rough * (1 - 1e-9)), 10 * power)


def _decades(low: float, high: float, count: int) -> Axis:
    if low <= 0:
        raise ValueError("A log axis needs positive limits.")
    bottom, top = math.floor(math.log10(low)), math.ceil(math.log10(high))
    if bottom == top:
        bottom, top = bottom - 1, top + 1
    # Within two decades round numbers of each decade serve better than powers of ten alone.
    factors = (1, 2, 5) if top - bottom <= 2 else (1,)
    every = max(1, math.ceil((top - bottom) / max(1, count)))
    candidates = [_power(exponent) * factor for exponent in range(bottom, top + 1, every) for factor in factors]
    start = max((tick for tick in candidates if tick <= low), default=low)
    end = min((tick for tick in candidates if tick >= high), default=high)
    if start >= end:
        start, end = low / 2 or low, min(high, 8e307) * 2
    ticks = tuple(tick for tick in candidates if start <= tick <= end)
    return Axis(start, end, True, ticks, tuple(number(tick) for tick in ticks))


def _power(exponent: int) -> float:
    return 10.0**exponent if -307 <= exponent <= 308 else (5e-324 if exponent < 0 else 1.7e308)
