"""The leaderboard: its title, rows, the outcomes of the row under the cursor, progress, and the empty screen."""

from __future__ import annotations

from datetime import date, timedelta

from cupola.statistics.estimates import Interval
from cupola.statistics.outcomes import Outcome, OutcomeCounts
from cupola.statistics.verdicts import Verdict, Word
from cupola.store.benchmarks import RunState

from ...lines import Line, Span, flowed, joined, line, wrapped
from ...widgets.table import Column
from ..jobs import bar
from ..words import duration
from . import numbers
from .intervals import interval_bar
from .records import ROLES, ArmView, BoardView

BAR = 3
"""The place of the interval bar among the columns."""

_SOON = timedelta(days=60)

ROLE_SIGNS = {"teacher": ("T", "series2 bold"), "student": ("S", "series1 bold"), "control": ("C", "series3 bold")}

OUTCOME_SIGNS: dict[Outcome, tuple[str, str]] = {
    Outcome.PASS: ("✓", "good"),
    Outcome.FAIL: ("✗", "bad"),
    Outcome.REFUSED: ("R", "warn"),
    Outcome.FILTERED: ("F", "warn"),
    Outcome.TRUNCATED: ("T", "warn"),
    Outcome.ERROR: ("E", "muted"),
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

_STATE_INKS = {
    RunState.WANTED: "info",
    RunState.RUNNING: "info",
    RunState.DONE: "good",
    RunState.STOPPED: "warn",
    RunState.CANCELLED: "muted",
}


def columns(board: BoardView, axis: Interval) -> list[Column]:
    """The columns of a leaderboard; the bar's title tells its axis."""
    low, high = (numbers.score(end, board.scale.width) for end in (axis.low, axis.high))
    reference = next((arm.name for arm in board.arms if arm.place == board.reference), "the best")
    return [
        Column("", 1),
        Column("model", 13, flexible=True),
        Column("score", 5, right=True),
        Column(f"{low} · 95% CI · {high}", 15, flexible=True),
        Column("pass", 4, right=True),
        Column("else", 7, drop=2),
        Column("p50", 6, right=True, drop=1),
        Column("p95", 6, right=True, drop=4),
        Column("$/1k", 7, right=True),
        Column("tokens", 6, right=True, drop=6),
        Column("retires", 7, drop=3),
        Column(f"against {reference}", 17, flexible=True),
    ]


def cells(arm: ArmView, board: BoardView, axis: Interval, bar_width: int, today: date) -> tuple[Line, ...]:
    """The cells of an arm's row."""
    width = board.scale.width
    ink = "muted" if arm.dominated else ""
    dot = "axis" if arm.dominated else "accent"
    score = arm.score
    return (
        role_cell(arm, board),
        line((arm.name, ink)),
        line((numbers.score(score.value, width), f"{ink} bold")) if score else numbers.NONE,
        interval_bar(score, axis, bar_width, dot) if score else line(("no graded answer yet", "muted")),
        line((numbers.share(arm.outcomes.pass_rate), ink)) if arm.outcomes.judged else numbers.NONE,
        others_cell(arm.outcomes),
        line((numbers.seconds(arm.p50), ink)),
        line((numbers.seconds(arm.p95), ink)),
        line((numbers.dollars(arm.usd_per_thousand), ink)),
        line((f"{arm.tokens:.0f}", ink)) if arm.tokens is not None else numbers.NONE,
        line((numbers.month(arm.retires), _retirement_ink(arm.retires, today))),
        verdict_cell(arm, board),
    )


def role_cell(arm: ArmView, board: BoardView) -> Line:
    """T, S or C for what was decided; the same letters small for what is proposed."""
    decided = [role for role in ROLES if board.standing.get(role) == arm.name]
    if decided:
        return line(ROLE_SIGNS[decided[0]])
    return line("")


def others_cell(outcomes: OutcomeCounts) -> Line:
    """What was neither pass nor fail: `1R 2E`."""
    counted = _counted(outcomes)
    parts = [
        line((f"{counted[outcome]}{sign}", ink))
        for outcome, (sign, ink) in OUTCOME_SIGNS.items()
        if outcome not in (Outcome.PASS, Outcome.FAIL) and counted[outcome]
    ]
    return joined(parts, line(" ")) if parts else line(("0", "faint"))


def verdict_cell(arm: ArmView, board: BoardView) -> Line:
    """The verdict's word with its p, or that it is the arm the others are held against."""
    if arm.place == board.reference:
        return line(("highest score" if arm is board.arms[0] else "baseline", "muted"))
    if arm.verdict is None:
        return numbers.NONE
    return line((arm.verdict.word.value, _VERDICT_INKS[arm.verdict.word]), (f" {_grounds(arm.verdict)}", "muted"))


def outcomes_line(arm: ArmView, width: int) -> list[Line]:
    """All outcomes of an arm, which sum to n, and what the open ones leave possible."""
    counted = _counted(arm.outcomes)
    parts: list[Line] = [line((arm.name, "bold"))]
    for outcome, (_, ink) in OUTCOME_SIGNS.items():
        parts.append(
            line((str(counted[outcome]), ink if counted[outcome] else "faint"), (f" {outcome.value}", "muted"))
        )
    total = line((f"= {arm.outcomes.total}", "bold"))
    parts[-1] = (*parts[-1], Span(" "), *total)
    if arm.outcomes.open and arm.outcomes.judged:
        bounds = arm.outcomes.bounds
        parts.append(line((f"pass rate {bounds.low:.0%} to {bounds.high:.0%} with the open ones", "warn")))
    if arm.first_token is not None:
        parts.append(line((f"first token {numbers.seconds(arm.first_token)}", "muted")))
    if arm.score is not None and arm.score.few_prompts:
        parts.append(line(("few prompts", "warn")))
    return flowed(parts, line(("  ", "faint")), width)


def title(board: BoardView) -> str:
    """The box's title."""
    return " · ".join([board.name, *([f"{board.items:,} items"] if board.items else []), ", ".join(board.graders)])


def method(board: BoardView) -> str:
    """The box's foot: how the verdicts were reached."""
    if board.family == 0:
        return ""
    return f"paired, Holm-corrected over {board.family}, margin ±{numbers.score(board.margin or 0, board.scale.width)}"


def run_lines(board: BoardView, width: int) -> list[Line]:
    """How far the newest run is, what it cost, and why it stopped."""
    run = board.run
    if run is None:
        return []
    done = run.progress
    steps, wanted = done.answered + done.failed + done.graded, done.rows + done.gradings
    parts: list[Line] = [line((run.state.value, _STATE_INKS[run.state]))]
    if run.state is not RunState.DONE and wanted:
        parts[0] = (*parts[0], Span("  "), *bar(steps / wanted, 16), Span(f" {min(1.0, steps / wanted):.0%}"))
    parts.append(
        line((f"{done.answered:,} of {done.rows:,} answered, {done.graded:,} of {done.gradings:,} graded", "muted"))
    )
    spent = f"{numbers.dollars(done.usd)}" + (f" of ≤{numbers.dollars(run.budget)}" if run.budget is not None else "")
    parts.append(line((spent, ""), (" spent", "muted")))
    if done.unpriced:
        parts.append(line((f"{done.unpriced:,} answers without a price", "warn")))
    for count, words, ink in (
        (done.reused, "kept from before", "muted"),
        (done.throttled, "asked to wait", "muted"),
        (done.lost, "lost and sent again", "warn"),
        (done.failed, "failed", "warn"),
    ):
        if count:
            parts.append(line((f"{count:,} {words}", ink)))
    if done.seconds:
        parts.append(line((duration(done.seconds), "muted")))
    out = flowed(parts, line((" · ", "faint")), width)
    if run.problem is not None:
        words = " ".join(part for part in (run.problem.what, run.problem.why, run.problem.remedy) if part)
        out += wrapped(f"! {words}", width, "warn", "  ")
    return out


def nothing_yet(width: int, bundled: bool) -> list[Line]:
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
    if bundled:
        out += [
            line(("x", "key bold"), " runs the bundled one: Cora's held-out questions, four models, three graders."),
            line(""),
        ]
    return [*out, *wrapped("cupola bench run FILE.toml runs one of your own.", width, "muted")]


def _counted(outcomes: OutcomeCounts) -> dict[Outcome, int]:
    values = (
        *(outcomes.passed, outcomes.failed, outcomes.refused, outcomes.filtered),
        *(outcomes.truncated, outcomes.error, outcomes.missing),
    )
    return dict(zip(Outcome, values, strict=True))


def _grounds(verdict: Verdict) -> str:
    if verdict.word is Word.NOT_COMPARABLE:
        return ", ".join(reason.value for reason in verdict.reasons)
    needed = f" n≈{verdict.items_needed:,}" if verdict.items_needed is not None else ""
    return f"{numbers.p_value(verdict.p)}{needed}"


def _retirement_ink(day: date | None, today: date) -> str:
    if day is None:
        return "faint"
    return "bad" if day <= today else "warn" if day - today <= _SOON else "muted"
