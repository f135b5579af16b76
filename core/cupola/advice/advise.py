"""The advice as one record: what is known, where the tree leads, what it costs, what comes next."""

from __future__ import annotations

import datetime as dt
import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass

from cupola_data.models import Catalogue
from cupola_data.prices import PriceList

from ..errors import UsageError
from .eligibility import eligibility, learners, region_of
from .expected import DEFAULT_MODEL, DEFAULT_MODELS, ROWS_OF, Expected, expected_cost, expected_hours, training_cost
from .facts import Facts, Known, Origin, given, shown
from .measured import Arms
from .model_table import VISION, ModelRow, find
from .tree import Contradiction, Leaf, Tree
from .walk import Advised, CannotSay, Contradicted, Outcome, walk

_METHODS = {
    "sft": "supervised",
    "raft": "supervised",
    "distillation": "supervised",
    "dpo": "dpo",
    "rft": "reinforcement",
    "vision": VISION,
}
_PLACE = re.compile(r"\{(model|student|teacher|benchmark|data)\}")
_PLACES = {name: name.upper() for name in ("model", "student", "teacher", "benchmark")} | {"data": "FILE"}


@dataclass(frozen=True, slots=True)
class NextStep:
    """A screen to open, with what is known for it."""

    opens: str
    """One of `tree.STEPS`."""
    pane: str
    method: str
    """Of training, in the service's word, or vision; empty where nothing is trained."""
    known: Mapping[str, str]
    """model, data, benchmark, student, teacher; empty where not known."""


@dataclass(frozen=True, slots=True)
class Advice:
    """An outcome with everything that a face shows of it."""

    outcome: Outcome
    facts: Facts
    command: str
    """The next step as a command line; words in capitals are to be filled in."""
    cost: Expected | None
    """None unless a leaf was reached."""
    hours: Expected | None
    next_step: NextStep | None = None
    """What a leaf's next step opens with; None unless one was reached."""


@dataclass(frozen=True, slots=True)
class Tables:
    """The shipped tables and the models as they are known."""

    catalogue: Catalogue
    prices: PriceList
    models: Sequence[ModelRow]


def read_given(tree: Tree, pairs: Iterable[str]) -> dict[str, Known]:
    """Facts that a person gave as `name=value`; the last of a name counts.

    Raises:
        UsageError: one has no `=`, an unknown name, or a value that cannot be read.
    """
    found: dict[str, Known] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        kind = tree.facts.get(name.strip())
        if not equals or kind is None:
            raise UsageError(
                f"{pair!r} is no fact.", "A fact is given as name=value.", f"Names: {', '.join(sorted(tree.facts))}."
            )
        found[kind.id] = given(kind, value)
    return found


def advise(
    tree: Tree,
    told: Mapping[str, Known],
    measured: Iterable[Known],
    tables: Tables,
    today: dt.date,
    arms: Arms | None = None,
) -> Advice:
    """Walk the tree with what a person told and what was measured.

    What was told and lies outside the measured interval is a contradiction, not a choice between the two.

    Args:
        tree: The rules.
        told: What a person said, by fact.
        measured: What the store has.
        tables: Models and prices.
        today: For retirement dates.
        arms: For the next step's command.
    """
    known = {one.fact: one for one in measured}
    clash = _clash(tree, told, known)
    facts = complete({**known, **told}, tables, today)
    outcome: Outcome = clash or walk(tree, facts)
    leaf = outcome.leaf if isinstance(outcome, Advised) else None
    command = leaf.command if leaf else outcome.measure if isinstance(outcome, CannotSay) else ""
    places = {
        **(asdict(arms) if arms else {}),
        "model": _learner(leaf, facts, tables, today),
        "data": _data(leaf, facts),
    }
    return Advice(
        outcome,
        facts,
        filled(command, places),
        expected_cost(tree, leaf, facts, tables.catalogue, tables.prices) if leaf else None,
        expected_hours(tree, leaf) if leaf else None,
        _next_step(leaf, places) if leaf else None,
    )


def _next_step(leaf: Leaf, places: Mapping[str, str]) -> NextStep:
    """Where a smaller model is to do the same, the model that does it now is the teacher."""
    turned = {"teacher": places.get("student", ""), "student": ""} if leaf.id == "distil-down" else {}
    return NextStep(leaf.opens, leaf.pane, _METHODS.get(leaf.technique, ""), {**places, **turned})


def complete(facts: Mapping[str, Known], tables: Tables, today: dt.date) -> Facts:
    """Add what follows from facts and tables: eligibility, the teacher's lead, the cost of training."""
    found = dict(facts)
    found.update((one.fact, one) for one in eligibility(found, tables.models, today))
    if "teacher_lead" not in found and {"teacher_pass_rate", "base_pass_rate"} <= found.keys():
        found["teacher_lead"] = _lead(found["teacher_pass_rate"], found["base_pass_rate"])
    if "training_cost" not in found:
        cost = training_cost(found, tables.catalogue, tables.prices)
        if cost is not None:
            found["training_cost"] = cost
    return found


def _lead(teacher: Known, base: Known) -> Known:
    """From two rates that were not paired: as wide as both intervals allow."""
    low, high = teacher.bounds[0] - base.bounds[1], teacher.bounds[1] - base.bounds[0]
    return Known("teacher_lead", (low + high) / 2, Origin.DERIVED, "from both pass rates, not paired", low, high)


def _clash(tree: Tree, told: Mapping[str, Known], known: Mapping[str, Known]) -> Contradicted | None:
    for name in told.keys() & known.keys():
        mine, theirs, kind = told[name], known[name], tree.facts[name]
        if not kind.is_number:
            continue
        (low, high), (bottom, top) = mine.bounds, theirs.bounds
        if kind.kind in ("share", "lead") and (high < bottom or low > top):
            words = f"You say {name.replace('_', ' ')} {shown(kind, mine)}, and {shown(kind, theirs)} was measured."
            remedy = "Leave the fact out to take what was measured, or give --unmeasured to take what you say."
            where = f"{name.replace('_', ' ')} {shown(kind, theirs)} [{theirs.source}]"
            return Contradicted(Contradiction(words, remedy, ()), (where,))
    return None


def _learner(leaf: Leaf | None, facts: Facts, tables: Tables, today: dt.date) -> str:
    """The model that the next step is about: the named one, unless it cannot learn so; then one that can."""
    named = str(facts["model"].value) if "model" in facts else ""
    method = _METHODS.get(leaf.technique) if leaf is not None else None
    if method is None or leaf is None or leaf.id == "distil-down":
        return named
    region = region_of(facts)
    row = find(tables.models, named) if named else None
    if row is not None and row.learns(method, region, today):
        return row.name
    able = learners(tables.models, method, region, today)
    usual = DEFAULT_MODELS.get(leaf.technique, DEFAULT_MODEL)
    return next((one.name for one in able if one.name == usual), able[0].name if able else "")


def _data(leaf: Leaf | None, facts: Facts) -> str:
    """The file that the store counted for this technique."""
    known = facts.get(ROWS_OF.get(leaf.technique if leaf else "", "rows"))
    return known.source if known is not None and known.origin is Origin.MEASURED else ""


def filled(command: str, values: Mapping[str, str]) -> str:
    """A command of the tree with what is known in it, else with words in capitals.

    Each place is filled once, so that no value is read as a place.
    """

    def value(match: re.Match[str]) -> str:
        known = values.get(match[1], "")
        return shlex.quote(known) if known else _PLACES[match[1]]

    return _PLACE.sub(value, command)
