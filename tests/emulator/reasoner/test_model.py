from __future__ import annotations

import json
from typing import Any

import pytest

from cupola.emulator.engine import AnswerRequest
from cupola.emulator.reasoner import STAGES, base_weights, load, load_base
from cupola_data import countdown

from .conftest import Exam, ask

ROW = countdown.rows("test")[0]


def request(**changes: Any) -> AnswerRequest:
    return AnswerRequest(**{"messages": ROW["messages"], "max_tokens": 100_000, "seed": 1, **changes})


def test_the_base_stages_pass_about_as_often_as_the_models_they_stand_for(exam: Exam) -> None:
    rates = {stage: exam.pass_rate(load_base(stage)) for stage in STAGES}
    assert 0.005 <= rates["gpt-4.1-mini"] <= 0.08
    assert 0.06 <= rates["gpt-4.1"] <= 0.2
    assert 0.68 <= rates["o4-mini"] <= 0.86
    assert rates["o3"] >= 0.9


def test_more_effort_thinks_longer_and_passes_more_often(exam: Exam) -> None:
    model = load_base("o4-mini")
    low, high = (ask(model, exam.rows, effort)[0].reasoning_tokens for effort in ("low", "high"))
    assert high > 8 * low > 0
    assert exam.pass_rate(model, "medium", 3) > exam.pass_rate(model, "low", 3) + 0.03


def test_a_seeded_answer_does_not_depend_on_its_batch() -> None:
    model = load_base("o4-mini")
    rows = countdown.rows("valid")[:6]
    batch = ask(model, rows)
    alone = [answer for row in rows for answer in ask(load_base("o4-mini"), [row])]
    assert batch == alone


def test_unseeded_answers_follow_from_the_models_own_seed() -> None:
    from cupola.emulator.reasoner import Reasoner

    weights = base_weights("gpt-4.1")
    first, second, other = (
        [answer.text for answer in Reasoner(weights, seed).answer([request(seed=None)] * 5)] for seed in (1, 1, 2)
    )
    assert first == second != other
    assert len(set(first)) > 1


def test_tokens_add_up_and_only_reasoning_stages_reason() -> None:
    (thought,) = load_base("o4-mini").answer([request()])
    (plain,) = load_base("gpt-4.1").answer([request()])
    assert thought.completion_tokens > thought.reasoning_tokens > 100
    assert plain.reasoning_tokens == 0
    assert thought.prompt_tokens == plain.prompt_tokens > 20


def test_a_response_format_is_kept_to() -> None:
    schema = {
        "name": "x",
        "schema": {
            "properties": {
                "steps": {"type": "array"},
                "solution": {"type": "string"},
                "value": {"type": "number"},
                "note": {"type": ["string", "null"]},
            }
        },
    }
    for answer in load_base("gpt-4.1-mini").answer([request(json_schema=schema, seed=i) for i in range(40)]):
        body = json.loads(answer.text)
        assert set(body) == {"steps", "solution", "value", "note"}
        assert isinstance(body["value"], int | float)
        assert isinstance(body["solution"], str)


def test_an_untrained_stage_sometimes_forgets_json_when_none_is_forced() -> None:
    texts = [answer.text for answer in load_base("gpt-4.1-mini").answer([request(seed=i) for i in range(60)])]
    assert any(text.startswith("{") for text in texts)
    assert any(text.startswith("The best") for text in texts)


@pytest.mark.parametrize(
    "schema", [{}, {"properties": {}}, {"properties": []}, {"properties": {"a": None}}, {"schema": 3}]
)
def test_any_schema_gets_some_json(schema: dict[str, Any]) -> None:
    (answer,) = load_base("o4-mini").answer([request(json_schema=schema)])
    assert isinstance(json.loads(answer.text), dict)


def test_thoughts_count_against_the_token_limit() -> None:
    model = load_base("o4-mini")
    (starved,) = model.answer([request(max_tokens=50)])
    assert (starved.text, starved.finish_reason, starved.completion_tokens) == ("", "length", 50)
    (whole,) = model.answer([request()])
    (cut,) = model.answer([request(max_tokens=whole.completion_tokens - 3)])
    assert whole.text.startswith(cut.text)
    assert cut.finish_reason == "length"
    assert cut.completion_tokens == whole.completion_tokens - 3


def test_a_stop_string_ends_the_answer() -> None:
    (answer,) = load_base("o4-mini").answer([request(stop=("result",), json_schema={})])
    assert "result" not in answer.text
    assert answer.finish_reason == "stop"


def test_what_is_no_puzzle_is_told_so() -> None:
    puzzle, other = load_base("o3").answer([request(), request(messages=[{"role": "user", "content": "Hello!"}])])
    assert "no number puzzle" in other.text
    assert "no number puzzle" not in puzzle.text


def test_puzzles_of_different_sizes_may_share_a_batch() -> None:
    prompts = ["Numbers: 3, 5. Target: 15", "Numbers: 1, 2, 3, 4, 5, 6. Target: 100", "Numbers: -3, 0. Target: -3"]
    answers = load_base("o3").answer([request(messages=[{"role": "user", "content": text}]) for text in prompts])
    assert "3" in answers[0].text
    assert "5" in answers[0].text
    assert all(answer.text for answer in answers)


def test_a_checkpoint_serves_what_it_holds() -> None:
    weights = base_weights("o4-mini")
    assert load(weights).answer([request()]) == load_base("o4-mini").answer([request()])
