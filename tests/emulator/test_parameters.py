"""Every parameter of chat and responses: what is taken answers lawfully, what is not is refused by its name."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai import BadRequestError
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import TypeAdapter

from cupola.emulator.chat.schema import DEEPEST, MOST_PROPERTIES, strict_fault

from .strict import check_strictly

ASK = [{"role": "user", "content": "one two"}]
CLOSED = {
    "type": "object",
    "properties": {"a": {"type": "string"}, "b": {"type": ["number", "null"]}},
    "required": ["a", "b"],
    "additionalProperties": False,
}
TOOL = {"type": "function", "function": {"name": "look", "parameters": CLOSED, "strict": True}}
OTHER = {"type": "function", "function": {"name": "other", "parameters": CLOSED}}
NAMED = {"type": "function", "function": {"name": "other"}}
ONLY_OTHER = {"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": [NAMED]}}


def schema_format(schema, **settings):
    return {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema, **settings}}


CHAT = [
    {"n": 3, "seed": 7, "temperature": 2, "top_p": 0.1},
    {"stop": "x"},
    {"stop": ["heard", "x", "y", "z"]},
    {"max_tokens": 3},
    {"max_completion_tokens": 3},
    {"logprobs": True, "top_logprobs": 20},
    {"logprobs": False},
    {"presence_penalty": -2, "frequency_penalty": 2, "logit_bias": {"50256": -100}},
    {"response_format": {"type": "text"}},
    {"response_format": schema_format(CLOSED, strict=True, description="x")},
    {"response_format": schema_format({"type": "object", "properties": {"a": {"oneOf": [{"type": "string"}]}}})},
    {"tools": [TOOL], "tool_choice": "none", "parallel_tool_calls": False},
    {"tools": [TOOL], "tool_choice": "auto"},
    {"tools": [TOOL], "tool_choice": "required"},
    {"tools": [TOOL], "tool_choice": {"type": "function", "function": {"name": "look"}}},
    {"tools": [TOOL, OTHER], "tool_choice": ONLY_OTHER},
    {"store": True, "metadata": {f"{number:064}": "v" * 512 for number in range(16)}},
    {"user": "me", "safety_identifier": "me", "prompt_cache_key": "k", "service_tier": "auto"},
    {"modalities": ["text"], "verbosity": "medium", "prediction": {"type": "content", "content": "x"}},
]


@pytest.mark.parametrize("settings", CHAT, ids=lambda settings: "+".join(settings))
async def test_what_chat_takes_is_answered_in_the_declared_shape_whole_and_streamed(emulator, settings):
    for client in (emulator.azure, emulator.v1):
        raw = await client.chat.completions.with_raw_response.create(model="gpt-4.1", messages=ASK, **settings)
        check_strictly(ChatCompletion, raw.http_response.json())
    stream = await emulator.v1.chat.completions.create(
        model="gpt-4.1", messages=ASK, stream=True, stream_options={"include_usage": True}, **settings
    )
    _filters, *chunks = [chunk async for chunk in stream]
    for chunk in chunks:
        check_strictly(ChatCompletionChunk, json.loads(chunk.model_dump_json(exclude_unset=True, by_alias=True)))
    assert chunks[-1].usage.completion_tokens == raw.parse().usage.completion_tokens


def test_the_synchronous_clients_are_answered_in_the_declared_shapes(serve_process):
    server = serve_process()
    for client in (server.azure(), server.v1()):
        with client:
            for settings in CHAT:
                raw = client.chat.completions.with_raw_response.create(model="gpt-4.1", messages=ASK, **settings)
                check_strictly(ChatCompletion, raw.http_response.json())
            for settings in RESPONSES:
                raw = client.responses.with_raw_response.create(model="gpt-4.1", input="one two", **settings)
                check_strictly(Response, raw.http_response.json())


async def test_only_the_tools_that_are_allowed_are_called(emulator):
    asked = {"model": "gpt-4.1", "tools": [TOOL, OTHER], "tool_choice": ONLY_OTHER}
    answer = await emulator.v1.chat.completions.create(messages=ASK, **asked)
    assert [call.function.name for call in answer.choices[0].message.tool_calls] == ["other"]
    flat = [{"type": "function", **tool["function"]} for tool in (TOOL, OTHER)]
    only = {"type": "allowed_tools", "mode": "required", "tools": [{"type": "function", "name": "other"}]}
    raw = await emulator.v1.responses.with_raw_response.create(
        model="gpt-4.1", input="one two", tools=flat, tool_choice=only
    )
    check_strictly(Response, raw.http_response.json())
    assert [item.name for item in raw.parse().output] == ["other"]


@pytest.mark.parametrize("model", ["o3", "o4-mini", "o3-mini", "gpt-5"])
async def test_reasoning_models_take_an_effort(emulator, model):
    efforts = ["low", "medium", "high", *(["minimal"] if model == "gpt-5" else [])]
    for effort in efforts:
        raw = await emulator.v1.chat.completions.with_raw_response.create(
            model=model, messages=ASK, reasoning_effort=effort, max_completion_tokens=50, temperature=1
        )
        check_strictly(ChatCompletion, raw.http_response.json())


@pytest.mark.parametrize(
    ("model", "settings", "param", "code"),
    [
        ("gpt-4.1", {"extra_body": {"temprature": 1}}, "temprature", "unknown_parameter"),
        ("gpt-4.1", {"stream_options": {"usage": True}, "stream": True}, "stream_options.usage", "unknown_parameter"),
        ("gpt-4.1", {"logit_bias": {"5": 101}}, "logit_bias.5", "invalid_value"),
        ("gpt-4.1", {"logit_bias": {"word": 1}}, "logit_bias", "invalid_request_error"),
        ("gpt-4.1", {"presence_penalty": 2.5}, "presence_penalty", "invalid_value"),
        ("gpt-4.1", {"n": 129}, "n", "invalid_value"),
        ("gpt-4.1", {"top_p": -0.1}, "top_p", "invalid_value"),
        ("gpt-4.1", {"seed": 0.5}, "seed", "invalid_type"),
        ("gpt-4.1", {"logprobs": True, "top_logprobs": 21}, "top_logprobs", "invalid_value"),
        ("gpt-4.1", {"stop": ""}, "stop", "invalid_value"),
        ("gpt-4.1", {"store": "yes"}, "store", "invalid_type"),
        ("gpt-4.1", {"metadata": {"a": "b"}}, "metadata", "invalid_request_error"),
        ("gpt-4.1", {"store": True, "metadata": {"a": 1}}, "metadata.a", "invalid_type"),
        ("gpt-4.1", {"store": True, "metadata": {"a": "b" * 513}}, "metadata.a", "string_above_max_length"),
        ("gpt-4.1", {"store": True, "metadata": {"k" * 65: "b"}}, "metadata", "string_above_max_length"),
        (
            "gpt-4.1",
            {"store": True, "metadata": {str(number): "" for number in range(17)}},
            "metadata",
            "object_above_max_properties",
        ),
        ("gpt-4.1", {"modalities": ["text", "audio"]}, "modalities", "unsupported_parameter"),
        ("gpt-4.1", {"functions": [{"name": "f"}]}, "functions", "unsupported_parameter"),
        ("gpt-4.1", {"verbosity": "low"}, "verbosity", "unsupported_value"),
        ("gpt-4.1", {"service_tier": "gold"}, "service_tier", "invalid_value"),
        ("gpt-4.1", {"user": 5}, "user", "invalid_type"),
        ("gpt-4.1", {"parallel_tool_calls": True}, "parallel_tool_calls", "invalid_request_error"),
        ("gpt-4.1", {"tool_choice": "required"}, "tool_choice", "invalid_request_error"),
        ("gpt-4.1", {"tools": []}, "tools", "invalid_value"),
        ("gpt-4.1", {"tools": [TOOL] * 129}, "tools", "invalid_value"),
        (
            "gpt-4.1",
            {"tools": [TOOL], "tool_choice": {"type": "function", "function": {"name": "x"}}},
            "tool_choice",
            "invalid_value",
        ),
        (
            "gpt-4.1",
            {"tools": [TOOL], "tool_choice": {"type": "allowed_tools", "allowed_tools": {"mode": "any", "tools": []}}},
            "tool_choice",
            "invalid_value",
        ),
        ("gpt-4.1", {"tools": [TOOL], "tool_choice": ONLY_OTHER}, "tool_choice", "invalid_value"),
        ("o3", {"logit_bias": {"5": 1}}, "logit_bias", "unsupported_parameter"),
        ("o3", {"logprobs": True}, "logprobs", "unsupported_parameter"),
        ("o3", {"stop": "x"}, "stop", "unsupported_parameter"),
        ("o3", {"presence_penalty": 1}, "presence_penalty", "unsupported_parameter"),
        ("o3", {"reasoning_effort": "minimal"}, "reasoning_effort", "invalid_value"),
        ("gpt-5", {"reasoning_effort": "default"}, "reasoning_effort", "invalid_value"),
    ],
)
async def test_what_chat_does_not_take_is_refused_by_its_name(emulator, model, settings, param, code):
    with pytest.raises(BadRequestError) as caught:
        await emulator.azure.chat.completions.create(**{"model": model, "messages": ASK, **settings})
    assert (caught.value.param, caught.value.code) == (param, code)
    assert caught.value.type == "invalid_request_error"
    assert set(caught.value.body) == {"code", "message", "type", "param"}


def deep(levels):
    schema = {"type": "string"}
    for _ in range(levels):
        schema = {**CLOSED, "properties": {"a": schema}, "required": ["a"]}
    return schema


def wide(count):
    properties = {f"p{number}": {"type": "string"} for number in range(count)}
    return {**CLOSED, "properties": properties, "required": list(properties)}


BROKEN = [
    ({"type": "array", "items": {"type": "string"}}, "schema must be a JSON Schema of 'type: \"object\"'"),
    ({**CLOSED, "additionalProperties": True}, "In context=(), 'additionalProperties' is required to be supplied"),
    ({"type": "object", "properties": {}, "required": []}, "'additionalProperties' is required"),
    ({**CLOSED, "required": ["a"]}, "Missing 'b'"),
    ({**CLOSED, "required": ["a", "b", "c"]}, "the key 'c'"),
    ({**CLOSED, "properties": {"a": {}, "b": {"type": "string"}}}, "('properties', 'a'), schema must have a 'type'"),
    ({**CLOSED, "properties": {"a": {"oneOf": []}, "b": {"type": "string"}}}, "'oneOf' is not permitted"),
    ({**CLOSED, "properties": {"a": CLOSED, "b": {"type": "array", "items": True}}}, "must be an object"),
    ({**CLOSED, "properties": 5}, "'properties' must be an object"),
    ({**CLOSED, "$defs": {"x": {"type": "object"}}}, "('$defs', 'x'), 'additionalProperties'"),
    (deep(DEEPEST + 1), "nested deeper than"),
    (wide(MOST_PROPERTIES + 1), "more than 100 properties"),
]


@pytest.mark.parametrize(("schema", "why"), BROKEN)
async def test_strict_mode_refuses_a_schema_that_it_cannot_promise(emulator, schema, why):
    with pytest.raises(BadRequestError) as caught:
        await emulator.azure.chat.completions.create(
            model="gpt-4.1", messages=ASK, response_format=schema_format(schema, strict=True)
        )
    assert "Invalid schema for response_format 'answer': " in caught.value.message
    assert why in caught.value.message
    tool = {"type": "function", "function": {"name": "look", "parameters": schema, "strict": True}}
    with pytest.raises(BadRequestError) as caught:
        await emulator.azure.chat.completions.create(model="gpt-4.1", messages=ASK, tools=[tool])
    assert (caught.value.param, caught.value.code) == ("tools[0].function.parameters", "invalid_function_parameters")
    form = {"type": "json_schema", "name": "answer", "schema": schema, "strict": True}
    with pytest.raises(BadRequestError) as caught:
        await emulator.v1.responses.create(model="gpt-4.1", input="x", text={"format": form})
    assert caught.value.param == "text.format"


@pytest.mark.parametrize("schema", [CLOSED, deep(DEEPEST), wide(MOST_PROPERTIES), {**CLOSED, "$defs": {"x": CLOSED}}])
def test_strict_mode_takes_what_keeps_its_rules(schema):
    assert strict_fault(schema) is None


KEYWORDS = st.sampled_from(
    ["type", "properties", "required", "items", "anyOf", "$defs", "enum", "additionalProperties"]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["object", "array", "string"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYWORDS, inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(KEYWORDS, JSON, max_size=5))
def test_any_json_is_a_strict_schema_or_is_told_why_not(schema):
    fault = strict_fault({**schema, "type": "object"})
    assert fault is None or fault


@pytest.mark.parametrize(
    "form",
    [
        {"type": "poem"},
        {"type": "json_schema", "json_schema": {"schema": CLOSED}},
        {"type": "json_schema", "json_schema": {"name": "two words", "schema": CLOSED}},
        {"type": "json_schema", "json_schema": {"name": "a", "schema": CLOSED, "strict": "yes"}},
        {"type": "json_schema", "json_schema": {"name": "a", "schema": []}},
        "json",
    ],
)
async def test_a_response_format_has_a_kind_a_name_and_a_schema(emulator, form):
    with pytest.raises(BadRequestError) as caught:
        await emulator.azure.chat.completions.create(model="gpt-4.1", messages=ASK, response_format=form)
    assert caught.value.param.startswith("response_format")


RESPONSES = [
    {"temperature": 0, "top_p": 0.5, "max_output_tokens": 16},
    {"truncation": "auto", "service_tier": "default", "user": "me", "safety_identifier": "me"},
    {"include": ["message.output_text.logprobs"], "top_logprobs": 3},
    {"text": {"format": {"type": "json_schema", "name": "a", "schema": CLOSED, "strict": True}}},
    {"text": {"verbosity": "medium"}, "max_tool_calls": 3, "include": ["reasoning.encrypted_content"]},
    {"tools": [{"type": "function", **TOOL["function"]}], "tool_choice": "none", "parallel_tool_calls": False},
    {"tools": [{"type": "function", **TOOL["function"]}], "tool_choice": "required"},
    {"metadata": {"a": "b"}, "store": False, "instructions": "Be short."},
]


@pytest.mark.parametrize("settings", RESPONSES, ids=lambda settings: "+".join(settings))
async def test_what_responses_take_is_answered_and_echoed(emulator, settings):
    for client in (emulator.azure, emulator.v1):
        raw = await client.responses.with_raw_response.create(model="gpt-4.1", input="one two", **settings)
        body = raw.http_response.json()
        check_strictly(Response, body)
        for name in set(settings) - {"include", "tools", "text", "max_output_tokens"}:
            assert body[name] == settings[name]
    stream = await emulator.v1.responses.create(model="gpt-4.1", input="one two", stream=True, **settings)
    async for event in stream:
        TypeAdapter(ResponseStreamEvent).validate_json(
            event.model_dump_json(exclude_unset=True, by_alias=True), strict=True
        )


async def test_a_response_shows_log_probabilities_when_asked_to(emulator):
    asked = {"model": "gpt-4.1", "input": "one two"}
    shown = await emulator.v1.responses.create(**asked, include=["message.output_text.logprobs"], top_logprobs=2)
    assert [entry.token for entry in shown.output[0].content[0].logprobs] == shown.output_text.split()
    assert (await emulator.v1.responses.create(**asked)).output[0].content[0].logprobs == []


async def test_a_reasoning_response_echoes_how_it_was_to_reason(emulator):
    wanted = {"effort": "high", "summary": "auto"}
    raw = await emulator.v1.responses.with_raw_response.create(model="o4-mini", input="one", reasoning=wanted)
    check_strictly(Response, raw.http_response.json())
    assert raw.http_response.json()["reasoning"] == wanted


@pytest.mark.parametrize(
    ("model", "settings", "param"),
    [
        ("gpt-4.1", {"extra_body": {"stop": "x"}}, "stop"),
        ("gpt-4.1", {"extra_body": {"messages": ASK}}, "messages"),
        ("gpt-4.1", {"max_output_tokens": 15}, "max_output_tokens"),
        ("gpt-4.1", {"max_output_tokens": "many"}, "max_output_tokens"),
        ("gpt-4.1", {"max_output_tokens": 10**9}, "max_output_tokens"),
        ("gpt-4.1", {"temperature": 3}, "temperature"),
        ("gpt-4.1", {"reasoning": {"effort": "low"}}, "reasoning.effort"),
        ("o3", {"reasoning": {"effort": "extreme"}}, "reasoning.effort"),
        ("o3", {"reasoning": {"summary": "long"}}, "reasoning.summary"),
        ("o3", {"temperature": 0.5}, "temperature"),
        ("o3", {"top_logprobs": 3}, "top_logprobs"),
        ("gpt-4.1", {"text": {"verbosity": "low"}}, "text.verbosity"),
        ("gpt-4.1", {"text": {"format": {"type": "json_schema", "schema": CLOSED}}}, "text.format.name"),
        ("gpt-4.1", {"truncation": "middle"}, "truncation"),
        ("gpt-4.1", {"include": ["everything"]}, "include[0]"),
        ("gpt-4.1", {"stream_options": {"include_obfuscation": False}}, "stream_options"),
        ("gpt-4.1", {"conversation": "conv_1"}, "conversation"),
        ("gpt-4.1", {"prompt": {"id": "p"}}, "prompt"),
        ("gpt-4.1", {"metadata": {"a": "b" * 513}}, "metadata.a"),
        ("gpt-4.1", {"background": "yes"}, "background"),
        ("gpt-4.1", {"user": 5}, "user"),
    ],
)
async def test_what_responses_do_not_take_is_refused_by_the_name_that_was_sent(emulator, model, settings, param):
    with pytest.raises(BadRequestError) as caught:
        await emulator.v1.responses.create(**{"model": model, "input": "x", **settings})
    assert caught.value.param == param
