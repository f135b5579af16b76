"""What a prompt may be billed for: never less than any tokenizer makes of it, and images never as text."""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cupola.azure.wire.chat import ChatReply
from cupola.benchmarks.estimate import estimate
from cupola.benchmarks.items import Item, items_of
from cupola.benchmarks.prompt_tokens import image_bounds, most_completion, most_tokens, text_of
from cupola.benchmarks.purse import BudgetSpentError, Purse
from cupola.datasets.tokens import text_counter
from cupola.emulator.talker.tokenizer import shipped_tokenizer

from .conftest import Bench, defined, question, reply


def a_picture(width: int, height: int) -> dict[str, Any]:
    header = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sIIBBBBB", 13, b"IHDR", width, height, 8, 2, 0, 0, 0)
    content = header + zlib.compress(bytes(30_000), 0)
    url = f"data:image/png;base64,{base64.b64encode(content).decode()}"
    return {"type": "image_url", "image_url": {"url": url, "detail": "high"}}


def asked(text: str) -> list[dict[str, Any]]:
    return [{"role": "system", "content": "Be brief."}, {"role": "user", "content": text}]


@given(st.text(max_size=200))
def test_no_tokenizer_makes_more_of_a_prompt_than_is_set_aside(text: str) -> None:
    text = text.encode("utf-8", "replace").decode()
    most = most_tokens(asked(text), "gpt-4.1")
    assert text_counter("o200k_base")(text) <= most
    assert len(shipped_tokenizer().encode(text)) <= most


def test_an_image_counts_by_its_pixels_and_not_by_its_letters() -> None:
    messages = [{"role": "user", "content": [{"type": "text", "text": "What is it?"}, a_picture(1024, 1024)]}]
    assert text_of(messages) == "What is it?"
    assert image_bounds(messages, "gpt-4.1") == (765, 765)
    assert image_bounds(messages, "gpt-4.1-mini") == (1_659, 1_659)
    assert 765 < most_tokens(messages, "gpt-4.1") < 1_000, "the data URL alone has 40,000 letters"


def test_an_estimate_counts_images_as_images(bench: Bench) -> None:
    made = defined(1, ("a",))
    (plain,) = items_of(made.benchmark, made.rows)
    with_picture: Item = replace(
        plain, messages=({"role": "user", "content": [{"type": "text", "text": "What?"}, a_picture(512, 512)]},)
    )
    (part,) = estimate(bench.database, made.benchmark, [with_picture]).parts
    assert 255 < part.prompt_tokens.low <= part.prompt_tokens.high < 300


@pytest.mark.parametrize(
    ("sampling", "bound"),
    [({}, None), ({"max_tokens": 5}, 5), ({"max_completion_tokens": 7}, 7), ({"max_tokens": "many"}, None)],
)
def test_only_a_whole_number_bounds_an_answer(sampling: dict[str, Any], bound: int | None) -> None:
    assert most_completion(sampling) == bound


async def test_answers_that_grow_to_their_bound_pass_no_budget(bench: Bench) -> None:
    made = defined(40)
    arms = tuple(replace(arm, sampling={"max_completion_tokens": 300}) for arm in made.benchmark.arms)
    made = replace(made, benchmark=replace(made.benchmark, arms=arms))
    budget = 0.02

    def growing(deployment: str, body: Mapping[str, Any]) -> ChatReply:
        number = int("".join(filter(str.isdigit, question(body))))
        return replace(reply("yes"), prompt_tokens=20, completion_tokens=1 if number % 2 else 300)

    runner, _, ended = await bench.go(made, growing, budget=budget)

    assert ended.problem is not None
    dearest = (200 * 2.0 + 300 * 8.0) / 1e6
    assert budget - dearest < runner.progress().usd <= budget, "it stops no earlier than one more call might pass it"


async def test_the_bound_of_an_estimate_holds_for_the_longest_answers(bench: Bench) -> None:
    made = defined(12)
    arms = tuple(replace(arm, sampling={"max_completion_tokens": 700}) for arm in made.benchmark.arms)
    made = replace(made, benchmark=replace(made.benchmark, arms=arms))
    foreseen = estimate(bench.database, made.benchmark, items_of(made.benchmark, made.rows))

    def long(deployment: str, body: Mapping[str, Any]) -> ChatReply:
        prompt = len(question(body).encode()) + 10
        return replace(reply("yes"), prompt_tokens=prompt, completion_tokens=700)

    runner, _, _ = await bench.go(made, long)

    assert foreseen.unbounded == ()
    assert runner.progress().usd <= foreseen.most < 2 * runner.progress().usd


def test_an_estimate_names_whose_answers_nothing_bounds(bench: Bench) -> None:
    made = defined(2)
    assert estimate(bench.database, made.benchmark, items_of(made.benchmark, made.rows)).unbounded == ("a", "b")


async def test_a_purse_that_nothing_will_fill_again_says_so_at_once() -> None:
    purse = Purse(1.0, spent=0.5)
    with pytest.raises(BudgetSpentError, match="used up"):
        await purse.take(0.6)
    await purse.take(0.4)
    purse.settle("a", 0.4, 0.1)
    assert (purse.spent, purse.under_way, purse.dearest("a")) == (0.6, 0.0, 0.1)
