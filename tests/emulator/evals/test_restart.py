"""A run that is interrupted goes on, and no row is paid for twice."""

from __future__ import annotations

import asyncio
import signal
import time
from collections import Counter

ROWS = 80
SPEED = 3.0


async def paid(emulator):
    """How often each request of the evaluated deployment was paid for."""
    calls = emulator.service.resource.ledger.page(0, 10_000)
    return Counter(call.request_hash for _, call in calls if call.deployment == "gpt-4.1-nano")


async def test_a_stopped_run_goes_on_without_asking_twice(start, evals_on):
    async with start(speed=SPEED) as emulator:
        evals = evals_on(emulator)
        evaluation = await evals.create(evals.contains, evals.polite)
        run = await evals.start(evaluation, evals.completions(evals.questions(ROWS)))

        async def half_way():
            return emulator.service.resource.ledger.totals().calls > ROWS // 2

        await emulator.until(half_way)
        before = await paid(emulator)
        assert 0 < len(before) < ROWS
        graded = [item.model_dump() for item in await evals.items(run, limit=100)]
    async with start() as emulator:
        evals = evals_on(emulator)
        assert (await evals.client.evals.runs.retrieve(run.id, eval_id=run.eval_id)).status == "in_progress"
        done = await evals.ended(run)
        after = await paid(emulator)
        assert done.result_counts.passed == done.result_counts.total == ROWS
        items = [item.model_dump() for item in await evals.items(run, limit=100)]
        assert items[: len(graded)] == graded
        assert sorted(item["datasource_item_id"] for item in items) == list(range(ROWS))
    assert len(after) == ROWS
    assert set(after.values()) == {1}
    assert done.per_model_usage[0].invocation_count == ROWS


async def test_a_queued_run_of_a_file_is_taken_up_after_a_restart(start, evals_on):
    async with start(speed=0.5) as emulator:
        evals = evals_on(emulator)
        evaluation = await evals.create()
        source = {"type": "file_content", "content": [{"item": item} for item in evals.questions(3)]}
        run = await evals.start(evaluation, evals.completions(source))
        await asyncio.sleep(0.05)
    async with start() as emulator:
        done = await evals_on(emulator).ended(run)
        assert (done.status, done.result_counts.passed) == ("completed", 3)


def test_a_killed_emulator_goes_on_with_its_run(serve_process):
    content = [{"item": {"question": f"Question {number}"}} for number in range(ROWS)]
    server = serve_process(speed=SPEED)
    with server.azure() as client:
        evaluation = client.evals.create(
            name="killed",
            data_source_config={"type": "custom", "item_schema": {"type": "object"}, "include_sample_schema": True},
            testing_criteria=[
                {
                    "type": "string_check",
                    "name": "contains",
                    "input": "{{sample.output_text}}",
                    "reference": "{{item.question}}",
                    "operation": "like",
                }
            ],
        )
        run = client.evals.runs.create(
            evaluation.id,
            data_source={
                "type": "completions",
                "model": "gpt-4.1-nano",
                "source": {"type": "file_content", "content": content},
                "input_messages": {"type": "template", "template": [{"role": "user", "content": "{{item.question}}"}]},
            },
        )
        wait_until(lambda: len(client.evals.runs.output_items.list(run.id, eval_id=evaluation.id).data) > 10)
    server.stop(signal.SIGKILL)
    server = serve_process()
    with server.v1() as client:
        wait_until(lambda: client.evals.runs.retrieve(run.id, eval_id=evaluation.id).status == "completed")
        done = client.evals.runs.retrieve(run.id, eval_id=evaluation.id)
        rows = [item.datasource_item_id for item in client.evals.runs.output_items.list(run.id, eval_id=evaluation.id)]
    assert done.result_counts.passed == ROWS
    assert sorted(rows) == list(range(ROWS))
    assert done.per_model_usage[0].invocation_count == ROWS


def wait_until(condition, seconds=20.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
