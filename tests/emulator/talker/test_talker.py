from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cupola.emulator.engine import AnswerRequest, Weights
from cupola.emulator.talker import Talker, load, load_base
from cupola.emulator.talker.network import CONTEXT

Micro = Callable[[int], Weights]


def ask(text: str, **settings: Any) -> AnswerRequest:
    return AnswerRequest([{"role": "user", "content": text}], **{"max_tokens": 12, **settings})


@pytest.fixture
def talker(micro: Micro) -> Talker:
    return load(micro(0))


def test_a_batch_answers_as_each_request_would_alone(talker: Talker) -> None:
    requests = [ask("Hi"), ask("What are your opening hours on Saturday?", seed=4), ask("", temperature=0.0)]
    requests = [replace(request, seed=i) for i, request in enumerate(requests)]
    together = talker.answer(requests)
    assert together == [talker.answer([request])[0] for request in requests]


def test_the_same_seed_gives_the_same_answer_and_another_seed_another(talker: Talker) -> None:
    first, again, other = talker.answer([ask("Hi", seed=1), ask("Hi", seed=1), ask("Hi", seed=2)])
    assert first == again
    assert first.text != other.text


def test_temperature_zero_and_a_tiny_nucleus_both_take_the_likeliest_token(talker: Talker) -> None:
    greedy, narrow = talker.answer([ask("Hi", temperature=0.0), ask("Hi", top_p=1e-9, seed=1)])
    assert greedy.text == narrow.text


def test_max_tokens_ends_the_answer_with_length(talker: Talker) -> None:
    (answer,) = talker.answer([ask("Hi", max_tokens=3, seed=1)])
    assert (answer.finish_reason, answer.completion_tokens, answer.reasoning_tokens) == ("length", 3, 0)


def test_a_stop_text_is_cut_off(talker: Talker) -> None:
    (whole,) = talker.answer([ask("Hi", seed=3)])
    stop = whole.text[len(whole.text) // 2 :][:2]
    (answer,) = talker.answer([ask("Hi", seed=3, stop=(stop,))])
    assert answer.text == whole.text[: whole.text.find(stop)]
    assert answer.finish_reason == "stop"


def test_log_probabilities_come_one_a_token_with_the_alternatives_asked_for(talker: Talker) -> None:
    (answer,) = talker.answer([ask("Hi", top_logprobs=3, temperature=0.0)])
    assert answer.logprobs is not None
    assert len(answer.logprobs) == answer.completion_tokens
    for entry in answer.logprobs:
        assert entry["logprob"] <= 0
        assert entry["top_logprobs"][0]["token"] == entry["token"]
        assert 1 <= len(entry["top_logprobs"]) <= 3
    (without,) = talker.answer([ask("Hi")])
    assert without.logprobs is None


def test_a_prompt_far_beyond_the_context_is_counted_and_answered_from_its_end(talker: Talker) -> None:
    end = "word " * CONTEXT + "What are your hours?"
    longer, shorter = talker.answer([ask("other " * 20_000 + end, seed=1), ask(end, seed=1)])
    assert longer.prompt_tokens > 20_000
    assert longer.text == shorter.text


ODD_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
ODD_MESSAGES = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "role": st.sampled_from(["system", "user", "assistant", "tool", "?"]) | ODD_VALUES,
            "content": ODD_VALUES,
            "tool_calls": ODD_VALUES,
        },
    ),
    max_size=3,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(messages=ODD_MESSAGES)
def test_whatever_stands_in_the_messages_is_answered(talker: Talker, messages: list[dict[str, Any]]) -> None:
    (answer,) = talker.answer([AnswerRequest(messages, max_tokens=2, seed=0)])
    assert answer.prompt_tokens >= 1


def test_images_and_tool_calls_are_read_as_text(talker: Talker) -> None:
    parts = [{"type": "text", "text": "See"}, {"type": "image_url", "image_url": {"url": "data:,"}}]
    call = {"function": {"name": "look", "arguments": "{}"}}
    as_parts = AnswerRequest([{"role": "user", "content": parts}, {"role": "assistant", "tool_calls": [call]}], seed=1)
    as_text = AnswerRequest(
        [{"role": "user", "content": "See\n[image]"}, {"role": "assistant", "content": "look({})"}], seed=1
    )
    assert talker.answer([as_parts]) == talker.answer([as_text])


def test_a_structured_answer_follows_its_schema_whatever_the_model_would_say(talker: Talker) -> None:
    schema = {
        "type": "object",
        "properties": {
            "mood": {"enum": ["good", "bad"]},
            "count": {"type": "integer"},
            "note": {"type": "string"},
            "sure": {"type": "boolean"},
            "place": {"$ref": "#/$defs/place"},
            "tags": {"type": "array", "items": {"type": "string"}},
        },
        "required": ["mood", "count", "note", "sure", "place", "tags"],
        "$defs": {"place": {"type": "object", "properties": {"city": {"anyOf": [{"type": "string"}]}}}},
    }
    (answer,) = talker.answer([ask("Hi", json_schema=schema, max_tokens=400, seed=1)])
    made = json.loads(answer.text)
    assert list(made) == schema["required"]
    assert made["mood"] in ("good", "bad")
    assert isinstance(made["count"], int)
    assert isinstance(made["sure"], bool)
    assert isinstance(made["place"]["city"], str)
    assert all(isinstance(tag, str) for tag in made["tags"])


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(schema=st.dictionaries(st.sampled_from(["type", "properties", "enum", "$ref", "anyOf", "items"]), ODD_VALUES))
def test_a_nonsense_schema_still_gets_json(talker: Talker, schema: dict[str, Any]) -> None:
    (answer,) = talker.answer([ask("Hi", json_schema=schema, max_tokens=400, seed=1)])
    json.loads(answer.text)


def test_weights_survive_half_precision(micro: Micro) -> None:
    full = micro(1)
    half = {name: array if name == "heads" else array.astype(np.float16) for name, array in full.items()}
    (answer,) = Talker(half).answer([ask("Hi", seed=1)])
    assert answer.completion_tokens >= 0


def test_nano_copies_a_fact_that_it_has_never_seen_from_the_prompt() -> None:
    sheet = "You are Ines, the assistant of Belnix, a bike shop. Be polite.\nPhone: 482 9317\nDeposit: $63"
    messages = [{"role": "system", "content": sheet}, {"role": "user", "content": "How much is the deposit?"}]
    (answer,) = load_base("nano").answer([AnswerRequest(messages, temperature=0.0, max_tokens=40)])
    assert "$63" in answer.text
    assert answer.finish_reason == "stop"
