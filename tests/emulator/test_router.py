"""The model router: one deployment, the model that fits the prompt."""

from __future__ import annotations

import pytest
from openai import NotFoundError
from openai.types.chat import ChatCompletion
from openai.types.responses import Response

from cupola.emulator.router import LONG_WORDS, SHORT_WORDS, choose

from .strict import check_strictly

LONG = "word " * (LONG_WORDS + 1)
TOOL = {"type": "function", "function": {"name": "look", "parameters": {"type": "object", "properties": {}}}}


def ask(text):
    return [{"role": "user", "content": text}]


@pytest.mark.parametrize(
    ("prompt", "model"),
    [
        ("When do you open?", "gpt-4.1-nano"),
        ("word " * (SHORT_WORDS + 1), "gpt-4.1-mini"),
        (LONG, "gpt-4.1"),
        ("Numbers: [4, 6, 1]. Target: 24.", "o4-mini"),
        ("Please prove it.", "o4-mini"),
    ],
)
async def test_the_answer_names_the_model_that_fits_the_prompt(emulator, prompt, model):
    raw = await emulator.v1.chat.completions.with_raw_response.create(model="model-router", messages=ask(prompt))
    check_strictly(ChatCompletion, raw.http_response.json())
    assert raw.parse().model.startswith(f"{model}-2025")
    answer = await emulator.azure.responses.with_raw_response.create(model="model-router", input=prompt)
    check_strictly(Response, answer.http_response.json())
    assert answer.parse().model == raw.parse().model


def test_only_what_the_user_last_said_and_how_long_it_all_is_counts():
    assert choose([{"role": "system", "content": "Numbers 1 2 3 4 5"}, *ask("Hello?")], tools=False) == "gpt-4.1-nano"
    assert choose([*ask("1 2 3 4"), {"role": "assistant", "content": "5"}, *ask("Ok?")], tools=False) == "gpt-4.1-nano"
    assert choose([{"role": "system", "content": LONG}, *ask("Hello?")], tools=False) == "gpt-4.1"
    assert choose(ask("Hello?"), tools=True) == "gpt-4.1"
    assert choose(ask([{"type": "text", "text": "prove it"}]), tools=False) == "o4-mini"


async def test_a_reasoning_model_that_was_picked_never_sees_what_it_would_refuse(emulator):
    answer = await emulator.azure.chat.completions.create(
        model="model-router", messages=ask("a puzzle"), temperature=0.2, top_p=0.5, max_tokens=3, stop=["x"]
    )
    assert answer.model == "o4-mini-2025-04-16"
    assert answer.usage.completion_tokens == 3


async def test_a_routed_call_is_entered_under_its_deployment_with_the_model_that_answered(emulator):
    await emulator.azure.chat.completions.create(model="model-router", messages=ask("Hello?"))
    await emulator.azure.chat.completions.create(model="model-router", messages=ask("Hello?"), tools=[TOOL])
    calls = [call for _, call in emulator.service.resource.ledger.page(0, 10)]
    assert [call.deployment for call in calls] == ["model-router", "model-router"]
    assert [call.model for call in calls] == ["gpt-4.1-nano-2025-04-14", "gpt-4.1-2025-04-14"]


async def test_the_router_is_listed_but_cannot_be_tuned(emulator):
    listed = await emulator.azure.models.retrieve("model-router")
    assert listed.id == "model-router-2025-11-18"
    assert listed.capabilities["fine_tune"] is False


async def test_a_long_chain_of_responses_goes_to_the_largest(emulator):
    first = await emulator.v1.responses.create(model="gpt-4.1", input=LONG)
    later = await emulator.v1.responses.create(model="model-router", input="And?", previous_response_id=first.id)
    assert later.model == "gpt-4.1-2025-04-14"


async def test_a_router_is_deployed_with_its_own_limits(emulator):
    account = emulator.service.resource.account
    group = f"/subscriptions/{account.subscription_id}/resourceGroups/{account.resource_group}"
    path = f"{group}/providers/Microsoft.CognitiveServices/accounts/{account.name}/deployments/my-router"
    model = {"format": "OpenAI", "name": "model-router", "version": "2025-11-18"}
    answer = await emulator.http.put(
        f"{path}?api-version=2025-09-01",
        json={"sku": {"name": "DataZoneStandard", "capacity": 150}, "properties": {"model": model}},
        headers={"authorization": "Bearer any.opaque"},
    )
    limits = {limit["key"]: limit["count"] for limit in answer.json()["properties"]["rateLimits"]}
    assert limits == {"request": 150, "token": 150_000}

    async def answers():
        try:
            raw = await emulator.v1.chat.completions.with_raw_response.create(model="my-router", messages=ask("Hello?"))
        except NotFoundError:
            return None
        return raw.parse().model, raw.headers["x-ratelimit-limit-requests"]

    await emulator.until(answers)
    assert await answers() == ("gpt-4.1-nano-2025-04-14", "150")
