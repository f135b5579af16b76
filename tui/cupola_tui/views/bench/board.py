"""The leaderboard: its title, rows, the outcomes of the row under the cursor, and the empty screen."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date, timedelta

from rich.cells import cell_len

from cupola.benchmarks.leaderboard import Row as LeaderboardRow
from cupola.statistics.estimates import Interval
from cupola.statistics.outcomes import Outcome, OutcomeCounts
from cupola.statistics.verdicts import Verdict, Word

from ...lines import Line, Span, flowed, joined, line, wrapped
from ...widgets.table import Column
from . import numbers
from .intervals import interval_bar
from .records import ROLES, BoardView

BAR = 3
"""The place of the interval bar among the columns."""

_LONGEST_NAME = 28

_SOON = timedelta(days=60)

ROLE_SIGNS = {"teacher": ("T", "series2 bold"), "student": ("S", "series1 bold"), "control": ("C", "series3 bold")}

OUTCOME_SIGNS: dict[Outcome, tuple[str, str]] = {
    Outcome.PASS: ("✓", "good"),
    Outcome.FAIL: ("✗", "bad"),
    Outcome.REFUSED: ("⊘", "warn"),
    Outcome.FILTERED: ("▣", "warn"),
    Outcome.TRUNCATED: ("…", "warn"),
    Outcome.ERROR: ("!", "bad"),
    Outcome.MISSING: ("·", "faint"),
}
"""A sign and an ink for each outcome; the sign alone tells them apart."""

_VERDICT_INKS = {
    Word.BETTER: "good",
    Word.WORSE: "bad",
    Word.SAME: "info",
    Word.NOT_INFERIOR: "info",
    Word.INCONCLUSIVE: "warn",
    Word.NOT_COMPARABLE: "muted",
}


def columns(view: BoardView, axis: Interval) -> list[Column]:
    """The columns of a leaderboard; the bar's title tells its axis."""
    board = view.board
    width = board.view.scale.width if board else 1.0
    low, high = (numbers.score(end, width) for end in (axis.low, axis.high))
    shown = board.rows if board else ()
    against = board.row_of(board.reference).arm.name if board and board.reference is not None else "the best"
    return [
        Column("", 1),
        Column("model", min(_LONGEST_NAME, max((cell_len(row.arm.name) for row in shown), default=8))),
        Column("score", 7, right=True),
        Column(f"95% CI {low} to {high}", 19, flexible=True),
        Column("pass", 4, right=True),
        Column("else", 7, drop=2),
        Column("p50", 6, right=True, drop=1),
        Column("p95", 6, right=True, drop=4),
        Column("$/1k", 7, right=True),
        Column("tokens", 6, right=True, drop=6),
        Column("retires", 7, drop=3),
        Column(f"against {against}", 26, flexible=True),
    ]


def cells(row: LeaderboardRow, view: BoardView, axis: Interval, bar_width: int, today: date) -> tuple[Line, ...]:
    """The cells of an arm's row; `bar_width` is that of its interval bar."""
    width = view.board.view.scale.width if view.board else 1.0
    dominated = row.index in view.dominated
    ink, dot = ("muted", "axis") if dominated else ("", "accent")
    score, latency = row.score, row.latency
    return (
        role_cell(row, view),
        line((row.arm.name, ink)),
        line((numbers.score(score.value, width), f"{ink} bold")) if score else numbers.NONE,
        interval_bar(score, axis, bar_width, dot) if score else line(("no grade yet", "muted")),
        line((numbers.share(row.outcomes.pass_rate), ink)) if row.outcomes.judged else numbers.NONE,
        others_cell(row.outcomes),
        line((numbers.seconds(latency.p50.value), ink)) if latency else numbers.NONE,
        line((numbers.seconds(latency.p95.value), ink)) if latency else numbers.NONE,
        line((numbers.dollars(row.cost.per_thousand), ink)) if row.cost else numbers.NONE,
        line((f"{row.tokens.completion:.0f}", ink)) if row.tokens else numbers.NONE,
        line((numbers.month(row.retires), _retirement_ink(row.retires, today))),
        verdict_cell(row, view),
    )


SORTS = ("score", "name", "latency", "cost")

SORTED_COLUMN = {"score": 2, "name": 1, "latency": 6, "cost": 8}
"""Where the sign of each order stands."""


def ordered(shown: Sequence[LeaderboardRow], by: str) -> list[LeaderboardRow]:
    """The rows in another order, the best first; what has no number comes last."""
    if by == "name":
        return sorted(shown, key=lambda row: row.arm.name.lower())
    if by == "latency":
        return sorted(shown, key=lambda row: row.latency.p50.value if row.latency else math.inf)
    if by == "cost":
        return sorted(shown, key=lambda row: row.cost.per_thousand if row.cost else math.inf)
    return list(shown)


def role_cell(row: LeaderboardRow, view: BoardView) -> Line:
    """T, S or C for what was decided; the same letters small for what is proposed."""
    decided = [role for role in ROLES if view.standing.get(role) == row.arm.name]
    if decided:
        return line(ROLE_SIGNS[decided[0]])
    return line("")


def others_cell(outcomes: OutcomeCounts) -> Line:
    """What was neither pass nor fail: `1⊘2!`."""
    counted = _counted(outcomes)
    parts = [
        line((f"{counted[outcome]}{sign}", ink))
        for outcome, (sign, ink) in OUTCOME_SIGNS.items()
        if outcome not in (Outcome.PASS, Outcome.FAIL) and counted[outcome]
    ]
    return joined(parts, ()) if parts else line(("0", "faint"))


def verdict_cell(row: LeaderboardRow, view: BoardView) -> Line:
    """The verdict's word with its p, or that it is the arm that the others are held against."""
    board = view.board
    if board is not None and row.index == board.reference:
        return line(("highest score" if board.benchmark.baseline is None else "baseline", "muted"))
    if row.verdict is None:
        return numbers.NONE
    return line((row.verdict.word.value, _VERDICT_INKS[row.verdict.word]), (f" {_grounds(row.verdict)}", "muted"))


def outcomes_lines(row: LeaderboardRow, width: int) -> list[Line]:
    """All outcomes of an arm, which sum to n, and what the open ones leave possible."""
    counted = _counted(row.outcomes)
    parts: list[Line] = [line((row.arm.name, "bold"))]
    for outcome, (_, ink) in OUTCOME_SIGNS.items():
        number = counted[outcome]
        parts.append(line((str(number), ink if number else "faint"), (f" {outcome.value}", "muted")))
    parts.append(line((f"= {row.outcomes.total}", "bold")))
    if row.outcomes.open and row.outcomes.judged:
        bounds = row.outcomes.bounds
        parts.append(line((f"pass rate {bounds.low:.0%} to {bounds.high:.0%} with the open ones", "warn")))
    if row.first_token is not None:
        parts.append(line((f"first token {numbers.seconds(row.first_token.p50.value)}", "muted")))
    if row.score is not None and row.score.few_prompts:
        parts.append(line(("few prompts", "warn")))
    return flowed(parts, line("  "), width)


def title(view: BoardView) -> str:
    """The box's title."""
    place = f" {view.place + 1}/{view.count}" if view.count > 1 else ""
    items = [f"run {view.run.id}, an earlier one"] if view.run and view.earlier else []
    items += [f"{view.board.items:,} items"] if view.board else []
    if view.board and view.board.prompts != view.board.items:
        items.append(f"{view.board.prompts:,} prompts")
    return " · ".join([f"{view.benchmark.name}{place}", *items, view.benchmark.dataset or "no file named"])


def method(view: BoardView) -> str:
    """The box's foot: how the verdicts were reached."""
    board = view.board
    if board is None or not board.pairs:
        return ""
    family = sum(pair.comparison is not None for pair in board.pairs)
    margin = numbers.score(board.margin, board.view.scale.width)
    return f"paired by item · Holm over {family} pairs · margin ±{margin}"


def tabs_line(view: BoardView) -> Line:
    """The graders: all together, then each by itself."""
    if view.board is None:
        return line(("graders: " + ", ".join(use.name for use in view.benchmark.graders), "muted"))
    spans: list[Span] = []
    for one in view.board.views:
        spans += line((one.name, "accent bold underline" if one == view.board.view else "muted"), "  ")
    return tuple(spans)


def nothing_yet(width: int, local: bool) -> list[Line]:
    """The empty pane: what it is for, and the one key that fills it."""
    out = [
        line(("No benchmark yet", "accent bold")),
        line(""),
        *wrapped(
            "Models side by side on your own items: scores with intervals, paired tests, cost and latency, "
            "so that who teaches and who learns is decided on evidence.",
            width,
        ),
        line(""),
    ]
    runs = "runs the bundled one: Cora's held-out questions, four models, three graders."
    where = "" if local else " It asks deployments by the models' own names; the demo has them."
    first, *rest = wrapped(f"{runs}{where}", width - 2)
    out += [(Span("x ", "key bold"), *first), *((Span("  "), *more) for more in rest), line("")]
    out += [(Span("a ", "key bold"), Span("defines one of your own, here.")), line("")]
    return [*out, *wrapped("cupola bench run FILE.toml runs one that is written already.", width, "muted")]


def _counted(outcomes: OutcomeCounts) -> dict[Outcome, int]:
    values = (
        *(outcomes.passed, outcomes.failed, outcomes.refused, outcomes.filtered),
        *(outcomes.truncated, outcomes.error, outcomes.missing),
    )
    return dict(zip(Outcome, values, strict=True))


def _grounds(verdict: Verdict) -> str:
    if verdict.word is Word.SAME:
        # It rests on the interval, not on p.
        return ""
    if verdict.word is Word.NOT_COMPARABLE:
        return ", ".join(reason.value for reason in verdict.reasons)
    if verdict.items_needed is None:
        return numbers.p_value(verdict.p)
    # What would settle it stands before the p, which says least here and is cut off first.
    money = "" if verdict.cost is None else f" {numbers.dollars(verdict.cost)}"
    return f"n≈{verdict.items_needed:,}{money} {numbers.p_value(verdict.p)}"


def _retirement_ink(day: date | None, today: date) -> str:
    if day is None:
        return "faint"
    return "bad" if day <= today else "warn" if day - today <= _SOON else "muted"
