"""Labelling by hand: one answer without a word of whose it is; and what the labels say of the grader."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping

from cupola.benchmarks.definition import GraderUse
from cupola.benchmarks.labels import GraderReport, ToLabel

from ...lines import Line, Span, line, wrapped
from ..jobs import bar
from . import numbers
from .columns import broken

_LONGEST = 600


def task_lines(task: ToLabel, use: GraderUse, done: int, total: int, width: int) -> list[Line]:
    """What to judge: the grader's question, the prompt, what graders may read, the answer."""
    head = (*bar(done / max(1, total), 16), *line(f" {done} of {total}  ", ("judge by ", "muted"), (use.name, "bold")))
    out: list[Line] = [head, ()]
    for text in _question(use.definition):
        out += _part("question", text[:_LONGEST], width, "muted")
    for message in task.messages:
        if message.get("role") == "user":
            out += _part("asked", _text(message.get("content")), width, "")
    used = " ".join(_text(message.get("content")) for message in task.messages)
    for name, value in task.fields.items():
        if name != "messages" and _text(value) and _text(value) not in used:
            out += _part(name, _text(value)[:_LONGEST], width, "muted")
    return [*out, (), *_part("answer", task.text or "(no text)", width, "bold")]


def report_lines(report: GraderReport, width: int, *, asks_model: bool = False) -> list[Line]:
    """Agreement, kappa, confusion, self-consistency, and every arm's pass rate as people would have seen it."""
    out: list[Line] = [line((f"How far {report.grader} can be trusted", "accent bold")), ()]
    if report.agreement is None:
        out += wrapped("No answer has both a label and a grade yet.", width, "muted")
        return [*out, line(""), *_consistency(report, width, asks_model)]
    found = report.agreement
    low, high = found.agreed_interval.low, found.agreed_interval.high
    out += _part("labels", f"{report.labelled}, and {report.unsure} unsure", width, "")
    out += _part("agreement", f"{found.agreed:.0%}, 95% {low:.0%} to {high:.0%}", width, "")
    kappa = "not defined: all said the same" if math.isnan(found.kappa) else f"{found.kappa:.2f}"
    ends = f"95% {found.kappa_interval.low:.2f} to {found.kappa_interval.high:.2f}"
    out += _part("kappa", kappa if math.isnan(found.kappa) else f"{kappa}, {ends}", width, "")
    (both, missed), (wrong, neither) = found.matrix.tolist()
    out += _part("you pass", f"{both} passed by the grader too, {missed} failed by it", width, "")
    out += _part("you fail", f"{wrong} passed by the grader, {neither} failed by it too", width, "")
    out += _consistency(report, width, asks_model)
    if report.corrected:
        out += [(), line(("Pass rates corrected by the labels (Rogan and Gladen)", "bold"))]
    for arm, corrected in report.corrected:
        if corrected.value is None or corrected.interval is None:
            text = (
                f"{numbers.share(corrected.raw)} by the grader; grader unusable: no better than a coin as far as seen"
            )
        else:
            ends = f"95% {numbers.share(corrected.interval.low)} to {numbers.share(corrected.interval.high)}"
            text = f"{numbers.share(corrected.raw)} by the grader, {numbers.share(corrected.value)} corrected, {ends}"
        out += _part(arm, text, width, "" if corrected.usable else "warn", 18)
    return out


def _consistency(report: GraderReport, width: int, asks_model: bool) -> list[Line]:
    """How far the grader agrees with itself; what would tell, where it was never shown an answer twice."""
    found = report.consistency
    if found is not None:
        text = f"says the same again {found.value:.0%}, 95% {found.interval.low:.0%} to {found.interval.high:.0%}"
        return _part("itself", text, width, "")
    if not asks_model:
        return _part("itself", "asks no model, and is not shown answers again", width, "muted")
    text = "not known: cupola grader calibrate BENCHMARK --again 1 shows it some answers once more"
    return _part("itself", text, width, "muted")


def keys_line() -> Line:
    """How to answer."""
    keys = (("p", "pass"), ("f", "fail"), ("u", "unsure"), ("z", "undo"), ("r", "so far"), ("esc", "close"))
    return line(*(part for key, words in keys for part in ((key, "key bold"), (f" {words}   ", "muted"))))


def _question(definition: Mapping[str, object]) -> list[str]:
    """The grader model's own instructions; nothing for a grader that is a formula."""
    messages = definition.get("input")
    if not isinstance(messages, list):
        return []
    return [
        _text(message.get("content"))
        for message in messages
        if isinstance(message, dict) and message.get("role") in ("system", "developer")
    ]


def _part(label: str, text: str, width: int, ink: str, room: int = 11) -> list[Line]:
    rows = broken([Span(text, ink)], width - room)
    name = Span(f"{label[: room - 1]:<{room}}", "info")
    return [(name if number == 0 else Span(" " * room), *spans) for number, spans in enumerate(rows)]


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, ensure_ascii=False)
