"""Every leaf is reached by some facts; whatever is known, there is a leaf or an honest word that there is none."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from cupola.advice.advise import Tables, advise, read_given
from cupola.advice.facts import Known, Origin
from cupola.advice.measured import Arms
from cupola.advice.tree import TECHNIQUES, Tree
from cupola.advice.walk import Advised, CannotSay, Contradicted, How, askable
from cupola.errors import UsageError

from .conftest import TODAY, Ask, measured

_BAD = {"base_pass_rate": "0.3", "target_pass_rate": "0.9", "prompt_tried": "yes"}
_GOOD = {"base_pass_rate": "0.95", "target_pass_rate": "0.9"}
_REASONING = {**_BAD, "failure": "reasoning", "verifiable": "program", "prompts": "300"}
_NOWHERE = {"supervised_model": "no", "dpo_model": "no", "vision_model": "no"}

LEAVES: Mapping[str, Mapping[str, str]] = {
    "none-good": _GOOD,
    "distil-down": {**_GOOD, "base_cost": "5", "cost_target": "1"},
    "none-model": {**_GOOD, "base_p95": "9", "latency_target": "1", **_NOWHERE},
    "prompting": {**_BAD, "prompt_tried": "no"},
    "rag": {**_BAD, "failure": "knowledge", "rag_tried": "no"},
    "rag-mend": {**_BAD, "failure": "knowledge", "rag_tried": "yes", "retrieval_hit_rate": "0.5"},
    "raft": {**_BAD, "failure": "knowledge", "rag_tried": "yes", "retrieval_hit_rate": "0.95"},
    "vision": {**_BAD, "failure": "images", "image_rows": "80"},
    "none-images": {**_BAD, "failure": "images", "image_rows": "20"},
    "none-vision-model": {**_BAD, "failure": "images", **_NOWHERE},
    "dpo": {**_BAD, "failure": "style", "pairs": "600"},
    "dpo-make": {**_BAD, "failure": "style", "pairs": "40", "can_compare": "yes"},
    "rft": _REASONING,
    "none-grader": {**_REASONING, "verifiable": "judge", "grader_agreement": "0.5..0.7"},
    "sft": {**_BAD, "failure": "format", "rows": "400"},
    "none-budget": {**_BAD, "failure": "format", "rows": "400", "tokens_per_row": "5000", "budget": "1"},
    "distillation": {**_BAD, "failure": "format", "rows": "0", "teacher_pass_rate": "0.9"},
    "none-data": {**_BAD, "failure": "format", "rows": "0", "teacher_pass_rate": "0.25"},
}


@pytest.mark.parametrize("leaf", LEAVES)
def test_facts_lead_to_the_leaf(leaf: str, ask: Ask) -> None:
    advice = ask(LEAVES[leaf])
    assert isinstance(advice.outcome, Advised)
    assert advice.outcome.leaf.id == leaf
    assert advice.command.startswith("cupola ") and "{" not in advice.command
    assert advice.cost is not None and advice.hours is not None


def test_no_leaf_and_no_technique_is_left_untried(tree: Tree) -> None:
    assert tree.leaves.keys() == LEAVES.keys()
    assert {leaf.technique for leaf in tree.leaves.values()} == set(TECHNIQUES)


def test_nothing_known_is_answered_with_what_to_measure(ask: Ask, tree: Tree) -> None:
    advice = ask({})
    assert isinstance(advice.outcome, CannotSay)
    assert advice.command == "cupola bench run BENCHMARK"
    assert [kind.id for kind in askable(tree, advice.outcome, advice.facts)] == ["base_pass_rate", "target_pass_rate"]


def test_an_interval_across_the_target_is_not_decided(ask: Ask) -> None:
    advice = ask({"base_pass_rate": "0.8..0.97", "target_pass_rate": "0.9"})
    assert isinstance(advice.outcome, CannotSay)
    assert advice.outcome.missing == ()
    assert "interval leaves it open" in advice.outcome.why
    assert advice.command == "cupola bench run BENCHMARK"


def test_a_teacher_that_is_not_shown_to_be_better_does_not_teach(ask: Ask) -> None:
    facts = {**LEAVES["distillation"], "base_pass_rate": "0.2..0.5", "teacher_pass_rate": "0.4..0.7"}
    advice = ask(facts)
    assert isinstance(advice.outcome, Advised)
    assert advice.outcome.leaf.id == "none-data"
    assert advice.outcome.path[-1].how is How.UNPROVEN


def test_an_unknown_teacher_is_asked_for_by_its_pass_rate(ask: Ask, tree: Tree) -> None:
    advice = ask({name: value for name, value in LEAVES["distillation"].items() if name != "teacher_pass_rate"})
    assert isinstance(advice.outcome, CannotSay)
    assert [kind.id for kind in askable(tree, advice.outcome, advice.facts)] == ["teacher_pass_rate"]


def test_the_changes_are_what_the_tree_says_for_other_facts(ask: Ask) -> None:
    facts = {**_REASONING, "rows": "400"}
    advice = ask(facts)
    assert isinstance(advice.outcome, Advised)
    told = {change.node.id: change.leaf.id for change in advice.outcome.changes if change.leaf}
    for node, other in (("rft-prompts", {"prompts": "10"}), ("rft-budget", {"budget": "10"})):
        again = ask({**facts, **other})
        assert isinstance(again.outcome, Advised)
        assert told[node] == again.outcome.leaf.id == "sft"


def test_a_change_that_would_need_more_facts_names_them(ask: Ask) -> None:
    advice = ask(_REASONING)
    assert isinstance(advice.outcome, Advised)
    missing = {change.node.id: change.missing for change in advice.outcome.changes if change.leaf is None}
    assert missing["rft-budget"] == "rows"


@pytest.mark.parametrize(
    "facts",
    [
        {"verifiable": "no", "grader_agreement": "0.9"},
        {"rag_tried": "no", "retrieval_hit_rate": "0.4"},
        {"can_compare": "no", "pairs": "30"},
    ],
)
def test_facts_that_contradict_each_other_are_named(facts: Mapping[str, str], ask: Ask) -> None:
    advice = ask({**LEAVES["sft"], **facts})
    assert isinstance(advice.outcome, Contradicted)
    assert len(advice.outcome.facts) == 2 and advice.outcome.contradiction.remedy


def test_a_word_against_what_was_measured_is_a_contradiction(tree: Tree, tables: Tables) -> None:
    found = [measured("base_pass_rate", 0.4, 0.3, 0.5)]
    said = read_given(tree, ["base_pass_rate=0.95", "target_pass_rate=0.9"])
    assert isinstance(advise(tree, said, found, tables, TODAY).outcome, Contradicted)
    within = read_given(tree, ["base_pass_rate=0.45", "target_pass_rate=0.9", "prompt_tried=no"])
    assert isinstance(advise(tree, within, found, tables, TODAY).outcome, Advised)


def test_a_reasoning_model_is_named_for_reinforcement_whatever_was_to_get_better(ask: Ask) -> None:
    assert "--model o4-mini " in ask({**_REASONING, "model": "gpt-4.1-nano"}).command


def test_a_retired_model_by_the_services_word_is_offered_no_more(tree: Tree, tables: Tables) -> None:
    from cupola.advice.model_table import Until

    over = Until(TODAY.replace(year=2025), "the service", True)
    gone = replace(tables, models=[replace(row, training_until=over) for row in tables.models])
    advice = advise(tree, read_given(tree, [f"{k}={v}" for k, v in LEAVES["sft"].items()]), (), gone, TODAY)
    assert isinstance(advice.outcome, Advised) and advice.outcome.leaf.id == "none-model"


def test_hostile_names_stay_one_word_of_the_command(tree: Tree, tables: Tables) -> None:
    said = read_given(tree, [f"{name}={value}" for name, value in LEAVES["distillation"].items()])
    arms = Arms("small; rm -rf {data}", "$(id)", "{model}")
    words = shlex.split(advise(tree, said, (), tables, TODAY, arms).command)
    assert words[3:] == [arms.benchmark, "--prompts", "FILE", "--teacher", arms.teacher, "--student", arms.student]


@pytest.mark.parametrize(
    "text",
    ["base_pass_rate", "nonsense=1", "base_pass_rate=2", "base_pass_rate=nan", "rows=-1", "rows=inf", "failure=bad",
     "base_pass_rate=0.6..0.4", "base_pass_rate=", "model=", "model=a\x1b[2J", "prompt_tried=maybe", "budget=1e999"],
)  # fmt: skip
def test_what_is_no_fact_is_refused(text: str, tree: Tree) -> None:
    with pytest.raises(UsageError):
        read_given(tree, [text])


@pytest.mark.parametrize(
    ("text", "value"), [("base_pass_rate=42%", 0.42), ("budget=$50", 50.0), ("prompt_tried=Y", "yes")]
)
def test_facts_are_read_as_people_write_them(text: str, value: object, tree: Tree) -> None:
    (known,) = read_given(tree, [text]).values()
    assert known.value == value and known.origin is Origin.GIVEN


_SHARES = st.sampled_from([0.0, 0.04, 0.3, 0.79, 0.85, 0.95, 1.0])
_COUNTS = st.sampled_from([0.0, 1.0, 49.0, 50.0, 120.0, 900.0])


def _values(tree: Tree, name: str) -> st.SearchStrategy[Known]:
    kind = tree.facts[name]
    if not kind.is_number:
        words = st.sampled_from(kind.words or ("gpt-4.1-nano", "o4-mini", "swedencentral", "nothing-known"))
        return words.map(lambda word: Known(name, word, Origin.GIVEN))
    numbers = _SHARES if kind.kind in ("share", "lead") else _COUNTS
    ends = st.tuples(numbers, numbers).map(sorted)
    return ends.map(lambda pair: Known(name, sum(pair) / 2, Origin.GIVEN, "", pair[0], pair[1]))


@st.composite
def _anything(draw: st.DrawFn, tree: Tree) -> dict[str, Known]:
    names = draw(st.sets(st.sampled_from(sorted(tree.facts))))
    return {name: draw(_values(tree, name)) for name in sorted(names)}


@drawn(data=st.data())
def test_any_facts_lead_to_a_leaf_or_to_an_honest_cannot_say(data: st.DataObject, tree: Tree, tables: Tables) -> None:
    facts = data.draw(_anything(tree))
    advice = advise(tree, facts, (), tables, TODAY)
    outcome = advice.outcome
    if isinstance(outcome, Contradicted):
        assert all(condition.fact in facts for condition in outcome.contradiction.all)
        return
    for step in outcome.path:
        assert step.answer in step.node.branches
        assert (step.node.fact in advice.facts) or step.how is How.ASSUMED
    if isinstance(outcome, CannotSay):
        assert outcome.missing or "interval" in outcome.why
        assert all(kind.id not in advice.facts for kind in outcome.missing)
        assert advice.command or askable(tree, outcome, advice.facts)
        return
    last = outcome.path[-1]
    assert last.node.branches[last.answer] == outcome.leaf.id
    assert all(change.leaf is None or change.leaf is tree.leaves[change.leaf.id] for change in outcome.changes)


@drawn(data=st.data())
def test_every_cannot_say_ends_once_its_facts_are_told(data: st.DataObject, tree: Tree, tables: Tables) -> None:
    facts = data.draw(_anything(tree))
    for _ in range(len(tree.facts) + 1):
        advice = advise(tree, facts, (), tables, TODAY)
        kinds = askable(tree, advice.outcome, advice.facts)
        if not kinds:
            break
        facts[kinds[0].id] = data.draw(_values(tree, kinds[0].id))
    assert not askable(tree, advice.outcome, advice.facts)
