"""The verdict panel: what is proposed for each role and why, with what speaks against it."""

from __future__ import annotations

from cupola.benchmarks.roles import Proposal

from ...lines import Line, Span, line, wrapped
from ..words import count
from .board import ROLE_SIGNS
from .records import BoardView


def verdict_lines(view: BoardView, width: int) -> list[Line]:
    """The proposals, each beside its letter, with reasons and warnings; then what else the numbers say."""
    if view.problem is not None:
        parts = (view.problem.what, view.problem.why, view.problem.remedy)
        return [spans for part in parts if part for spans in wrapped(part, width, "warn")]
    if view.board is None and view.working:
        return wrapped("The answers so far are being compared.", width, "muted")
    if not view.proposals:
        return [*wrapped("The verdict follows when answers are graded.", width, "muted"), *_sight_lines(view, width)]
    out: list[Line] = []
    told: set[str] = set()
    for proposal in view.proposals:
        out += _proposal_lines(proposal, view, told, width)
    for note in view.notes:
        out += _beside("·", "muted", note, "muted", width)
    return out


def _sight_lines(view: BoardView, width: int) -> list[Line]:
    """How small a difference shows, before anything is paid for."""
    sight = view.sight
    if sight is None:
        return []
    text = (
        f"Before it is paid for: {count(sight.prompts, 'prompt')} can show a difference of pass rates of"
        f" {sight.difference:.0%} or more (80% power at .05), {sight.basis}."
    )
    return [(), *wrapped(text, width, "info")]


def _proposal_lines(proposal: Proposal, view: BoardView, told: set[str], width: int) -> list[Line]:
    sign, ink = ROLE_SIGNS[proposal.role.value]
    if proposal.index is None:
        return _beside(sign, "faint", " ".join(proposal.reasons), "muted", width)
    standing = view.standing.get(proposal.role.value)
    decided = "" if standing is None else " (decided)" if standing == proposal.name else f" (decided: {standing})"
    first, *rest = proposal.reasons
    out = _beside(sign, ink, f"{first}{decided}", "", width)
    out += [spans for text in rest for spans in _beside(" ", "", text, "muted", width)]
    for warning in proposal.warnings:
        # A warning that holds for several roles is told once.
        if warning not in told:
            told.add(warning)
            out += _beside("!", "warn bold", warning, "warn", width)
    return out


def _beside(sign: str, ink: str, text: str, text_ink: str, width: int) -> list[Line]:
    first, *rest = wrapped(text, max(1, width - 2), text_ink) or [()]
    return [(Span(f"{sign} ", ink), *first), *((Span("  "), *more) for more in rest)]


def keys_line() -> Line:
    """How to decide."""
    keys = (("t", " teacher  "), ("s", " student  "), ("c", " control"))
    return line(*(part for key, words in keys for part in ((key, "key bold"), (words, "muted"))))
