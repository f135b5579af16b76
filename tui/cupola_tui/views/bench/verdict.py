"""The verdict panel: what is proposed for each role and why, with what speaks against it."""

from __future__ import annotations

from ...lines import Line, Span, line, wrapped
from .board import ROLE_SIGNS
from .records import BoardView

_KEYS = {"teacher": "t", "student": "s", "control": "c"}


def verdict_lines(board: BoardView, width: int) -> list[Line]:
    """The sentences, proposals first, each beside its sign."""
    if board.problem is not None:
        parts = (board.problem.what, board.problem.why, board.problem.remedy)
        return [spans for part in parts if part for spans in wrapped(part, width, "warn")]
    if not board.advice:
        return [line(("The verdict follows when answers are graded.", "muted"))]
    out: list[Line] = []
    for advice in board.advice:
        sign, ink = ROLE_SIGNS.get(advice.role, ("!", "warn") if advice.warning else ("·", "muted"))
        text_ink = "" if advice.role else "warn" if advice.warning else "muted"
        first, *rest = wrapped(advice.text, max(1, width - 2), text_ink) or [()]
        out += [(Span(f"{sign} ", ink), *first), *((Span("  "), *more) for more in rest)]
    proposed = [advice.role for advice in board.advice if advice.role]
    if proposed and not set(proposed) <= set(board.standing):
        keys = " ".join(_KEYS[role] for role in _KEYS)
        out += [
            line(""),
            line((keys, "key bold"), ("  set teacher, student, control to the row you stand on", "muted")),
        ]
    return out
