"""The rule-based judge: it reads the rendered prompt, ranks answers, keeps to the scale, and errs a little."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cupola.emulator.judge import ERROR_RATE, judge
from cupola.emulator.judge.prompt import read_prompt
from cupola.emulator.judge.puzzles import evaluate, puzzle_quality
from cupola.graders import ModelRequest

SERVICE = "You judge customer service. Rate how correct, polite and helpful the response is, from 1 to 10."
REFERENCE = "Happy to help! On Saturday we are open 8 am to 8 pm."
PUZZLE = "Score the expression from 0 to 5.\nTarget: 24\nNumbers: [4, 6, 1]\nAnswer: "


def ask(system, user, labels=None):
    format_ = None
    if labels:
        schema = {"type": "object", "properties": {"result": {"type": "string", "enum": labels}}}
        format_ = {"type": "json_schema", "json_schema": {"schema": schema}}
    messages = ({"role": "system", "content": system}, {"role": "user", "content": user})
    return json.loads(judge(ModelRequest("o3", messages, response_format=format_)).text)


def served(answer, number=0):
    """The score of an answer to a question, told apart from others by its number."""
    question = f"Question: Saturday, case {number}?\nReference: {REFERENCE}\nResponse: {answer}"
    return ask(SERVICE, question)["result"]


def mean(answer, cases=40):
    return sum(served(answer, number) for number in range(cases)) / cases


def test_right_polite_answers_beat_right_curt_ones_beat_wrong_ones_beat_noise():
    scores = [
        mean("Happy to help! On Saturday we are open from 8 am to 8 pm."),
        mean("8 am to 8 pm"),
        mean("Happy to help! On Saturday we are open from 9 am to 5 pm."),
        mean("xx xx xx xx xx xx xx xx"),
    ]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] >= 8 > 5 > scores[3]


def test_the_reply_names_each_feature_and_counts_its_tokens():
    reply = judge(ModelRequest("o3", ({"role": "user", "content": f"{SERVICE}\nReference: 8 am\nResponse: at 8 am"},)))
    body = json.loads(reply.text)
    assert next(step["description"] for step in body["steps"]) == "Measure facts."
    assert (reply.model, reply.usage.completion_tokens) == ("o3", len(reply.text.split()))


def test_sarcasm_is_judged_where_it_is_asked_for():
    system = "Rate the sarcasm of the answer between 1 and 10."
    dry = ask(system, "Q: Who discovered Antarctica?\nA: It was sighted in 1820.")
    wry = ask(
        system, "Q: Who discovered Antarctica?\nA: Oh, wow, what a shocking mystery. Obviously the penguins, genius."
    )
    assert wry["result"] >= dry["result"] + 4


@pytest.mark.parametrize(
    ("answer", "score"),
    [
        ('{"expression": "4 * 6 / 1", "result": "24"}', 5.0),
        ("The expression is (4 * 6) * 1", 5.0),
        ("4 * 6 - 1", 4.0),
        ("4 + 6 + 1", 2.0),
        ("4 * 6", 0.0),
        ("4 * 6 * 1 * 1", 0.0),
        ("4 / (6 - 6) * 1", 0.0),
        ("__import__('os').getcwd()", 0.0),
        ("", 0.0),
    ],
)
def test_expressions_are_worth_what_they_come_to(answer, score):
    assert abs(ask("You grade puzzles.", PUZZLE + answer)["result"] - score) <= 0.5 + 1e-9


def test_the_same_prompt_always_gets_the_same_verdict_and_a_few_verdicts_err():
    answer = "Happy to help! On Saturday we are open from 8 am to 8 pm."
    scores = [served(answer, number) for number in range(400)]
    assert scores == [served(answer, number) for number in range(400)]
    usual = max(set(scores), key=scores.count)
    assert 0 < sum(score != usual for score in scores) < 400 * ERROR_RATE * 2


def test_labels_are_chosen_from_those_given():
    user = f"Question: x\nReference: {REFERENCE}\nResponse: "
    good = ask("Is the response correct?", user + "Happy to help! On Saturday we are open 8 am to 8 pm.", ["yes", "no"])
    bad = ask("Is the response correct?", user + "zzz", ["yes", "no"])
    assert (good["result"], bad["result"]) == ("yes", "no")


@given(st.text(), st.text())
def test_any_prompt_gets_a_verdict_on_its_scale(system, user):
    messages = ({"role": "system", "content": system}, {"role": "user", "content": user})
    prompt = read_prompt(messages)
    result = json.loads(judge(ModelRequest("o3", messages)).text)["result"]
    assert prompt.low <= result <= prompt.high


@given(st.text(alphabet="0123456789+-*/() ", max_size=60))
def test_any_arithmetic_is_evaluated_or_refused(text):
    try:
        value, used = evaluate(text)
    except ValueError:
        return
    assert value.denominator > 0
    assert used


def test_a_prompt_without_numbers_is_no_puzzle():
    assert puzzle_quality("none", "", "1 + 1") is None
