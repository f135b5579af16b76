"""The decision tree: records, and reading them from TOML with every reference checked."""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from .facts import KINDS, FactKind

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


class _Named(Protocol):
    @property
    def id(self) -> str: ...


_Item = TypeVar("_Item", bound=_Named)
_Record = TypeVar("_Record", bound="DataclassInstance")

SCHEMA = 1
TECHNIQUES = ("none", "prompting", "rag", "sft", "dpo", "rft", "distillation", "raft", "vision")
STEPS = ("submit", "distil", "raft", "pairs", "prompt", "label", "models", "data", "cost", "results")
COSTS = ("none", "calls", "tokens", "hours")
_OPERATORS = ("at_least", "at_most", "is")
_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "str": str,
    "bool": bool,
    "dt.date": dt.date,
    "float | str | None": (int, float, str),
    "Mapping[str, str]": dict,
    "tuple[str, ...]": list,
    "tuple[float, float] | None": list,
}
"""What TOML gives for each annotation of the records."""


class TreeError(ValueError):
    """The tree's file does not keep to its schema; says where."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a rule or number was read, and when."""

    title: str
    date: dt.date
    confirmed: bool

    def __str__(self) -> str:
        return f"{self.title}, {self.date}{'' if self.confirmed else ', not confirmed'}"


@dataclass(frozen=True, slots=True)
class Condition:
    """A fact held against a number, another fact, or a word."""

    fact: str
    operator: str
    """at_least, at_most or is."""
    against: float | str
    """A number, or the id of a fact; for `is` a word."""


@dataclass(frozen=True, slots=True)
class Node:
    """A question about one fact, and where each answer leads."""

    id: str
    question: str
    fact: str
    branches: Mapping[str, str]
    why: str
    source: str
    at_least: float | str | None = None
    at_most: float | str | None = None
    assume: str = ""
    """The branch where a fact is not known; empty: it cannot be said."""
    unproven: str = ""
    """The branch where an interval leaves the answer open; empty: it cannot be said."""

    @property
    def condition(self) -> Condition | None:
        """What a number is held against; None where the fact's own word is the answer."""
        if self.at_least is not None:
            return Condition(self.fact, "at_least", self.at_least)
        return Condition(self.fact, "at_most", self.at_most) if self.at_most is not None else None


@dataclass(frozen=True, slots=True)
class Leaf:
    """A piece of advice."""

    id: str
    technique: str
    title: str
    because: str
    cost: str
    command: str
    opens: str
    """The screen of the next step, one of STEPS."""
    key: str
    """How one gets there by hand."""
    pane: str
    source: str
    hours: tuple[float, float] | None = None
    """Wall time from first to last."""
    hours_source: str = ""


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Conditions that cannot all hold."""

    words: str
    remedy: str
    all: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Tree:
    """Everything that advice is made from."""

    root: str
    facts: Mapping[str, FactKind]
    nodes: Mapping[str, Node]
    leaves: Mapping[str, Leaf]
    contradictions: tuple[Contradiction, ...]
    sources: Mapping[str, Source]


@cache
def shipped_tree() -> Tree:
    """The tree that ships."""
    return read_tree(files("cupola_data").joinpath("advice.toml").read_text(encoding="utf-8"))


def read_tree(text: str) -> Tree:
    """Read a tree and check that every reference holds, that it has no circle and that all of it can be reached.

    Raises:
        TreeError: it does not keep to the schema.
    """
    try:
        table = tomllib.loads(text)
        if table.get("schema") != SCHEMA:
            raise TreeError(f"schema is {table.get('schema')!r}, not {SCHEMA}")
        tree = Tree(
            root=table["root"],
            facts=_by_id("fact", [_record(FactKind, entry) for entry in table["fact"]]),
            nodes=_by_id("node", [_record(Node, entry) for entry in table["node"]]),
            leaves=_by_id("leaf", [_record(Leaf, entry) for entry in table["leaf"]]),
            contradictions=tuple(_contradiction(entry) for entry in table.get("contradiction", ())),
            sources={name: _record(Source, entry) for name, entry in table["sources"].items()},
        )
    except tomllib.TOMLDecodeError as error:
        raise TreeError(f"not TOML: {error}") from error
    except KeyError as error:
        raise TreeError(f"{error.args[0]} is missing") from error
    problem = next(_problems(tree), None)
    if problem:
        raise TreeError(problem)
    return tree


def _by_id(what: str, records: list[_Item]) -> dict[str, _Item]:
    found: dict[str, _Item] = {}
    for record in records:
        if record.id in found:
            raise TreeError(f"two {what}s are called {record.id}")
        found[record.id] = record
    return found


def _record(kind: type[_Record], entry: Mapping[str, Any]) -> _Record:
    where = f"{kind.__name__} {entry.get('id', '')}"
    known = {field.name: str(field.type) for field in fields(kind)}
    for name, value in entry.items():
        if name not in known:
            raise TreeError(f"{where}: unknown key {name}")
        if not isinstance(value, _TYPES[known[name]]) or (isinstance(value, bool) and known[name] != "bool"):
            raise TreeError(f"{where}: {name} cannot be {value!r}")
    values = {name: tuple(value) if isinstance(value, list) else value for name, value in entry.items()}
    try:
        return kind(**values)
    except TypeError as error:
        raise TreeError(f"{where}: {error}") from error


def _contradiction(entry: Mapping[str, Any]) -> Contradiction:
    return Contradiction(entry["words"], entry["remedy"], tuple(_condition(one) for one in entry["all"]))


def _condition(entry: Mapping[str, Any]) -> Condition:
    (operator,) = [name for name in entry if name != "fact"] or ("",)
    if operator not in _OPERATORS:
        raise TreeError(f"{operator!r} is none of {', '.join(_OPERATORS)}")
    return Condition(entry["fact"], operator, entry[operator])


def _problems(tree: Tree) -> Iterator[str]:
    places = tree.nodes.keys() | tree.leaves.keys()
    if both := tree.nodes.keys() & tree.leaves.keys():
        yield f"both node and leaf: {', '.join(sorted(both))}"
    if tree.root not in places:
        yield f"root: there is no {tree.root}"
    for fact in tree.facts.values():
        if fact.kind not in KINDS:
            yield f"fact {fact.id}: no kind {fact.kind!r}"
        if strange := fact.notes.keys() - set(fact.words):
            yield f"fact {fact.id}: no words {', '.join(sorted(strange))}"
        for name in fact.follows_from:
            if name not in tree.facts:
                yield f"fact {fact.id}: there is no fact {name}"
    for node in tree.nodes.values():
        yield from _node_problems(tree, node, places)
    for leaf in tree.leaves.values():
        yield from _leaf_problems(tree, leaf)
    for contradiction in tree.contradictions:
        for condition in contradiction.all:
            yield from _condition_problems(tree, "contradiction", condition)
    yield from _shape_problems(tree, places)


def _node_problems(tree: Tree, node: Node, places: set[str]) -> Iterator[str]:
    where = f"node {node.id}"
    for target in node.branches.values():
        if target not in places:
            yield f"{where}: there is no {target}"
    if node.source not in tree.sources:
        yield f"{where}: there is no source {node.source}"
    if node.fact not in tree.facts:
        yield f"{where}: there is no fact {node.fact}"
        return
    if node.condition is not None:
        yield from _condition_problems(tree, where, node.condition)
    if node.condition is None and tree.facts[node.fact].is_number:
        yield f"{where}: a number needs at_least or at_most"
    wanted = {"yes", "no"} if node.condition else set(tree.facts[node.fact].words)
    if set(node.branches) != wanted:
        yield f"{where}: branches are {', '.join(node.branches)}, not {', '.join(sorted(wanted))}"
    for branch in (node.assume, node.unproven):
        if branch and branch not in node.branches:
            yield f"{where}: there is no branch {branch}"


def _condition_problems(tree: Tree, where: str, condition: Condition) -> Iterator[str]:
    names = [condition.fact]
    if condition.operator != "is" and isinstance(condition.against, str):
        names.append(condition.against)
    for name in names:
        if name not in tree.facts:
            yield f"{where}: there is no fact {name}"
        elif tree.facts[name].is_number is (condition.operator == "is"):
            yield f"{where}: {name} cannot be held against {condition.operator}"


def _leaf_problems(tree: Tree, leaf: Leaf) -> Iterator[str]:
    if leaf.technique not in TECHNIQUES:
        yield f"leaf {leaf.id}: no technique {leaf.technique!r}"
    if leaf.opens not in STEPS:
        yield f"leaf {leaf.id}: no next step {leaf.opens!r}"
    if leaf.cost not in COSTS:
        yield f"leaf {leaf.id}: no cost {leaf.cost!r}"
    for source in (leaf.source, leaf.hours_source):
        if source and source not in tree.sources:
            yield f"leaf {leaf.id}: there is no source {source}"
    if (leaf.hours is None) is not (leaf.hours_source == ""):
        yield f"leaf {leaf.id}: hours and their source go together"


def _shape_problems(tree: Tree, places: set[str]) -> Iterator[str]:
    seen: set[str] = set()

    def below(place: str, above: tuple[str, ...]) -> Iterator[str]:
        if place in above:
            yield f"a circle: {' > '.join((*above, place))}"
        elif place not in seen and place in places:
            seen.add(place)
            for target in tree.nodes[place].branches.values() if place in tree.nodes else ():
                yield from below(target, (*above, place))

    yield from below(tree.root, ())
    if lost := places - seen:
        yield f"never reached: {', '.join(sorted(lost))}"
