"""Tool calls, demanded and free, and the rules of messages about them."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai import BadRequestError
from openai.types.chat import ChatCompletion

from cupola.emulator.chat.tools import Tools, call_text, read_calls
from cupola.emulator.engines import SHIPPED

from .strict import check_strictly

WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}
ORDER = {
    "type": "function",
    "function": {
        "name": "get_order",
        "parameters": {"type": "object", "properties": {"order_id": {"type": "string"}}, "required": ["order_id"]},
    },
}


def ask(text):
    return [{"role": "user", "content": text}]


async def chat(emulator, text, **settings):
    settings = {"model": "gpt-4.1", "messages": ask(text), "tools": [WEATHER, ORDER], **settings}
    return await emulator.azure.chat.completions.create(**settings)


@pytest.fixture
async def shipped(start):
    async with start(engines=SHIPPED, speed=5000) as emulator:
        yield emulator


async def test_a_model_calls_the_fitting_tool_by_itself(shipped):
    raw = await shipped.azure.chat.completions.with_raw_response.create(
        model="gpt-4.1", messages=ask("Where is order 4711?"), tools=[WEATHER, ORDER], temperature=0
    )
    check_strictly(ChatCompletion, raw.http_response.json())
    choice = raw.parse().choices[0]
    assert choice.finish_reason == "tool_calls"
    assert choice.message.content is None
    (call,) = choice.message.tool_calls
    assert call.function.name == "get_order"
    assert list(json.loads(call.function.arguments)) == ["order_id"]


async def test_a_demanded_call_has_the_functions_arguments(shipped):
    named = {"type": "function", "function": {"name": "get_order"}}
    answer = await chat(shipped, "Hello!", tools=[WEATHER, ORDER], tool_choice=named)
    (call,) = answer.choices[0].message.tool_calls
    assert call.function.name == "get_order"
    assert set(json.loads(call.function.arguments)) == {"order_id"}
    any_of_both = await chat(shipped, "Where is order 4711?", tools=[WEATHER, ORDER], tool_choice="required")
    assert any_of_both.choices[0].message.tool_calls[0].function.name in ("get_weather", "get_order")


async def test_a_streamed_call_adds_up_to_the_whole_one(shipped):
    settings = {"messages": ask("Where is order 4711?"), "temperature": 0}
    whole = (await chat(shipped, "", **settings)).choices[0].message.tool_calls[0]
    chunks = [chunk async for chunk in await chat(shipped, "", stream=True, **settings)]
    choices = [chunk.choices[0] for chunk in chunks if chunk.choices]
    calls = [call for choice in choices for call in choice.delta.tool_calls or ()]
    assert calls[0].function.name == whole.function.name
    assert "".join(call.function.arguments for call in calls) == whole.function.arguments
    assert choices[-1].finish_reason == "tool_calls"


async def test_no_call_is_made_where_none_is_allowed(emulator):
    text = 'get_weather({"city": "Rome"})'
    parsed = read_calls(text, Tools({"get_weather": {}}))
    assert [(call.name, call.arguments) for call in parsed] == [("get_weather", '{"city": "Rome"}')]
    assert read_calls(text, Tools({"get_weather": {}}, "none")) == ()
    answer = await chat(emulator, "hello", tool_choice="none")
    assert answer.choices[0].message.tool_calls is None
    assert answer.choices[0].finish_reason == "stop"


async def test_a_conversation_with_answered_calls_goes_on(emulator):
    call = {"id": "call_1", "type": "function", "function": {"name": "get_weather", "arguments": "{}"}}
    messages = [
        *ask("Weather?"),
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "content": "sunny"},
    ]
    answer = await chat(emulator, "", messages=messages)
    assert answer.choices[0].message.content.endswith("sunny")
    with pytest.raises(BadRequestError, match="did not have response messages: call_1"):
        await chat(emulator, "", messages=[*messages[:2], *ask("And?")])
    with pytest.raises(BadRequestError, match="must be a response to a preceeding message"):
        await chat(emulator, "", messages=[*ask("Weather?"), messages[2]])


@pytest.mark.parametrize(
    "settings",
    [
        {"tools": []},
        {"tools": [{"type": "function"}]},
        {"tools": [{"type": "function", "function": {"name": "no spaces"}}]},
        {"tools": [WEATHER] * 129},
        {"tool_choice": "sometimes"},
        {"tool_choice": {"type": "function", "function": {"name": "unknown"}}},
        {"parallel_tool_calls": "yes"},
    ],
)
async def test_broken_tools_are_refused(emulator, settings):
    with pytest.raises(BadRequestError):
        await chat(emulator, "hello", **settings)


@given(
    name=st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True),
    arguments=st.dictionaries(st.text(), st.none() | st.integers() | st.text(), max_size=4),
)
def test_any_call_that_a_model_writes_is_read_back(name, arguments):
    text = json.dumps(arguments)
    (call,) = read_calls(call_text(name, text), Tools({name: {}}))
    assert (call.name, json.loads(call.arguments)) == (name, arguments)


@given(text=st.text())
def test_any_other_text_is_no_call(text):
    assert read_calls(f"said: {text}", Tools({"f": {}})) == ()
