"""One item: the prompt, every model's answer side by side, and what each grader made of it and why."""

from __future__ import annotations

from dataclasses import dataclass

from cupola.benchmarks.browse import differences
from cupola.statistics.outcomes import Outcome
from cupola.store.answers import Answer

from ...lines import Line, Span, line, wrapped
from . import numbers
from .board import OUTCOME_SIGNS
from .columns import beside, broken

_NARROWEST = 34
"""Cells that an answer's column needs."""

_MOST_LINES = 10_000

_COMPARED = 6_000
"""Letters of an answer that are compared, since that is quadratic; what follows is shown as different."""


@dataclass(frozen=True, slots=True)
class GradeView:
    """What one grader made of an answer."""

    name: str
    reward: float | None
    passed: bool | None
    range_width: float
    errors: tuple[str, ...] = ()
    details: str = ""
    reasons: tuple[str, ...] = ()
    """What a grader model wrote before its verdict."""
    parts: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class AnswerView:
    """One model's answer to the item."""

    arm: str
    repeat: int | None
    """None where the model was asked once."""
    outcome: Outcome
    answer: Answer | None
    grades: tuple[GradeView, ...] = ()

    @property
    def text(self) -> str:
        """What the model said."""
        if self.answer is None:
            return ""
        return self.answer.text or self.answer.refusal or ""


@dataclass(frozen=True, slots=True)
class ItemView:
    """An item with all its answers."""

    place: int
    number: int
    """Its place in the list it was opened from, from 1."""
    total: int
    messages: tuple[tuple[str, str], ...]
    """Role and text of what was asked."""
    fields: tuple[tuple[str, str], ...]
    """What graders may read besides."""
    answers: tuple[AnswerView, ...]


def columns_that_fit(width: int, count: int) -> int:
    """How many answers stand beside each other."""
    return max(1, min(count, (width + 3) // (_NARROWEST + 3)))


def item_lines(view: ItemView, first: int, width: int, *, diff: bool, whole: bool = False) -> list[Line]:
    """The item; answers from `first` on stand side by side, two of them with their differing words in ink.

    Of a prompt the beginnings are shown, all of the last message, or all of it when `whole`.
    """
    out: list[Line] = []
    for number, (role, text) in enumerate(view.messages):
        last = number == len(view.messages) - 1
        most = _MOST_LINES if whole or last else 2
        out += _labelled(role, text, width, "" if role == "user" else "muted", most)
    for name, text in view.fields:
        out += _labelled(name, text, width, "muted", _MOST_LINES if whole else 2)
    shown = view.answers[first : first + columns_that_fit(width, 2 if diff else len(view.answers))]
    if not shown:
        return out
    each = (width - 3 * (len(shown) - 1)) // len(shown)
    texts = [_text(answer) for answer in shown]
    if diff and len(shown) == 2:
        texts = list(_word_diff(shown[0].text, shown[1].text))
    out.append(())
    stands = [
        [*_head(answer), *broken(text, each), (), *_grades(answer, each)]
        for answer, text in zip(shown, texts, strict=True)
    ]
    return [*out, *beside(stands, each, Span(" │ ", "edge"))]


def _labelled(name: str, text: str, width: int, ink: str, most: int) -> list[Line]:
    lines = broken([Span(text, ink)], width - 10)
    if len(lines) > most:
        lines = [*lines[:most], line((f"… {len(lines) - most} more lines, z shows them", "faint"))]
    label = Span(f"{name[:9]:<10}", "info")
    return [(label if number == 0 else Span(" " * 10), *spans) for number, spans in enumerate(lines)]


def _head(answer: AnswerView) -> list[Line]:
    sign, ink = OUTCOME_SIGNS[answer.outcome]
    repeat = "" if answer.repeat is None else f" #{answer.repeat + 1}"
    head = line((f"{sign} ", f"{ink} bold"), (f"{answer.arm}{repeat}", "bold"), (f"  {answer.outcome.value}", ink))
    found = answer.answer
    if found is None:
        return [head, ()]
    facts = [numbers.seconds(found.seconds) if found.seconds is not None else ""]
    facts.append(f"{found.completion_tokens:,} tokens" if found.completion_tokens is not None else "")
    facts.append(numbers.dollars(found.usd) if found.usd is not None else "")
    facts.append(found.finish_reason if found.finish_reason and found.finish_reason != "stop" else "")
    return [head, line((" · ".join(fact for fact in facts if fact), "muted"))]


def _text(answer: AnswerView) -> list[Span]:
    if answer.answer is None:
        return [Span("not asked yet", "muted")]
    if answer.answer.problem is not None:
        problem = answer.answer.problem
        return [Span(" ".join(part for part in (problem.what, problem.why) if part), "warn")]
    if not answer.text:
        return [Span("the content filter held it back" if answer.answer.filtered else "no text", "muted")]
    return [Span(answer.text)]


def _grades(answer: AnswerView, width: int) -> list[Line]:
    return [spans for grade in answer.grades for spans in _grade(grade, width)]


def _grade(grade: GradeView, width: int) -> list[Line]:
    if grade.reward is None:
        head = line(("! ", "bad"), (grade.name, "bold"), ("  no score", "bad"))
    else:
        sign, ink = ("–", "muted") if grade.passed is None else ("✓", "good") if grade.passed else ("✗", "bad")
        reward = numbers.score(grade.reward, grade.range_width)
        head = line((f"{sign} ", ink), (grade.name, "bold"), (f"  {reward}", ink))
    parts = "  ".join(f"{name} {value:.2g}" for name, value in grade.parts)
    words = [*grade.errors, grade.details] if grade.reward is None else [grade.details]
    out = [head, *(spans for text in words if text for spans in _indented(text, width, "warn"))]
    if parts:
        out += _indented(parts, width, "muted")
    for reason in grade.reasons:
        out += _indented(reason, width, "muted")
    return out


def _indented(text: str, width: int, ink: str) -> list[Line]:
    return [(Span("  "), *spans) for spans in wrapped(text, max(1, width - 2), ink)]


def _word_diff(first: str, second: str) -> tuple[list[Span], list[Span]]:
    left: list[Span] = []
    right: list[Span] = []
    for change in differences(first[:_COMPARED], second[:_COMPARED]):
        if change.kind != "second":
            left.append(Span(change.text, "" if change.kind == "same" else "lost"))
        if change.kind != "first":
            right.append(Span(change.text, "" if change.kind == "same" else "gained"))
    left.append(Span(first[_COMPARED:], "lost"))
    right.append(Span(second[_COMPARED:], "gained"))
    return left, right
