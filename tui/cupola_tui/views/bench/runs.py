"""The runs of a benchmark as rows, and two of them held against each other as lines."""

from __future__ import annotations

from dataclasses import dataclass

from cupola.benchmarks.definition import from_json
from cupola.statistics.estimates import Estimate
from cupola.statistics.pairing import Provenance, reasons_against
from cupola.statistics.verdicts import Verdict, Word
from cupola.store.benchmarks import Run

from ...lines import Line, Span, line, wrapped
from ...widgets.table import Column
from ..words import moment
from . import numbers
from .parts import arm_settings

COLUMNS = (
    Column("run", 4, right=True),
    Column("begun", 16),
    Column("state", 9),
    Column("by", 5, drop=3),
    Column("rows", 7, right=True),
    Column("spent", 8, right=True, drop=2),
    Column("arms", 20, flexible=True),
    Column("split", 6, drop=4),
    Column("prompts", 7, drop=4),
    Column("graders", 7, drop=4),
)

_HASH = 6


@dataclass(frozen=True, slots=True)
class ArmChange:
    """One arm in both runs."""

    name: str
    before: Estimate | None
    after: Estimate | None
    verdict: Verdict | None
    """After against before; None where the runs may not be held against each other."""


@dataclass(frozen=True, slots=True)
class RunChange:
    """The later of two runs against the earlier."""

    before: Run
    after: Run
    reasons: tuple[str, ...]
    """Why no p can be given; empty where both asked and judged the same."""
    arms: tuple[ArmChange, ...]
    others: tuple[str, ...]
    """Arms that only one of them has."""
    width: float
    """Of the score's scale."""


def differing(first: Run, second: Run) -> tuple[str, ...]:
    """What two runs do not share and would have to for a paired test."""
    one, other = (Provenance(run.split, run.graders, run.prompts) for run in (first, second))
    reasons = tuple(reason.value for reason in reasons_against(one, other))
    return reasons if _most_repeats(first) == _most_repeats(second) else (*reasons, "different repeats")


def cells(run: Run, newest: Run, now: float) -> tuple[Line, ...]:
    """A run's row; hashes that differ from the newest run's are in ink."""
    names = ", ".join(_arm_names(run))
    return (
        line(str(run.id)),
        line((moment(run.created_at, now), "muted")),
        line((run.state.value, "good" if run.state.value == "done" else "info" if run.state.moving else "warn")),
        line((run.engine, "muted")),
        line((f"{run.progress.answered:,}", "")),
        line((numbers.dollars(run.progress.usd), "muted")),
        line(names),
        *(
            line((one[:_HASH], "faint" if one == other else "warn"))
            for one, other in (
                (run.split, newest.split),
                (run.prompts, newest.prompts),
                (run.graders, newest.graders),
            )
        ),
    )


def change_lines(change: RunChange, now: float, width: int) -> list[Line]:
    """Two runs: what parts them, then arm by arm before, after and the verdict."""
    before, after = change.before, change.after
    out: list[Line] = [
        line(("earlier  ", "muted"), (f"run {before.id}", "bold"), (f"  {moment(before.created_at, now)}", "muted")),
        line(("later    ", "muted"), (f"run {after.id}", "bold"), (f"  {moment(after.created_at, now)}", "muted")),
        line(""),
    ]
    if change.reasons:
        words = f"{', '.join(change.reasons).capitalize()}: no p. Each score stands by itself, on items of its own run."
        out += [*wrapped(words, width, "warn"), line("")]
    elif change.arms:
        words = f"Same split, prompts and graders: paired by item, Holm-corrected over {len(change.arms)} arms."
        out += [*wrapped(words, width, "muted"), line("")]
    for arm in change.arms:
        out += [*_arm_lines(arm, change.width, width), *_settings_lines(arm.name, before, after, width)]
    if not change.arms:
        out += wrapped("The runs share no arm with results.", width, "warn")
    if change.others:
        out += [line(""), *wrapped(f"Only in one of them: {', '.join(change.others)}.", width, "muted")]
    return out


def _arm_lines(arm: ArmChange, scale: float, width: int) -> list[Line]:
    head = line((arm.name, "bold"), (f"  {_score(arm.before, scale)}  →  {_score(arm.after, scale)}", ""))
    if arm.verdict is None:
        return [head]
    found = arm.verdict
    if found.difference is None:
        reasons = ", ".join(reason.value for reason in found.reasons)
        return [head, line((f"  not comparable: {reasons}", "muted"))]
    interval = found.difference.interval
    ends = f"{numbers.signed(interval.low, scale)} to {numbers.signed(interval.high, scale)}"
    ink = "warn" if found.word is Word.INCONCLUSIVE else "accent"
    parts = f"{numbers.signed(found.difference.value, scale)}, 95% {ends}, {numbers.p_value(found.p)}: "
    needed = ""
    if found.items_needed is not None:
        money = "" if found.cost is None else f" for {numbers.dollars(found.cost)} more"
        needed = f", about {found.items_needed:,} items{money} would settle it"
    return [head, *_below(f"{parts}{found.word.value}{needed}", width, ink)]


def _below(text: str, width: int, ink: str) -> list[Line]:
    return [(Span("  "), *spans) for spans in wrapped(text, max(1, width - 2), ink)]


def _settings_lines(name: str, before: Run, after: Run, width: int) -> list[Line]:
    """What else changed: how the arm asks."""
    first, second = (_settings(run, name) for run in (before, after))
    return [] if first == second else _below(f"asked otherwise: {first}  →  {second}", width, "info")


def _settings(run: Run, name: str) -> str:
    arm = next(arm for arm in from_json(run.definition).arms if arm.name == name)
    text = arm_settings(arm)
    return text if arm.deployment == name else f"{arm.deployment}, {text}"


def _score(estimate: Estimate | None, scale: float) -> str:
    if estimate is None:
        return "no result"
    low, high = (numbers.score(end, scale) for end in (estimate.interval.low, estimate.interval.high))
    return f"{numbers.score(estimate.value, scale)} ({low} to {high})"


def _arm_names(run: Run) -> list[str]:
    return [arm.name for arm in from_json(run.definition).arms]


def _most_repeats(run: Run) -> int:
    return max(arm.repeats for arm in from_json(run.definition).arms)
