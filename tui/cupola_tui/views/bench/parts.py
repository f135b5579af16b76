"""Arms and graders to pick from, as rows: what each is, how it is set, where it is known from."""

from __future__ import annotations

from cupola.benchmarks.definition import Arm, GraderUse

from ...lines import Line, line
from ...widgets.table import Column

COLUMNS = (
    Column("", 6),
    Column("name", 20, flexible=True),
    Column("settings", 26, flexible=True),
    Column("known from", 18, flexible=True, drop=1),
)


def arm_cells(arm: Arm, chosen: bool, known_from: str) -> tuple[Line, ...]:
    """A deployment's row."""
    ink = "" if chosen else "muted"
    name = arm.name if arm.name == arm.deployment else f"{arm.name} ({arm.deployment})"
    return (line(("arm", "series1" if chosen else "faint")), line((name, f"{ink} bold" if chosen else ink)),
            line((arm_settings(arm), ink)), line((known_from, "faint")))  # fmt: skip


def grader_cells(use: GraderUse, chosen: bool, known_from: str) -> tuple[Line, ...]:
    """A grader's row."""
    ink = "" if chosen else "muted"
    return (line(("grader", "series2" if chosen else "faint")), line((use.name, f"{ink} bold" if chosen else ink)),
            line((grader_settings(use), ink)), line((known_from, "faint")))  # fmt: skip


def arm_settings(arm: Arm) -> str:
    """How an arm asks: effort, temperature, the most tokens, repeats."""
    sampling = arm.sampling
    bound = sampling.get("max_completion_tokens", sampling.get("max_tokens"))
    parts = [
        f"effort {sampling['reasoning_effort']}" if "reasoning_effort" in sampling else "",
        f"t={sampling['temperature']:g}" if "temperature" in sampling else "",
        f"≤{bound} tokens" if bound is not None else "",
        f"x{arm.repeats}" if arm.repeats > 1 else "",
    ]
    return " ".join(part for part in parts if part) or "as the service sets it"


def grader_settings(use: GraderUse) -> str:
    """What a grader is, whom it asks and from where on an answer passes."""
    parts = [str(use.definition.get("type", "")).replace("_", " ")]
    parts += [f"asks {', '.join(use.judges)}"] if use.judges else []
    parts += [f"passes from {use.threshold:g}"] if use.threshold is not None else []
    return ", ".join(parts)
