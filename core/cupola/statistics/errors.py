"""What can be wrong with the numbers handed to a test."""

from __future__ import annotations

from cupola.errors import CupolaError


class StatisticsInputError(CupolaError):
    """The numbers cannot be judged: none are left, they are off their scale, or they do not fit together."""
