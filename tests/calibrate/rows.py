"""One line of the table: what was promised, what came out."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """A share that must lie within limits, judged at the tenth of a percent that is printed."""

    claim: str
    case: str
    share: float
    low: float
    high: float
    tables: int | None
    """How many tables were simulated; None if the share was computed exactly."""

    @property
    def kept(self) -> bool:
        """The share lies within its limits."""
        return self.low <= round(self.share, 3) <= self.high

    def __str__(self) -> str:
        how = "exact" if self.tables is None else f"{self.tables:,} tables"
        limits = f"{self.low:.1%} to {self.high:.1%}" if self.low else f"at most {self.high:.1%}"
        if self.high == 1:
            limits = f"at least {self.low:.1%}"
        mark = "  " if self.kept else "✗ "
        return f"{mark}{self.claim:<32}{self.case:<44}{self.share:>7.1%}   {limits:<18}{how}"
