from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cupola.benchmarks.bundled import bundled, bundled_file
from cupola.benchmarks.definition import Arm, checked, from_json, to_json
from cupola.benchmarks.files import read_benchmark, to_toml
from cupola.benchmarks.items import items_of, prompt_key, read_rows, split_hash
from cupola.benchmarks.schedule import asks_of, order_of
from cupola.errors import CupolaError, UsageError

from .conftest import EXACT, defined

ITEMS = {"cora-support": 252, "zava-tone": 252, "zava-photos": 32}


@pytest.mark.parametrize("name", bundled())
def test_what_ships_can_be_read(name: str) -> None:
    file = bundled_file(name)
    assert file is not None

    found = read_benchmark(file)

    assert found.benchmark.name == name
    assert len(found.rows) == ITEMS[name]
    judges = {judge for use in found.benchmark.graders for judge in use.judges}
    assert not judges & {arm.deployment for arm in found.benchmark.arms}, "a judge must not judge itself"


def test_a_definition_survives_store_and_file(tmp_path: Path) -> None:
    what = defined(3)
    benchmark = replace(what.benchmark, budget=2.5, baseline="a", arms=(Arm("a", "a", "m", sampling={"seed": 1}),))
    data = tmp_path / "rows.jsonl"
    data.write_text("".join(f"{row}\n" for row in what.rows))
    file = tmp_path / "bench.toml"
    file.write_text(to_toml(benchmark, "rows.jsonl"))

    assert from_json(to_json(benchmark)) == benchmark
    read = read_benchmark(file).benchmark
    assert read.digest == benchmark.digest
    assert (read.margin, read.budget, read.baseline) == (0.05, 2.5, "a")


def test_the_order_of_rows_and_the_budget_change_no_hash_but_a_threshold_does() -> None:
    what = defined(4)
    other = replace(what.benchmark, budget=9.0, margin=0.2, seed=5)
    stricter = replace(what.benchmark, graders=(replace(EXACT, definition={**EXACT.definition, "name": "x"}),))

    assert split_hash(what.rows) == split_hash(what.rows[::-1])
    assert other.digest == what.benchmark.digest
    assert stricter.graders_hash != what.benchmark.graders_hash


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("name = 'x'", "dataset"),
        ("name = 'x'\ndataset = 'rows.jsonl'\nsurprise = 1", "surprise"),
        ("name = 'x'\ndataset = 'rows.jsonl'", "no arm"),
        ("name = 'x'\ndataset = 'gone.jsonl'", "cannot be read"),
        ("name = 'x'\ndataset = 'rows.jsonl'\nmargin = 2.0\n[[arms]]\ndeployment = 'a'", "no grader"),
        ("name = ", "not valid TOML"),
        ("name = 'x'\ndataset = 'rows.jsonl'\n[[prompt]]\nrole='user'\ncontent='{{item.gone}}'", "no arm"),
    ],
)
def test_a_file_that_says_too_little_is_told_so(tmp_path: Path, text: str, what: str) -> None:
    (tmp_path / "rows.jsonl").write_text('{"question": "?"}\n')
    file = tmp_path / "bench.toml"
    file.write_text(text)

    with pytest.raises(CupolaError, match=what):
        read_benchmark(file)


def test_a_row_that_the_prompt_cannot_be_filled_from_is_named_before_anything_is_paid_for() -> None:
    what = defined(2)
    rows = (*what.rows, '{"other":"field"}')

    with pytest.raises(UsageError, match="Row 3"):
        items_of(what.benchmark, rows)


def test_two_arms_of_one_name_are_refused() -> None:
    what = defined(2, ("a", "a"))

    with pytest.raises(UsageError, match="two arms"):
        checked(what.benchmark)


def test_training_conversations_ask_for_their_last_answer(tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    row = {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]}
    file.write_text(json.dumps(row) + "\n\n" + json.dumps({"item": {"a": 1}}) + "\n")

    first, second = (json.loads(row) for row in read_rows(file))

    assert first == {"messages": [{"role": "user", "content": "Hi"}], "reference": "Hello"}
    assert second == {"a": 1}


def test_volatile_fields_change_no_key_but_white_space_does() -> None:
    plain = [{"role": "user", "content": "Hi"}]

    assert prompt_key([{"role": "user", "content": "Hi", "name": None, "trace_id": "7"}]) == prompt_key(plain)
    assert prompt_key([{"role": "user", "content": "Hi "}]) != prompt_key(plain)
    assert prompt_key([{"role": "system", "content": "Hi"}]) != prompt_key(plain)


@given(st.integers(1, 12), st.integers(1, 3), st.integers(0, 5))
def test_every_row_has_one_turn_and_a_request_of_its_own(items: int, repeats: int, seed: int) -> None:
    what = defined(items, ("a",))
    benchmark = replace(what.benchmark, arms=(Arm("a", "a", "m", repeats=repeats),), seed=seed)
    found = items_of(benchmark, what.rows)

    asks = asks_of(benchmark, found)
    turns = order_of(benchmark, found)

    assert len({(ask.request, ask.number) for ask in asks}) == items * repeats
    assert sorted(turns[ask.place, ask.repeat] for ask in asks) == list(range(items * repeats))


TOOL = {"type": "function", "function": {"name": "find", "parameters": {"type": "object", "properties": {}}}}


def test_an_arms_tools_are_asked_with_and_survive_store_and_file(tmp_path: Path) -> None:
    what = defined(2)
    plain = what.benchmark.arms[0]
    armed = replace(plain, tools=(TOOL,), sampling={"tool_choice": "required"})
    benchmark = checked(replace(what.benchmark, arms=(armed,)))

    assert armed.body([]) == {"messages": [], "tool_choice": "required", "tools": [TOOL]}
    assert "tools" not in plain.body([])
    assert from_json(to_json(benchmark)) == benchmark
    assert benchmark.digest != replace(what.benchmark, arms=(plain,)).digest
    assert "tools" not in to_json(what.benchmark), "a definition without tools keeps the hash that it always had"
    (tmp_path / "rows.jsonl").write_text("\n".join(what.rows))
    (tmp_path / "bench.toml").write_text(to_toml(benchmark, "rows.jsonl"))
    assert read_benchmark(tmp_path / "bench.toml").benchmark.arms == (armed,)


def test_tools_may_stand_in_a_file_of_their_own(tmp_path: Path) -> None:
    what = defined(2)
    (tmp_path / "rows.jsonl").write_text("\n".join(what.rows))
    (tmp_path / "tools.json").write_text(json.dumps([TOOL]))
    text = to_toml(replace(what.benchmark, arms=(replace(what.benchmark.arms[0], tools=(TOOL,)),)), "rows.jsonl")
    quoted = json.dumps(json.dumps([TOOL]))
    assert quoted in text
    (tmp_path / "bench.toml").write_text(text.replace(quoted, '"tools.json"'))
    assert read_benchmark(tmp_path / "bench.toml").benchmark.arms[0].tools == (TOOL,)


@pytest.mark.parametrize(
    "changes", [{"tools": ({"type": "search"},)}, {"tools": ("find",)}, {"sampling": {"tool_choice": "auto"}}]
)
def test_tools_that_are_none_are_refused(changes: dict[str, object]) -> None:
    benchmark = defined(2).benchmark
    with pytest.raises(UsageError, match="tool"):
        checked(replace(benchmark, arms=(replace(benchmark.arms[0], **changes),)))


def test_an_engine_that_is_none_is_refused() -> None:
    with pytest.raises(UsageError, match="engine"):
        checked(replace(defined(2).benchmark, engine="there"))
