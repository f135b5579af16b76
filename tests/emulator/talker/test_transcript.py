from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cupola.emulator.talker.network import CONTEXT
from cupola.emulator.talker.tokenizer import ASSISTANT, END, SYSTEM, TOOL, USER, Tokenizer, shipped_tokenizer
from cupola.emulator.talker.transcript import (
    Example,
    answer_example,
    conversation_example,
    fit_prompt,
    message_text,
    prompt_tokens,
)


def learnt_text(tokenizer: Tokenizer, example: Example) -> str:
    return tokenizer.decode(token for token, learnt in zip(example.tokens, example.learnt, strict=True) if learnt)


def test_roles_become_marks_and_the_prompt_ends_where_the_assistant_speaks(tokenizer: Tokenizer) -> None:
    roles = ("system", "developer", "user", "tool", "assistant")
    tokens = prompt_tokens(tokenizer, [{"role": role, "content": ""} for role in roles])
    assert tokens == [SYSTEM, SYSTEM, USER, TOOL, ASSISTANT, END, ASSISTANT]


def test_every_assistant_turn_is_learnt_but_those_of_weight_zero(tokenizer: Tokenizer) -> None:
    turns: list[dict[str, Any]] = [
        {"role": "user", "content": "One?"},
        {"role": "assistant", "content": "First."},
        {"role": "user", "content": "Two?"},
        {"role": "assistant", "content": "Masked.", "weight": 0},
        {"role": "user", "content": "Three?"},
        {"role": "assistant", "content": "Third.", "weight": 1},
    ]
    example = conversation_example(tokenizer, turns)
    assert learnt_text(tokenizer, example) == "First.Third."
    assert "Masked." in tokenizer.decode(example.tokens)


def test_a_prompt_and_its_answer_are_learnt_in_the_answer_only(tokenizer: Tokenizer) -> None:
    prompt = [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Old."},
        {"role": "user", "content": "?"},
    ]
    example = answer_example(tokenizer, prompt, [{"role": "assistant", "content": "New."}])
    assert learnt_text(tokenizer, example) == "New."


@given(st.integers(0, 600), st.integers(0, 600))
def test_what_is_too_long_keeps_the_end_of_the_prompt_and_the_start_of_the_answer(before: int, after: int) -> None:
    tokenizer = shipped_tokenizer()
    asked, said = "".join("pq"[i % 2] for i in range(before)), "x " * after
    turns = [{"role": "user", "content": asked}, {"role": "assistant", "content": said}]
    example = conversation_example(tokenizer, turns)
    assert len(example.tokens) == len(example.learnt) <= CONTEXT
    assert said.startswith(learnt_text(tokenizer, example))
    if after:
        mark = example.tokens.index(ASSISTANT)
        assert asked.endswith(tokenizer.decode(example.tokens[:mark]))
        assert any(example.learnt)


@given(st.lists(st.integers(0, 255), max_size=400), st.integers(1, 1000))
def test_a_fitted_prompt_is_the_end_of_the_prompt_and_leaves_room(tokens: list[int], wanted: int) -> None:
    fitted = fit_prompt(tokens, wanted)
    assert tokens[len(tokens) - len(fitted) :] == fitted
    assert len(fitted) < CONTEXT


def test_parts_and_calls_are_worded_as_text() -> None:
    call: dict[str, Any] = {"function": {"name": "get_order", "arguments": '{"id": "7"}'}}
    parts = [{"type": "text", "text": "Look:"}, {"type": "input_audio", "input_audio": {}}, "and", None]
    assert message_text({"role": "user", "content": parts}) == "Look:\n[audio]\nand\n"
    assert message_text({"role": "assistant", "content": None, "tool_calls": [call]}) == 'get_order({"id": "7"})'
    assert message_text({"role": "assistant", "function_call": call["function"]}) == 'get_order({"id": "7"})'
