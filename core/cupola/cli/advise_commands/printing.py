"""Advice as lines for a person and as a record for a program."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...advice.advise import Advice
from ...advice.drawing import tree_lines
from ...advice.expected import Expected, dollars, duration
from ...advice.tree import Node, Tree
from ...advice.walk import Advised, CannotSay, Change, Contradicted, Step
from ..text import clean

CANNOT_SAY = 7
CONTRADICTED = 2


def exit_code(advice: Advice) -> int:
    """0 for advice, 7 where it cannot be said, 2 where facts contradict each other."""
    if isinstance(advice.outcome, Advised):
        return 0
    return CANNOT_SAY if isinstance(advice.outcome, CannotSay) else CONTRADICTED


def lines(tree: Tree, advice: Advice, *, whole: bool) -> Iterator[str]:
    """The advice as text; `whole` draws the tree below it."""
    for line in _body(tree, advice):
        yield clean(line)
    if whole:
        yield ""
        yield from drawn(tree, advice)


def drawn(tree: Tree, advice: Advice) -> Iterator[str]:
    """The whole tree; `>` marks the way through it, `↑` a part that is drawn elsewhere."""
    for line in tree_lines(tree, advice.outcome):
        words = line.place.question if isinstance(line.place, Node) else line.place.title
        answer = f"{line.branch}: " if line.branch else ""
        yield f"{'>' if line.on_path else ' '} {line.rails}{answer}{words}{' ↑' if line.again else ''}"


def row(tree: Tree, advice: Advice) -> dict[str, Any]:
    """The advice as a record."""
    outcome = advice.outcome
    common = {
        "command": advice.command or None,
        "facts": {
            name: {
                "value": known.value,
                "interval": list(known.bounds) if not isinstance(known.value, str) else None,
                "origin": known.origin.value,
                "source": known.source,
            }
            for name, known in advice.facts.items()
        },
    }
    if isinstance(outcome, Contradicted):
        found = outcome.contradiction
        return {"outcome": "contradiction", "why": found.words, "remedy": found.remedy, **common}
    path = [_step(tree, step) for step in outcome.path]
    if isinstance(outcome, CannotSay):
        own = {
            "question": outcome.node.question,
            "why": outcome.why,
            "missing": [kind.id for kind in outcome.missing],
            "path": path,
        }
        return {"outcome": "cannot_say", **own, **common}
    leaf = outcome.leaf
    return {
        "outcome": "advice",
        "technique": leaf.technique,
        "advice": leaf.id,
        "title": leaf.title,
        "because": leaf.because,
        "source": str(tree.sources[leaf.source]),
        "path": path,
        "changes": [_change(change) for change in outcome.changes],
        "cost_usd": _range(advice.cost),
        "hours": _range(advice.hours),
        "key": leaf.key,
        **common,
    }


def _body(tree: Tree, advice: Advice) -> Iterator[str]:
    outcome = advice.outcome
    if isinstance(outcome, Contradicted):
        yield f"Cannot say: {outcome.contradiction.words}"
        yield from (f"  {fact}" for fact in outcome.facts)
        yield outcome.contradiction.remedy
        return
    if isinstance(outcome, CannotSay):
        yield f"Cannot say yet: {outcome.node.question}"
        yield f"  {outcome.why}"
        if advice.command:
            yield f"  Measure it first: {advice.command}"
        yield from (f"  Or say it: --fact {kind.id}=..." for kind in outcome.missing if kind.question)
        yield from _path(tree, outcome.path)
        return
    yield outcome.leaf.title
    yield f"  {outcome.leaf.because} [{tree.sources[outcome.leaf.source]}]"
    yield from _path(tree, outcome.path)
    yield from _changes(outcome.changes)
    if advice.cost and advice.hours:
        yield f"Cost: {advice.cost.words(dollars)}"
        yield f"Time: {advice.hours.words(duration)}"
    yield f"Next: {advice.command}"
    yield f"      on the screen: {outcome.leaf.key}"


def _path(tree: Tree, path: tuple[Step, ...]) -> Iterator[str]:
    if path:
        yield "The way here"
    for step in path:
        how = "" if step.how.value == "known" else f", {step.how.value}"
        yield f"  {step.node.question} {step.answer}{how}"
        yield f"    {step.because}"
        yield f"    {step.node.why} [{tree.sources[step.node.source]}]"


def _changes(changes: tuple[Change, ...]) -> Iterator[str]:
    yield "What would change it"
    for change in changes:
        then = change.leaf.title if change.leaf else f"cannot say without {change.missing.replace('_', ' ')}"
        yield f"  If {change.if_}: {then}"


def _range(expected: Expected | None) -> dict[str, Any] | None:
    if expected is None:
        return None
    return {"low": expected.low, "high": expected.high, "basis": expected.basis, "source": expected.source}


def _step(tree: Tree, step: Step) -> dict[str, Any]:
    return {
        "question": step.node.question,
        "answer": step.answer,
        "rests_on": step.how.value,
        "facts": step.because,
        "why": step.node.why,
        "source": str(tree.sources[step.node.source]),
    }


def _change(change: Change) -> dict[str, Any]:
    return {
        "if": change.if_,
        "then": change.leaf.id if change.leaf else None,
        "technique": change.leaf.technique if change.leaf else None,
        "missing": change.missing or None,
    }
