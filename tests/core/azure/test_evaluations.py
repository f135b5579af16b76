"""Output items as the service tells them: what joins them, what became of them, what they say."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cupola.azure.wire import evaluation_answers
from cupola.azure.wire import evaluations as wire


def told(**fields: Any) -> dict[str, Any]:
    value = {
        "id": "outputitem_1",
        "status": "pass",
        "datasource_item_id": 3,
        "datasource_item": {"messages": [{"role": "user", "content": "q"}], "target": "5"},
        "results": [{"name": "g-2c25a2e8-8d35-4849-afea-a94dea800b50", "score": 4.0, "passed": True, "sample": None}],
        "sample": {"output": [{"role": "assistant", "content": "a"}], "finish_reason": "stop", "error": None},
    }
    return {**value, **fields}


def outcome(**fields: Any) -> str:
    found = wire.item(told(**fields), "run", 0)
    assert found is not None
    return found.outcome


def test_a_row_is_the_same_whatever_its_trace_and_its_empty_fields() -> None:
    bare = {"messages": [{"role": "user", "content": "q"}], "target": "5"}
    shown = {
        "messages": [{"name": None, "role": "user", "content": "q"}],
        "target": "5",
        "tools": None,
        "trace": {"spans": [1, 2]},
    }
    assert wire.row_hash(bare) == wire.row_hash(shown)
    assert wire.row_hash(bare) != wire.row_hash({**bare, "target": "6"})
    assert wire.row_hash({"q": "a b"}) != wire.row_hash({"q": "a  b"})


def test_rows_that_ask_the_same_share_a_prompt_though_their_references_differ() -> None:
    first, second = (
        wire.item(told(datasource_item={"messages": [{"role": "user", "content": "q"}], "target": target}), "run", 0)
        for target in ("5", "6")
    )
    assert first is not None and second is not None
    assert first.prompt == second.prompt and first.row != second.row


def test_outcomes_tell_the_models_doing_from_the_services() -> None:
    failed_grader = [{"name": "g", "score": 0.0, "passed": False, "error": {"code": "python_grader_server_error"}}]
    unreadable = [{"name": "g", "score": 0.0, "passed": False, "error": {"code": "sample_parse_error"}}]
    failed_judge = [{"name": "g", "score": 0.0, "sample": {"error": {"message": "overloaded"}}}]
    assert outcome() == "pass"
    assert outcome(status="fail") == "fail"
    assert outcome(status="fail", results=failed_grader) == "error"
    assert outcome(status="fail", results=failed_judge) == "error"
    assert outcome(status="fail", results=unreadable) == "fail"
    assert outcome(status="error", results=[], sample={"error": {"code": "429"}}) == "error"
    assert outcome(results=[], sample={"error": {"code": "content_filter"}}) == "filtered"
    assert outcome(sample={"finish_reason": "length"}) == "truncated"
    assert outcome(sample={"output": [{"refusal": "no"}]}) == "refused"
    assert outcome(status="something new") == "error"


@pytest.mark.parametrize(
    ("name", "step"), [("Step 0", 0), ("step 15", 15), ("Step 3 ", 3), ("o3-2aa2befa", None), ("Step x", None)]
)
def test_the_step_is_read_from_the_runs_name(name: str, step: int | None) -> None:
    found = wire.run({"id": "evalrun_1", "name": name}, "eval_1")
    assert found is not None and found.step == step


def test_the_texts_of_an_item_are_found_with_tool_calls_and_reasons() -> None:
    calls = [{"type": "function", "function": {"name": "look_up", "arguments": '{"id": 7}'}}]
    judge = {"output": [{"role": "assistant", "content": "because"}]}
    value = told(
        sample={"output": [{"role": "assistant", "content": None, "tool_calls": calls}], "finish_reason": "tool_calls"},
        results=[{"name": "g-2c25a2e8-8d35-4849-afea-a94dea800b50", "score": 4, "passed": True, "sample": judge}],
    )
    found = evaluation_answers.answer(json.dumps(value))
    assert found.messages == (("user", "q"),)
    assert found.fields == (("target", "5"),)
    assert (found.text, found.tools) == ("", 'look_up({"id": 7})')
    (grade,) = found.grades
    assert (grade.name, grade.score, grade.passed, grade.reasons) == ("g", 4.0, True, ("because",))


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
fields = st.sampled_from(["status", "datasource_item_id", "datasource_item", "results", "sample"])


@given(st.dictionaries(fields, json_values))
def test_whatever_stands_in_an_item_it_is_read_without_an_error(other: dict[str, Any]) -> None:
    value = told(**other)
    found = wire.item(value, "run", 0)
    assert found is not None and found.outcome in ("pass", "fail", "refused", "filtered", "truncated", "error")
    evaluation_answers.answer(found.raw)


@given(st.text())
def test_a_text_that_is_no_item_gives_empty_texts(content: str) -> None:
    found = evaluation_answers.answer(content)
    assert found.text == "" or isinstance(json.loads(content), dict)
