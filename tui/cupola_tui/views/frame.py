"""The frame's lines: top line, pane tabs, footer, help."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo

from cupola.models import Health
from cupola.outages import in_short
from cupola.settings import Profile

from ..commands import SCOPE_TITLES, Command, Scope
from ..lines import Line, cell_width, joined, line, spread, visible
from .words import byte_rate, clock

LIVE_SECONDS = 90.0
"""How long after the service's last answer what is shown counts as live."""

_LEAST_RIGHT = 44
"""Columns that freshness and cost keep before models that retire are told of; doctor tells of them too."""

PANES = ("datasets", "benchmarks", "jobs", "checkpoints", "deployments", "activity")


@dataclass(frozen=True, slots=True)
class FrameState:
    """What the top line tells."""

    profile: Profile
    running: int = 0
    needs_you: int = 0
    health: Health = field(default_factory=Health)
    trouble: str = ""
    """Why the store cannot be read; "" when it can."""
    frozen_at: float | None = None
    worker: bool = True
    """Whether a worker keeps the store fresh."""
    offline: bool = False
    """A person forbade calls."""
    read_only: bool = False
    """A person forbade changes."""
    retiring: str = ""
    """Which model in use retires soon; "" where none does."""
    spend: str = ""
    """What today has cost, in words; "" before it is counted."""
    budget: str = ""
    """Which budget is passed or used up; "" where none is."""
    budget_ink: str = "warn"
    slow: bool = False
    """Whether the line to the terminal is slow."""
    round_trip: float | None = None
    """Seconds to the terminal and back, where the line is slow and that was measured."""


def top_line(state: FrameState, now: float, bytes_a_second: float, width: int, zone: tzinfo | None = None) -> Line:
    """Profile, what runs, what needs a person; how fresh it is and what it costs to send."""
    profile = state.profile
    parts: list[Line] = [line((profile.name, "danger bold" if profile.danger else "bold"))]
    if profile.is_local:
        parts[0] = (*parts[0], *line(" ", (" LOCAL ", "badge bold")))
    if profile.danger:
        parts[0] = (*parts[0], *line((" danger ", "danger bold")))
    if state.read_only:
        parts[0] = (*parts[0], *line(" ", (" read-only ", "badge bold")))
    parts.append(line((f"{state.running} running", "info" if state.running else "muted")))
    if state.needs_you:
        parts.append(
            line((f"{state.needs_you} needs you" if state.needs_you == 1 else f"{state.needs_you} need you", "warn"))
        )
    dot = line((" · ", "faint"))
    left = (*line(" ", ("Cupola", "accent bold"), "  "), *joined(parts, dot))
    if state.retiring:
        told = (*left, *dot, *line((state.retiring, "warn")))
        left = told if cell_width(told) + _LEAST_RIGHT < width else left
    rate = line((f"{byte_rate(bytes_a_second)} ", "muted"))
    fresh = freshness(state, now, zone)
    spend, budget, slow = _spend(state), _budget(state), _slowness(state)
    # Where room is short, what it costs gives way first, then how slow the line is, then a budget that is passed.
    for parts_shown in (
        (spend, budget, fresh, slow, rate),
        (budget, fresh, slow, rate),
        (budget, fresh, rate),
        (fresh, rate),
    ):
        right = joined([part for part in parts_shown if part], dot)
        if cell_width(left) + cell_width(right) < width:
            break
    return spread(left, right, width)


def _spend(state: FrameState) -> Line:
    return line((state.spend, "muted")) if state.spend else ()


def _budget(state: FrameState) -> Line:
    return line((state.budget, state.budget_ink)) if state.budget else ()


def _slowness(state: FrameState) -> Line:
    """The round trip in tenths of a second: finer would be sent again and again."""
    if not state.slow:
        return ()
    return line((f"slow line {state.round_trip:.1f} s" if state.round_trip is not None else "slow line", "warn"))


def freshness(state: FrameState, now: float, zone: tzinfo | None = None) -> Line:
    """`live`, or why it is not and the time of which what is shown dates."""
    if state.frozen_at is not None:
        return line((f"frozen at {clock(state.frozen_at, zone)}", "warn"))
    if state.trouble:
        return line((state.trouble, "bad"))
    checked, problem = state.health.checked_at, state.health.problem
    if state.offline:
        return line((f"offline, as of {_stamp(checked, now, zone)}" if checked else "offline", "warn"))
    if checked is None and not state.profile.endpoint:
        return line(("not connected", "warn"))
    if not state.worker and problem is None:
        return line((f"no worker, as of {_stamp(checked, now, zone)}" if checked else "no worker", "warn"))
    if checked is None:
        return line(("no answer yet" if problem is None else visible(in_short(problem)), "warn"))
    if problem is None and abs(now - checked) <= LIVE_SECONDS:
        return line(("live", "good"))
    # A clock that was set back would make old facts look fresh.
    cause = visible(in_short(problem)) if problem is not None else "clock set back" if checked > now else ""
    return line((f"{cause}, as of {_stamp(checked, now, zone)}".removeprefix(", "), "warn"))


def _stamp(at: float, now: float, zone: tzinfo | None) -> str:
    return clock(at, zone) if now - at < 72_000 else f"{(now - at) / 86_400:.0f} days ago"


def pane_tabs(active: str, width: int) -> Line:
    """The panes with their numbers; closer together where room is short."""
    titles = [(f" {number} {name.capitalize()} ", name) for number, name in enumerate(PANES, 1)]
    gap = " " if sum(len(title) + 1 for title, _ in titles) <= width else ""
    spans = [((title, "tab bold" if name == active else "muted"), (gap, "")) for title, name in titles]
    return line(*(span for pair in spans for span in pair))


def pane_at(active: str, x: int, width: int) -> str | None:
    """The pane whose tab lies at a cell."""
    start = 0
    spans = pane_tabs(active, width)
    for name, title, gap in zip(PANES, spans[::2], spans[1::2], strict=True):
        if start <= x < start + len(title.text):
            return name
        start += len(title.text) + len(gap.text)
    return None


def footer(commands: Iterable[Command], width: int) -> Line:
    """Keys and what they do; those that do not fit are left to help."""
    labelled = [command for command in commands if command.label and command.keys]
    last = [command for command in labelled if command.id in ("frame.palette", "frame.help")]
    entries = [_key(command) for command in labelled if command not in last]
    right = joined([_key(command) for command in last], line("  "))
    left: Line = line(" ")
    for entry in entries:
        longer = (*left, *entry, *line("  "))
        if sum(len(span.text) for span in (*longer, *right)) + 1 > width:
            break
        left = longer
    return spread(left, (*right, *line(" ")), width)


def help_lines(commands: Sequence[Command], scopes: Sequence[Scope], width: int) -> list[Line]:
    """All commands that work where one stands, by scope."""
    out: list[Line] = []
    for scope, title in SCOPE_TITLES.items():
        here = [command for command in commands if command.scope == scope and scope in scopes]
        if not here:
            continue
        out += [line((title, "accent bold")), *(_help_line(command) for command in here), line("")]
    return out[:-1]


def _help_line(command: Command) -> Line:
    keys = " ".join(command.shown_keys) or "x"
    words = f"  :{command.words}" if command.words else ""
    return line("  ", (f"{keys:<18}", "key"), command.help, (words, "faint"))


def _key(command: Command) -> Line:
    return line((command.shown_keys[0], "key bold"), (f" {command.label}", "muted"))
