"""The service with the tiny models that ship: real answers and real learning over the real routes."""

from __future__ import annotations

import ast
import json
import re
from importlib.resources import files
from itertools import islice

import pytest

from cupola.emulator.engines import SHIPPED

CORA = files("cupola_data").joinpath("zava", "cora")
COUNTDOWN = files("cupola_data").joinpath("countdown")


def rows(folder, name, count):
    with folder.joinpath(name).open("r", encoding="utf-8") as stream:
        return [json.loads(line) for line in islice(stream, count)]


async def finished(emulator, **settings):
    job = await emulator.azure.fine_tuning.jobs.create(**settings)

    async def ended():
        return (await emulator.azure.fine_tuning.jobs.retrieve(job.id)).status in ("succeeded", "failed")

    await emulator.until(ended, seconds=60)
    return await emulator.azure.fine_tuning.jobs.retrieve(job.id)


@pytest.fixture
async def shipped(start):
    async with start(engines=SHIPPED, speed=2000) as emulator:
        yield emulator


async def test_a_base_model_answers_from_the_facts_in_its_prompt(shipped):
    messages = [
        {"role": "system", "content": CORA.joinpath("system_prompt.txt").read_text(encoding="utf-8")},
        {"role": "user", "content": "How late can I shop on a Saturday?"},
    ]
    answer = await shipped.azure.chat.completions.create(model="gpt-4.1-mini", messages=messages, temperature=0)
    assert answer.choices[0].message.content.strip()
    assert answer.usage.prompt_tokens > answer.usage.completion_tokens > 0


async def test_a_reasoning_model_thinks_about_a_number_puzzle(shipped):
    messages = rows(COUNTDOWN, "train.jsonl", 1)[0]["messages"]
    answer = await shipped.azure.chat.completions.create(model="o4-mini", messages=messages, seed=1)
    expression = json.loads(answer.choices[0].message.content)["expression"]
    assert ast.parse(expression, mode="eval")
    assert re.fullmatch(r"[-+*/() 0-9]+", expression)
    assert answer.usage.completion_tokens_details.reasoning_tokens > 0


async def test_a_small_model_learns_coras_answers(shipped):
    training = await shipped.upload(rows(CORA, "train.jsonl", 24))
    validation = await shipped.upload(rows(CORA, "valid.jsonl", 10))
    job = await finished(
        shipped,
        model="gpt-4.1-nano",
        training_file=training,
        validation_file=validation,
        seed=1,
        hyperparameters={"n_epochs": 2},
    )
    assert job.status == "succeeded", job.error
    checkpoints = [entry async for entry in shipped.azure.fine_tuning.jobs.checkpoints.list(job.id)]
    losses = [entry.metrics.full_valid_loss for entry in checkpoints[::-1]]
    assert losses[-1] < losses[0]


async def test_a_reasoning_model_is_trained_with_a_python_grader(shipped):
    training = await shipped.upload(rows(COUNTDOWN, "train.jsonl", 12))
    validation = await shipped.upload(rows(COUNTDOWN, "valid.jsonl", 10))
    grader = json.loads(COUNTDOWN.joinpath("grader.json").read_text(encoding="utf-8"))
    settings = {"grader": grader, "hyperparameters": {"batch_size": 4, "n_epochs": 1, "eval_interval": 1}}
    job = await finished(
        shipped,
        model="o4-mini",
        training_file=training,
        validation_file=validation,
        method={"type": "reinforcement", "reinforcement": settings},
    )
    assert job.status == "succeeded", job.error
    rewards = [
        event.data["full_valid_mean_reward"]
        async for event in shipped.azure.fine_tuning.jobs.list_events(job.id)
        if event.data
    ]
    assert len(rewards) == 3
    assert all(0 < reward <= 5 for reward in rewards)


async def test_rows_that_teach_nothing_fail_the_job_in_words(shipped):
    empty = {"messages": [{"role": "user", "content": "x"}, {"role": "assistant", "content": "y", "weight": 0}]}
    job = await finished(shipped, model="gpt-4.1-nano", training_file=await shipped.upload([empty] * 10))
    assert job.status == "failed"
    assert "learn" in job.error.message
