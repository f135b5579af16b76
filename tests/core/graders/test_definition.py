from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cupola.graders import GraderDefinitionError, Multi, PythonGrader, ScoreModel, grader_hash, parse_grader

CHECK = {"type": "string_check", "name": "same", "input": "{{sample.output_text}}", "reference": "a", "operation": "eq"}
SCORE = {
    "type": "score_model",
    "name": "judge",
    "model": "o3-mini",
    "input": [{"role": "user", "content": "{{sample.output_text}}"}],
    "range": [1, 10],
    "pass_threshold": 4,
    "sampling_params": {"max_completions_tokens": 100, "temperature": 0, "seed": None},
}


def multi(**changes: Any) -> dict[str, Any]:
    return {
        "type": "multi",
        "name": "both",
        "graders": {"a": CHECK, "b": CHECK},
        "calculate_output": "a + b",
        **changes,
    }


def test_a_score_model_is_read_with_its_range_and_the_services_own_spelling_of_the_token_limit() -> None:
    grader = parse_grader(SCORE)
    assert isinstance(grader, ScoreModel)
    assert grader.range == (1.0, 10.0)
    assert grader.sampling == {"max_completion_tokens": 100, "temperature": 0}
    assert grader.pass_threshold == 4.0


def test_text_parts_of_a_message_become_one_text_and_other_parts_stay() -> None:
    parts = [{"type": "input_text", "text": "look"}, {"type": "input_image", "image_url": "{{item.url}}"}]
    text, mixed = {"role": "system", "content": parts[:1]}, {"role": "user", "content": ["a", *parts]}
    grader = parse_grader({**SCORE, "input": [text, mixed]})
    assert isinstance(grader, ScoreModel)
    assert grader.input[0] == {"role": "system", "content": "look"}
    assert grader.input[1]["content"] == [{"type": "text", "text": "a"}, *parts]


def test_a_python_grader_may_go_without_a_name() -> None:
    grader = parse_grader({"type": "python", "source": "def grade(sample, item): return 1.0"})
    assert isinstance(grader, PythonGrader)
    assert grader.name == "python"


def test_a_multi_grader_holds_its_parts_by_key() -> None:
    grader = parse_grader(multi())
    assert isinstance(grader, Multi)
    assert list(grader.graders) == ["a", "b"]


@pytest.mark.parametrize(
    ("definition", "path"),
    [
        ("not an object", ""),
        ({"type": "magic"}, "type"),
        ({"type": []}, "type"),
        ({**CHECK, "operation": "neq"}, "operation"),
        ({**CHECK, "name": ""}, "name"),
        ({**CHECK, "reference": 3}, "reference"),
        ({**SCORE, "range": [5, 1]}, "range"),
        ({**SCORE, "range": [0, float("nan")]}, "range"),
        ({**SCORE, "input": []}, "input"),
        ({**SCORE, "input": [{"role": "king", "content": "x"}]}, "input[0].role"),
        ({**SCORE, "input": [{"role": "user", "content": None}]}, "input[0].content"),
        ({**SCORE, "pass_threshold": True}, "pass_threshold"),
        (
            {"type": "text_similarity", "name": "n", "input": "", "reference": "", "evaluation_metric": "x"},
            "evaluation_metric",
        ),
        ({**SCORE, "type": "label_model", "labels": ["a"], "passing_labels": ["b"]}, "passing_labels"),
        ({"type": "python", "source": "#" * (256 * 1024 + 1)}, "source"),
        ({"type": "endpoint", "name": "e", "url": "file:///etc/passwd"}, "url"),
        (multi(graders={}), "graders"),
        (multi(graders={"a-b": CHECK}), "graders.a-b"),
        (multi(graders={"if": CHECK}), "graders.if"),
        (multi(graders={"a": {**CHECK, "operation": "is"}}), "graders.a.operation"),
        (multi(graders={"a": {**SCORE}}), "graders.a.pass_threshold"),
        (multi(graders={"a": multi()}), "graders.a.type"),
        (multi(calculate_output="a + c"), "calculate_output"),
    ],
)
def test_a_wrong_definition_is_refused_with_its_place(definition: Any, path: str) -> None:
    with pytest.raises(GraderDefinitionError) as refusal:
        parse_grader(definition)
    assert refusal.value.path == path
    assert refusal.value.reason.endswith(".")


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
KEYS = st.sampled_from(["type", "name", "model", "input", "labels", "range", "graders", "source", "headers", "url"])
TYPES = st.sampled_from(
    ["string_check", "score_model", "label_model", "python", "multi", "endpoint", "text_similarity"]
)


@settings(deadline=None)
@given(TYPES, st.dictionaries(KEYS, JSON))
def test_any_json_is_read_or_refused_in_plain_words(kind: str, fields: dict[str, Any]) -> None:
    try:
        parse_grader({**fields, "type": kind})
    except GraderDefinitionError as refusal:
        assert refusal.reason


def test_the_hash_follows_the_content_and_not_the_order_of_keys() -> None:
    assert grader_hash(CHECK) == grader_hash(dict(reversed(CHECK.items())))
    assert grader_hash(CHECK) != grader_hash({**CHECK, "reference": "b"})
    assert len(grader_hash(CHECK)) == 64


def test_secrets_in_headers_do_not_show() -> None:
    grader = parse_grader({"type": "endpoint", "name": "e", "url": "https://x.test", "headers": {"Key": "s3cret"}})
    assert "s3cret" not in repr(grader)
