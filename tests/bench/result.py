"""One measured number and the floor it is held against."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Result:
    """What was measured."""

    name: str
    value: float
    unit: str
    most: float | None = None
    """The floor: how much it may be at most; None where there is none."""

    @property
    def kept(self) -> bool:
        """The floor is kept."""
        return self.most is None or self.value <= self.most

    def __str__(self) -> str:
        floor = "" if self.most is None else f"  (at most {self.most:g} {self.unit})"
        return f"{'  ' if self.kept else '! '}{self.name:<64}{self.value:>12,.6g} {self.unit}{floor}"
