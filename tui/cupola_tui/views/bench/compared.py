"""Two arms held against each other: difference with its interval, wins and losses, p and verdict."""

from __future__ import annotations

from cupola.benchmarks.leaderboard import Leaderboard
from cupola.benchmarks.roles import settling
from cupola.statistics.verdicts import Word

from ...lines import Line, flowed, line, wrapped
from . import numbers


def comparison_lines(board: Leaderboard, first: int, second: int, width: int) -> list[Line]:
    """The second arm against the first."""
    names = [board.benchmark.arms[index].name for index in (first, second)]
    verdict, pair = board.verdict_of(second, first), board.pair_of(second, first)
    if verdict is None or pair is None:
        return [line(("No result yet to compare.", "muted"))]
    if pair.comparison is None:
        return wrapped(f"Not comparable: {', '.join(reason.value for reason in pair.reasons)}.", width, "warn")
    found, scale = pair.comparison, board.view.scale.width
    interval = found.difference.interval
    ends = f"{numbers.signed(interval.low, scale)} to {numbers.signed(interval.high, scale)}"
    parts = [
        line((names[1], "bold"), (" minus ", "muted"), (names[0], "bold")),
        line((numbers.signed(found.difference.value, scale), "bold"), (f"  95% {ends}", "")),
        line((f"{found.won} higher", "good"), (f"  {found.lost} lower", "bad")),
        line((f"{numbers.p_value(found.p_corrected)} {found.test.value}, Holm over {found.family}", "muted")),
        line((verdict.word.value, "warn" if verdict.word is Word.INCONCLUSIVE else "accent")),
    ]
    out = flowed(parts, line((" · ", "faint")), width)
    if verdict.word is Word.INCONCLUSIVE:
        out += wrapped(settling(verdict).capitalize(), width, "muted")
    return out
