"""The evaluation that shows a reinforcement job's validation passes, in both dialects."""

from __future__ import annotations

import base64
import csv
from uuid import UUID

import pytest
from openai.types import EvalRetrieveResponse
from openai.types.evals import RunRetrieveResponse
from openai.types.evals.runs import OutputItemListResponse

NO_ERROR = {"code": "", "message": ""}
GRADER = {
    "type": "string_check",
    "name": "ends",
    "input": "{{sample.output_text}}",
    "reference": "{{item.wanted}}",
    "operation": "like",
}


async def trained(emulator, rows, grader=GRADER, status="succeeded"):
    file_id = await emulator.upload(rows)
    job = await emulator.azure.fine_tuning.jobs.create(
        model="o4-mini",
        training_file=file_id,
        validation_file=file_id,
        method={
            "type": "reinforcement",
            "reinforcement": {"grader": grader, "hyperparameters": {"n_epochs": 2}},
        },
    )
    return await emulator.until_status(job.id, status, "failed")


@pytest.mark.parametrize("dialect", ["azure", "openai"])
async def test_each_validation_pass_is_a_run_named_by_its_step(start, evals_on, reinforcement_rows, dialect):
    rows = [{**row, "tools": []} for row in reinforcement_rows]
    async with start(dialect=dialect) as emulator:
        evals = evals_on(emulator)
        job = await trained(emulator, rows)
        assert job.status == "succeeded", job.error
        raw = (await evals.raw("GET", f"/evals/{job.eval_id}")).json()
        evaluation = evals.strictly(EvalRetrieveResponse, raw)
        prefix = "Reinforcement Fine Tuning validation runs for "
        assert evaluation.name.startswith(prefix)
        assert UUID(evaluation.name.removeprefix(prefix)).hex in job.fine_tuned_model
        assert [entry.id async for entry in evals.client.evals.list() if entry.name == evaluation.name] == [job.eval_id]
        runs = [run async for run in evals.client.evals.runs.list(job.eval_id)]
        assert [run.name for run in runs] == ["Step 0", "Step 2", "Step 4", "Step 6"]
        assert {run.status for run in runs} == {"completed"}
        means = await measured(emulator, job)
        for run, mean in zip(runs, means, strict=True):
            shown = (await evals.raw("GET", f"/evals/{job.eval_id}/runs/{run.id}")).json()
            evals.strictly(RunRetrieveResponse, shown, error=NO_ERROR)
            items = await evals.items(run)
            assert len(items) == run.result_counts.total == 12
            assert sum(item.results[0].score for item in items) / 12 == pytest.approx(mean)
            assert run.result_counts.passed == sum(item.status == "pass" for item in items)


async def measured(emulator, job):
    """What the job's own results file says of its validation passes."""
    content = (await emulator.azure.files.content(job.result_files[0])).content
    text = content.decode() if content.startswith(b"step") else base64.b64decode(content).decode()
    rows = csv.DictReader(text.splitlines())
    return [float(row["full_valid_mean_reward"]) for row in rows if row["full_valid_mean_reward"]]


async def test_an_item_shows_the_whole_row_one_answer_and_no_prompt(evals, reinforcement_rows):
    rows = [{**row, "tools": [], "parallel_tool_calls": False} for row in reinforcement_rows]
    job = await trained(evals.emulator, rows)
    runs = [run async for run in evals.client.evals.runs.list(job.eval_id)]
    listed = (await evals.raw("GET", f"/evals/{job.eval_id}/runs/{runs[-1].id}/output_items")).json()["data"]
    for position, (item, row) in enumerate(zip(listed, rows, strict=True)):
        sample = {**item["sample"], "error": NO_ERROR}
        evals.strictly(OutputItemListResponse, {**item, "sample": sample})
        messages = [{"name": None, **message} for message in row["messages"]]
        assert item["datasource_item"] == {**row, "messages": messages}
        assert item["datasource_item_id"] == position
        assert item["sample"]["input"] == []
        (answer,) = item["sample"]["output"]
        assert (answer["role"], answer["tool_calls"]) == ("assistant", None)
        (result,) = item["results"]
        assert UUID(result["name"].removeprefix("ends-"))
        assert result["passed"] == (row["wanted"] in answer["content"]) == (item["status"] == "pass")
    first = (await evals.raw("GET", f"/evals/{job.eval_id}/runs/{runs[0].id}/output_items")).json()["data"]
    hashes = [[item["_datasource_item_content_hash"] for item in items] for items in (first, listed)]
    assert hashes[0] == hashes[1]
    assert len(set(hashes[0])) == 12


async def test_a_sample_that_the_grader_could_not_read_fails_and_counts_as_errored(evals, reinforcement_rows):
    job = await trained(evals.emulator, reinforcement_rows, {**GRADER, "input": "{{sample.output_json.x}}"})
    run = (await evals.client.evals.runs.list(job.eval_id)).data[0]
    counts = run.result_counts
    assert (counts.passed, counts.failed, counts.errored, counts.total) == (0, 12, 12, 12)
    assert (await evals.items(run))[0].results[0].error["code"] == "sample_parse_error"


async def test_an_evaluation_deleted_while_its_job_trains_does_not_disturb_it(start, evals_on, reinforcement_rows):
    async with start(speed=40) as emulator:
        evals = evals_on(emulator)
        job = await trained(emulator, reinforcement_rows, status="running")

        async def has_a_run():
            fresh = await emulator.azure.fine_tuning.jobs.retrieve(job.id)
            eval_id = fresh.model_dump().get("eval_id")
            return eval_id and [run async for run in evals.client.evals.runs.list(eval_id)]

        await emulator.until(has_a_run)
        eval_id = (await emulator.azure.fine_tuning.jobs.retrieve(job.id)).eval_id
        await evals.client.evals.delete(eval_id)
        done = await emulator.until_status(job.id, "succeeded", "failed")
        assert (done.status, done.eval_id) == ("succeeded", eval_id)


async def test_the_runs_outlive_their_deleted_job(evals, reinforcement_rows):
    job = await trained(evals.emulator, reinforcement_rows)
    assert (await evals.raw("DELETE", f"/fine_tuning/jobs/{job.id}")).status_code == 204
    runs = [run async for run in evals.client.evals.runs.list(job.eval_id)]
    assert len(await evals.items(runs[0])) == 12
