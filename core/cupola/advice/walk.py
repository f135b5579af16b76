"""Walking the tree with what is known: a leaf with its path, or honestly none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from .facts import FactKind, Facts, Known, Origin, shown
from .tree import Condition, Contradiction, Leaf, Node, Tree


class How(StrEnum):
    """What an answer on the path rests on."""

    KNOWN = "known"
    ASSUMED = "assumed"
    """The fact is not known; the tree says what to suppose."""
    UNPROVEN = "unproven"
    """The interval leaves it open; the tree says which way to go then."""


@dataclass(frozen=True, slots=True)
class Step:
    """One question that was answered on the way."""

    node: Node
    answer: str
    how: How
    because: str
    """The facts that answered it, in words."""


@dataclass(frozen=True, slots=True)
class Change:
    """What would be advised if one answer on the path were another."""

    node: Node
    answer: str
    if_: str
    """What would have to be, in words."""
    leaf: Leaf | None
    """None: it could not be said without more facts."""
    missing: str = ""
    """The fact that would be missing then."""


@dataclass(frozen=True, slots=True)
class Advised:
    """A leaf was reached."""

    leaf: Leaf
    path: tuple[Step, ...]
    changes: tuple[Change, ...]
    """Those that lead to other advice first, then those that could not be said; the last question first in each."""


@dataclass(frozen=True, slots=True)
class CannotSay:
    """A question has no answer yet."""

    node: Node
    path: tuple[Step, ...]
    missing: tuple[FactKind, ...]
    """Facts that are not known; none where an interval leaves the answer open."""
    why: str
    measure: str
    """The command that would settle it; empty where only a person knows."""


@dataclass(frozen=True, slots=True)
class Contradicted:
    """Facts that cannot all be true."""

    contradiction: Contradiction
    facts: tuple[str, ...]
    """The facts in words."""


Outcome = Advised | CannotSay | Contradicted


@dataclass(frozen=True, slots=True)
class _Answer:
    branch: str
    """Empty: none."""
    how: How
    because: str
    missing: tuple[str, ...] = ()


def walk(tree: Tree, facts: Facts) -> Outcome:
    """Follow the tree from its root; contradictions are looked for first."""
    for contradiction in tree.contradictions:
        if all(holds(condition, facts) is True for condition in contradiction.all):
            names = dict.fromkeys(condition.fact for condition in contradiction.all)
            return Contradicted(contradiction, tuple(_said(tree, facts[name]) for name in names))
    steps, end = _from(tree, tree.root, facts)
    if isinstance(end, Leaf):
        return Advised(end, steps, tuple(sorted(_changes(tree, facts, steps), key=lambda change: change.leaf is None)))
    node, answer = end
    missing = tuple(tree.facts[name] for name in answer.missing)
    asked = missing or (tree.facts[node.fact],)
    measure = next((kind.measure for kind in asked if kind.measure), "")
    return CannotSay(node, steps, missing, answer.because, measure)


def askable(tree: Tree, outcome: Outcome, facts: Facts) -> list[FactKind]:
    """The facts that a person could tell to get further; none where only measuring helps, or nothing is missing."""
    if not isinstance(outcome, CannotSay):
        return []
    wanted = [name for kind in outcome.missing for name in (kind.follows_from or (kind.id,))]
    return [tree.facts[name] for name in dict.fromkeys(wanted) if name not in facts and tree.facts[name].question]


def holds(condition: Condition, facts: Facts) -> bool | None:
    """Whether a condition holds; None where a fact is missing or its interval leaves it open."""
    known = facts.get(condition.fact)
    if known is None:
        return None
    if condition.operator == "is":
        return known.value == condition.against
    other = _against(condition, facts)
    if other is None:
        return None
    low, high = known.bounds
    if condition.operator == "at_most":
        return True if high <= other[0] else False if low > other[1] else None
    return True if low >= other[1] else False if high < other[0] else None


def _from(tree: Tree, place: str, facts: Facts) -> tuple[tuple[Step, ...], Leaf | tuple[Node, _Answer]]:
    steps: list[Step] = []
    while place in tree.nodes:
        node = tree.nodes[place]
        answer = _answer(tree, node, facts)
        if not answer.branch:
            return tuple(steps), (node, answer)
        steps.append(Step(node, answer.branch, answer.how, answer.because))
        place = node.branches[answer.branch]
    return tuple(steps), tree.leaves[place]


def _answer(tree: Tree, node: Node, facts: Facts) -> _Answer:
    condition = node.condition
    names = [node.fact]
    if condition is not None and isinstance(condition.against, str):
        names.append(condition.against)
    missing = tuple(name for name in names if name not in facts)
    if missing:
        words = " and ".join(name.replace("_", " ") for name in missing)
        return _Answer(node.assume, How.ASSUMED, f"{words} not known", missing)
    if condition is None:
        return _Answer(str(facts[node.fact].value), How.KNOWN, _said(tree, facts[node.fact]))
    verdict = holds(condition, facts)
    because = _held(tree, condition, facts)
    if verdict is None:
        return _Answer(node.unproven, How.UNPROVEN, f"{because}: the interval leaves it open")
    return _Answer("yes" if verdict else "no", How.KNOWN, because)


def _against(condition: Condition, facts: Facts) -> tuple[float, float] | None:
    if not isinstance(condition.against, str):
        return float(condition.against), float(condition.against)
    other = facts.get(condition.against)
    return None if other is None else other.bounds


def _said(tree: Tree, known: Known) -> str:
    """A fact with its value and where it comes from."""
    name = known.fact.replace("_", " ")
    return f"{name} {shown(tree.facts[known.fact], known)} [{known.source or known.origin.value}]"


def _held(tree: Tree, condition: Condition, facts: Facts) -> str:
    operator = condition.operator.replace("_", " ")
    if isinstance(condition.against, str):
        return f"{_said(tree, facts[condition.fact])}, {operator} {_said(tree, facts[condition.against])}"
    bar = shown(tree.facts[condition.fact], _plain(condition))
    return f"{_said(tree, facts[condition.fact])}, {operator} {bar}"


def _plain(condition: Condition) -> Known:
    return Known(condition.fact, condition.against, Origin.DERIVED)


def _changes(tree: Tree, facts: Facts, steps: tuple[Step, ...]) -> Iterator[Change]:
    """For each answer on the path, every other answer and where it would have led, the last question first."""
    for step in reversed(steps):
        here = step.node.branches[step.answer]
        for branch, target in step.node.branches.items():
            if branch == step.answer or target == here:
                continue
            _, end = _from(tree, target, facts)
            wish = _wish(tree, step.node, branch)
            if isinstance(end, Leaf):
                yield Change(step.node, branch, wish, end)
            else:
                yield Change(step.node, branch, wish, None, ", ".join(end[1].missing) or end[0].fact)


def _wish(tree: Tree, node: Node, branch: str) -> str:
    name = node.fact.replace("_", " ")
    condition = node.condition
    kind = tree.facts[node.fact]
    if condition is None and kind.kind == "yes_no":
        return f"it were {'' if branch == 'yes' else 'not '}so that {kind.means}"
    if condition is None:
        return f"{name} were {branch}"
    against = condition.against
    if isinstance(against, str):
        bar = against.replace("_", " ")
    else:
        bar = shown(tree.facts[node.fact], _plain(condition))
    above = (condition.operator == "at_least") is (branch == "yes")
    if branch == "yes":
        return f"{name} were {'at least' if above else 'at most'} {bar}"
    return f"{name} were {'above' if above else 'below'} {bar}"
