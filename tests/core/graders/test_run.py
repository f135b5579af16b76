from __future__ import annotations

import json
from typing import Any

import pytest

from cupola.graders import (
    EndpointReply,
    EndpointRequest,
    ModelReply,
    ModelRequest,
    PythonSandbox,
    TokenUsage,
    grading,
    parse_grader,
    run_grader,
    run_grader_async,
    run_response,
    text_sample,
)

ITEM = {"reference": "Yes", "question": "Is it?"}


def check(operation: str, reference: str = "{{item.reference}}") -> dict[str, Any]:
    return {
        "type": "string_check",
        "name": operation,
        "input": "{{sample.output_text}}",
        "reference": reference,
        "operation": operation,
    }


JUDGE = {
    "type": "score_model",
    "name": "judge",
    "model": "o3-mini",
    "input": [{"role": "user", "content": "Q: {{item.question}} A: {{sample.output_text}}"}],
    "range": [0, 10],
    "pass_threshold": 6,
}


@pytest.mark.parametrize(
    ("operation", "text", "reward"),
    [
        ("eq", "Yes", 1.0),
        ("eq", "yes", 0.0),
        ("ne", "yes", 1.0),
        ("like", "I say Yes.", 1.0),
        ("like", "I say yes.", 0.0),
        ("ilike", "I say yes.", 1.0),
        ("ilike", "no", 0.0),
    ],
)
def test_string_checks_compare_and_contain(operation: str, text: str, reward: float) -> None:
    result = run_grader(parse_grader(check(operation)), ITEM, text_sample(text))
    assert result.reward == reward
    assert result.passed is (reward == 1.0)
    assert not result.errors


def test_a_similarity_passes_at_its_threshold() -> None:
    definition = {
        "type": "text_similarity",
        "name": "near",
        "input": "{{sample.output_text}}",
        "reference": "abcd",
        "evaluation_metric": "fuzzy_match",
        "pass_threshold": 0.75,
    }
    assert run_grader(parse_grader(definition), {}, text_sample("abcx")).passed is True
    assert run_grader(parse_grader(definition), {}, text_sample("axxx")).passed is False


def test_a_missing_variable_is_an_error_and_not_a_score() -> None:
    result = run_grader(parse_grader(check("eq", "{{item.nowhere}}")), ITEM, text_sample("x"))
    assert result.reward is None
    assert result.passed is None
    assert result.errors.families == ("invalid_variable_error",)


def test_a_field_of_an_answer_that_is_not_json_is_a_parse_error_of_the_sample() -> None:
    grader = parse_grader({**check("eq", "1"), "input": "{{sample.output_json.x}}"})
    assert run_grader(grader, ITEM, text_sample('{"x": 1}')).reward == 1.0
    assert run_grader(grader, ITEM, text_sample("{x")).errors.families == ("sample_parse_error",)
    assert run_grader(grader, ITEM, text_sample('{"y": 1}')).errors.families == ("invalid_variable_error",)


def test_a_model_grader_asks_the_rendered_prompt_and_reads_the_score() -> None:
    asked: list[ModelRequest] = []

    def ask(request: ModelRequest) -> ModelReply:
        asked.append(request)
        return ModelReply('{"steps": [], "result": 7}', usage=TokenUsage(10, 5))

    result = run_grader(parse_grader(JUDGE), ITEM, text_sample("{{item.reference}}"), ask)
    assert (result.reward, result.passed) == (7.0, True)
    assert asked[0].model == "o3-mini"
    assert asked[0].messages == ({"role": "user", "content": "Q: Is it? A: {{item.reference}}"},)
    assert result.model_calls[0].reply.text == '{"steps": [], "result": 7}'
    assert result.token_usage == {"o3-mini": TokenUsage(10, 5)}


@pytest.mark.parametrize(
    ("reply", "family"),
    [
        (ModelReply("no idea"), "model_grader_parse_error"),
        (ModelReply('{"result": 11}'), "model_grader_parse_error"),
        (ModelReply(refusal="I would rather not."), "model_grader_refusal_error"),
        (ModelReply(error="429"), "model_grader_server_error"),
    ],
)
def test_a_model_grader_that_fails_says_how_and_gives_no_score(reply: ModelReply, family: str) -> None:
    result = run_grader(parse_grader(JUDGE), ITEM, text_sample("x"), lambda _: reply)
    assert result.reward is None
    assert result.errors.families == (family,)
    assert result.details


def test_without_a_model_to_ask_a_model_grader_fails() -> None:
    result = run_grader(parse_grader(JUDGE), ITEM, text_sample("x"))
    assert result.errors.model_grader_server_error
    assert result.reward is None


def test_a_label_passes_if_it_is_among_the_passing_ones() -> None:
    grader = parse_grader({**JUDGE, "type": "label_model", "labels": ["kind", "rude"], "passing_labels": ["kind"]})
    kind = run_grader(grader, ITEM, text_sample("x"), lambda _: ModelReply('{"steps": [], "result": "kind"}'))
    rude = run_grader(grader, ITEM, text_sample("x"), lambda _: ModelReply("rude"))
    assert (kind.label, kind.reward, kind.passed) == ("kind", 1.0, True)
    assert (rude.label, rude.reward, rude.passed) == ("rude", 0.0, False)


def test_an_endpoint_gets_sample_item_and_trace_and_gives_a_score() -> None:
    sent: list[EndpointRequest] = []

    def post(request: EndpointRequest) -> EndpointReply:
        sent.append(request)
        return EndpointReply({"score": 0.25})

    definition = {"type": "endpoint", "name": "mine", "url": "https://grade.test", "headers": {"K": "v"}}
    grader = parse_grader(definition)
    assert run_grader(grader, ITEM, text_sample("x"), post=post).reward == 0.25
    assert set(sent[0].body) == {"sample", "item", "trace_id"}
    assert sent[0].headers == {"K": "v"}
    for reply in (
        EndpointReply({"score": "1"}),
        EndpointReply(["?"]),
        EndpointReply(error="timed out"),
        EndpointReply(),
    ):
        failed = run_grader(grader, ITEM, text_sample("x"), post=lambda _, r=reply: r)
        assert failed.reward is None
        assert failed.errors.families == ("other_error",)


def both(**parts: dict[str, Any]) -> dict[str, Any]:
    judge = {key: value for key, value in JUDGE.items() if key != "pass_threshold"}
    graders = {"same": check("eq"), "judge": judge, **parts}
    formula = "0.5 * same + 0.5 * judge / 10"
    return {"type": "multi", "name": "both", "graders": graders, "calculate_output": formula, "pass_threshold": 0.9}


def test_a_multi_grader_combines_its_parts() -> None:
    result = run_grader(parse_grader(both()), ITEM, text_sample("Yes"), lambda _: ModelReply('{"result": 8}'))
    assert result.reward == pytest.approx(0.9)
    assert result.passed is True
    assert result.sub_rewards == {"same": 1.0, "judge": 8.0}
    assert len(result.all_model_calls) == 1


def test_a_multi_grader_with_a_part_that_failed_gives_no_score() -> None:
    result = run_grader(parse_grader(both()), ITEM, text_sample("Yes"), lambda _: ModelReply("?"))
    assert result.reward is None
    assert result.errors.families == ("model_grader_parse_error",)
    assert result.sub_rewards == {"same": 1.0}
    assert result.details.startswith("judge: ")


async def test_an_asynchronous_caller_gets_the_same_result(sandbox: PythonSandbox) -> None:
    async def ask(_: ModelRequest) -> ModelReply:
        return ModelReply('{"result": 8}')

    python = {"type": "python", "source": "def grade(sample, item):\n    return 0.0"}
    grader = parse_grader(both(zero=python))
    times = iter([1.0, 3.5])
    result = await run_grader_async(grader, ITEM, text_sample("Yes"), ask, sandbox=sandbox, clock=lambda: next(times))
    assert result.reward == pytest.approx(0.9)
    assert result.sub_rewards == {"same": 1.0, "judge": 8.0, "zero": 0.0}
    assert result.execution_time == 2.5


def test_grading_can_be_driven_by_hand() -> None:
    steps = grading(parse_grader(JUDGE), ITEM, text_sample("x"))
    assert isinstance(next(steps), ModelRequest)
    with pytest.raises(StopIteration) as stop:
        steps.send(ModelReply("Score: 3"))
    assert stop.value.value.reward == 3.0


def test_the_services_response_has_its_flags_and_calls_a_failure_0() -> None:
    grader = parse_grader(both())
    body = run_response(grader, run_grader(grader, ITEM, text_sample("Yes"), lambda _: ModelReply("?")))
    assert body["reward"] == 0.0
    assert body["metadata"]["errors"]["model_grader_parse_error"] is True
    assert body["metadata"]["errors"]["python_grader_server_error_type"] is None
    assert body["sub_rewards"] == {"same": 1.0}
    assert set(body) == {"reward", "metadata", "sub_rewards", "model_grader_token_usage_per_model"}
    assert json.loads(json.dumps(body)) == body


def test_an_invalid_grade_stands_for_a_failure_on_the_wire_only() -> None:
    grader = parse_grader({**both(), "invalid_grade": -1.0})
    result = run_grader(grader, ITEM, text_sample("Yes"), lambda _: ModelReply("?"))
    assert result.reward is None
    assert run_response(grader, result)["reward"] == -1.0


def test_a_grader_that_cannot_be_judged_locally_says_so(sandbox: PythonSandbox) -> None:
    grader = parse_grader({"type": "python", "source": "import sympy\ndef grade(sample, item):\n    return 1.0"})
    result = run_grader(grader, ITEM, text_sample("x"), sandbox=sandbox)
    assert result.reward is None
    assert not result.judged_locally
    assert result.errors.families == ("python_grader_server_error",)
