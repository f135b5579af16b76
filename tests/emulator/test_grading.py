"""How a reinforcement job's samples are graded, and what is counted of it, apart from any job."""

from __future__ import annotations

import pytest

from cupola.emulator.engine import Answer
from cupola.emulator.training.grading import open_grading

EXACT = {
    "type": "string_check",
    "name": "exact",
    "input": "{{sample.output_text}}",
    "reference": "{{item.wanted}}",
    "operation": "eq",
}
JSON = {**EXACT, "input": "{{sample.output_json.answer}}"}
BOTH = {
    "type": "multi",
    "name": "both",
    "graders": {"one": {**EXACT, "name": "one"}},
    "calculate_output": "1 / (one - 1)",
    "invalid_grade": -1.0,
}
ROW = {"messages": [{"role": "user", "content": "Say yes."}], "wanted": "yes"}
VALID = {**ROW}


def answer(text, finish_reason="stop"):
    return Answer(text, finish_reason, prompt_tokens=3, completion_tokens=2)


@pytest.mark.parametrize(
    ("grader", "said", "reward", "error", "counted"),
    [
        (EXACT, answer("yes"), 1.0, None, set()),
        (EXACT, answer(" \n"), 0.0, "unresponsive_reward_error", {"unresponsive_reward_error"}),
        (BOTH, answer(""), -1.0, "unresponsive_reward_error", {"unresponsive_reward_error"}),
        (EXACT, answer("yes", "length"), 1.0, None, {"truncated_observation_error"}),
        (EXACT, answer("", "length"), 0.0, "unresponsive_reward_error", None),
        (JSON, answer("no JSON"), 0.0, "sample_parse_error", {"sample_parse_error"}),
        (JSON, answer('{"reply": 1}'), 0.0, "invalid_variable_error", {"invalid_variable_error"}),
        (BOTH, answer("yes"), -1.0, "formula_parse_error", {"formula_parse_error"}),
    ],
)
def test_a_sample_is_worth_what_its_grader_says_and_its_errors_are_counted(grader, said, reward, error, counted):
    with open_grading(grader, [VALID]) as grading:
        grade = grading.grade(ROW, said)
        grading.grade(VALID, answer("yes"))
        grading.grade(ROW, answer("no"))
        errors = grading.take()["errors"]
    assert (grade.reward, grade.error) == (reward, error)
    expected = counted if counted is not None else {"unresponsive_reward_error", "truncated_observation_error"}
    trained = {name for name, value in errors.items() if name.startswith("train_") and value and name.endswith("_mean")}
    assert {f"train_{family}_mean" for family in expected} <= trained
    assert all(errors[f"train_{family}_mean"] == 0.5 for family in expected if grader is EXACT)
    assert errors["valid_unresponsive_reward_error_mean"] == 0.0


def test_the_parts_of_a_multi_grader_are_counted_each_by_itself():
    pair = {"exact": EXACT, "json": JSON}
    multi = {"type": "multi", "name": "pair", "graders": pair, "calculate_output": "(exact + json) / 2"}
    with open_grading(multi, [VALID]) as grading:
        for row, text in ((ROW, '{"answer": "yes"}'), (ROW, "yes"), (VALID, "yes")):
            grading.grade(row, answer(text))
        told = grading.take()
    exact, parsed = told["parts"]["exact"], told["parts"]["json"]
    assert exact["rewards"] == {"train_reward_mean": 0.5, "valid_reward_mean": 1.0}
    assert parsed["rewards"] == {"train_reward_mean": 0.5, "valid_reward_mean": 0.0}
    assert exact["errors"]["train_sample_parse_error_count"] == 0
    assert parsed["errors"]["train_sample_parse_error_count"] == told["errors"]["train_sample_parse_error_count"] == 1


def test_what_was_told_is_not_told_again():
    with open_grading(EXACT, []) as grading:
        grading.grade(ROW, answer(""))
        assert grading.take()["errors"]["train_unresponsive_reward_error_count"] == 1
        assert grading.take()["errors"] == {}
