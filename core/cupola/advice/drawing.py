"""The tree as lines to draw: every question and leaf once, a shared part where it is met first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .tree import Leaf, Node, Tree
from .walk import Advised, CannotSay, Outcome, Step

_Way = tuple[str, str]
"""A node and one of its answers."""


@dataclass(frozen=True, slots=True)
class TreeLine:
    """One line of the drawn tree."""

    rails: str
    """The lines to its left, such as `│  ├─ `."""
    branch: str
    """The answer that leads here; empty at the root."""
    place: Node | Leaf
    on_path: bool
    """The facts lead through here."""
    end: bool
    """The facts lead to here and no further."""
    again: bool
    """It is drawn in full elsewhere; here it is only named."""


def tree_lines(tree: Tree, outcome: Outcome | None = None) -> list[TreeLine]:
    """The whole tree from its root. A part that several answers lead to is drawn in full on the path, else once."""
    steps = outcome.path if isinstance(outcome, Advised | CannotSay) else ()
    taken = {(step.node.id, step.answer) for step in steps}
    end = _end(outcome)
    full = _drawn_in_full(tree, steps)

    def below(way: _Way, rails: str, under: str, on_path: bool) -> Iterator[TreeLine]:
        place = tree.nodes[way[0]].branches[way[1]] if way[0] else tree.root
        here = tree.nodes.get(place) or tree.leaves[place]
        again = bool(way[0]) and full[place] != way
        yield TreeLine(rails, way[1], here, on_path, on_path and place == end, again)
        if again or not isinstance(here, Node):
            return
        last = [*here.branches][-1]
        for answer in here.branches:
            rail, gap = ("└─ ", "   ") if answer == last else ("├─ ", "│  ")
            yield from below((place, answer), under + rail, under + gap, on_path and (place, answer) in taken)

    return list(below(("", ""), "", "", outcome is not None))


def _end(outcome: Outcome | None) -> str:
    if isinstance(outcome, Advised):
        return outcome.leaf.id
    return outcome.node.id if isinstance(outcome, CannotSay) else ""


def _drawn_in_full(tree: Tree, steps: tuple[Step, ...]) -> dict[str, _Way]:
    """Along which way each place is drawn in full: the path's, else the one met first from the root."""
    found: dict[str, _Way] = {step.node.branches[step.answer]: (step.node.id, step.answer) for step in steps}
    waiting = [tree.root]
    while waiting:
        place = waiting.pop(0)
        for answer, target in tree.nodes[place].branches.items() if place in tree.nodes else ():
            if found.setdefault(target, (place, answer)) == (place, answer):
                waiting.append(target)
    return found
