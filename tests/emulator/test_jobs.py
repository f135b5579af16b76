"""Fine-tuning jobs from create to the end, in both dialects."""

from __future__ import annotations

import asyncio
import base64
import csv
import io
import json

import pytest
from openai import BadRequestError, NotFoundError, RateLimitError

MODEL = "gpt-4.1-nano"
EXACT = {
    "type": "string_check",
    "name": "exact",
    "input": "{{sample.output_text}}",
    "reference": "{{item.wanted}}",
    "operation": "ilike",
}


async def create(emulator, rows, **settings):
    return await emulator.azure.fine_tuning.jobs.create(
        **{"model": MODEL, "training_file": await emulator.upload(rows), **settings}
    )


async def results(emulator, job):
    text = (await emulator.azure.files.content(job.result_files[0])).text
    return list(csv.DictReader(io.StringIO(text)))


async def test_a_new_job_is_pending_with_autos_as_minus_one_and_without_nulls(emulator, chat_rows):
    answer = await emulator.azure.fine_tuning.jobs.with_raw_response.create(
        model="GPT-4.1-nano",
        training_file=await emulator.upload(chat_rows),
        suffix="cora",
        seed=7,
        metadata={"who": "me"},
        extra_body={"trainingType": "GlobalStandard"},
    )
    body = answer.http_response.json()
    assert answer.status_code == 201
    assert None not in body.values()
    assert body["status"] == "pending"
    assert body["model"] == "gpt-4.1-nano-2025-04-14"
    assert body["hyperparameters"] == {"batch_size": -1, "learning_rate_multiplier": -1, "n_epochs": -1}
    assert (body["trainingType"], body["suffix"], body["seed"]) == ("globalStandard", "cora", 7)
    assert body["metadata"] == {"who": "me"}
    assert body["estimated_finish"] > body["created_at"] - 1
    assert "method" not in body


async def test_a_supervised_job_succeeds_with_model_results_checkpoints_and_bill(emulator, chat_rows):
    validation = await emulator.upload(chat_rows, "valid.jsonl")
    job = await create(emulator, chat_rows, validation_file=validation, suffix="cora")
    done = await emulator.until_status(job.id, "succeeded", "failed")
    assert done.status == "succeeded"
    assert done.fine_tuned_model == f"gpt-4.1-nano-2025-04-14.ft-{job.id.removeprefix('ftjob-')}-cora"
    assert done.hyperparameters.model_dump(exclude_none=True) == {
        "batch_size": 4,
        "learning_rate_multiplier": 1.0,
        "n_epochs": 2,
    }
    assert done.trained_tokens == 600
    assert done.finished_at >= done.created_at
    rows = await results(emulator, done)
    assert [row["step"] for row in rows] == ["1", "2", "3", "4", "5", "6"]
    assert rows[0]["full_valid_loss"] == ""
    assert float(rows[5]["full_valid_loss"]) > 0
    assert [event.message for event in await emulator.events(job.id)] == [
        "Job enqueued. Waiting for jobs ahead to complete.",
        "Preprocessing running for file training file.",
        "Preprocessing completed for file training file.",
        "Preprocessing completed for file validation file.",
        "Job started.",
        "Data Import started.",
        "Finetuning started.",
        "Job queued, waiting for GPUs.",
        "Training started.",
        f"Created results file: {done.result_files[0]}",
        f"Step 1: training loss={float(rows[0]['train_loss']):.4f}",
        "Job succeeded.",
        "Model Evaluation Passed.",
        f"Completed results file: {done.result_files[0]}",
        "Training tokens billed: 600",
    ]


async def test_the_last_three_epochs_are_kept_as_checkpoints(emulator, chat_rows):
    job = await create(emulator, chat_rows, hyperparameters={"n_epochs": 5, "batch_size": 4})
    done = await emulator.until_status(job.id, "succeeded")
    checkpoints = [entry async for entry in emulator.azure.fine_tuning.jobs.checkpoints.list(job.id)]
    assert [entry.step_number for entry in checkpoints] == [15, 12, 9]
    assert checkpoints[0].fine_tuned_model_checkpoint == f"{done.fine_tuned_model}:ckpt-step-15"
    assert checkpoints[0].metrics.train_loss > 0
    assert checkpoints[0].id.startswith("ftchkpt-")
    page = await emulator.azure.fine_tuning.jobs.checkpoints.list(job.id, limit=2)
    assert (len(page.data), page.has_more) == (2, True)


async def test_a_tuned_model_is_listed_and_can_be_tuned_further(emulator, chat_rows):
    first = await emulator.until_status((await create(emulator, chat_rows)).id, "succeeded")
    model = await emulator.azure.models.retrieve(first.fine_tuned_model)
    assert model.fine_tune == first.id
    assert first.fine_tuned_model in [entry.id async for entry in emulator.azure.models.list()]
    again = await emulator.until_status(
        (await create(emulator, chat_rows, model=first.fine_tuned_model)).id, "succeeded"
    )
    assert again.model == first.fine_tuned_model
    assert again.fine_tuned_model.count(".ft-") == 1
    before, after = await results(emulator, first), await results(emulator, again)
    assert float(after[0]["train_loss"]) < float(before[0]["train_loss"])


async def test_the_same_seed_gives_the_same_curve_and_another_another(emulator, chat_rows):
    jobs = [await create(emulator, chat_rows, seed=seed) for seed in (5, 5, 6)]
    done = [await emulator.until_status(job.id, "succeeded") for job in jobs]
    curves = [await results(emulator, job) for job in done]
    assert curves[0] == curves[1] != curves[2]


async def test_a_preference_job_echoes_its_method_and_succeeds(emulator, preference_rows):
    method = {"type": "dpo", "dpo": {"hyperparameters": {"beta": 0.3, "n_epochs": 1}}}
    job = await create(emulator, preference_rows, method=method)
    assert job.method.dpo.hyperparameters.beta == 0.3
    assert job.method.dpo.hyperparameters.batch_size == -1
    done = await emulator.until_status(job.id, "succeeded", "failed")
    assert done.status == "succeeded"
    assert done.method.dpo.hyperparameters.batch_size == 4


async def test_a_reinforcement_job_reports_rewards_errors_and_validation_runs(emulator, reinforcement_rows):
    method = {
        "type": "reinforcement",
        "reinforcement": {"grader": EXACT, "hyperparameters": {"n_epochs": 2, "reasoning_effort": "low"}},
    }
    validation = await emulator.upload(reinforcement_rows, "valid.jsonl")
    job = await create(emulator, reinforcement_rows, model="o4-mini", validation_file=validation, method=method)
    assert "eval_id" not in job.model_dump()
    done = await emulator.until_status(job.id, "succeeded", "failed")
    assert done.status == "succeeded", done.error
    assert done.eval_id.startswith("eval_")
    assert int(done.eval_id[5:13], 16) == job.created_at
    metrics = [event for event in await emulator.events(job.id) if event.type == "metrics"]
    assert len(metrics) == 6
    assert metrics[0].message.startswith("Step 1/6 , train mean reward=")
    assert "full validation mean reward=" not in metrics[0].message
    assert "full validation mean reward=" in metrics[1].message
    data = metrics[1].data
    assert data["step"] == 2
    assert data["scores"]["graders"][0]["name"] == "exact"
    assert data["errors"]["graders"][0]["valid_sample_parse_error_mean"] == 0.0
    rows = await results(emulator, done)
    assert {"train_mean_reward", "full_valid_mean_reward", "errors/graders/exact/valid_other_error_count"} <= set(
        rows[0]
    )
    assert [row["step"] for row in rows if row["full_valid_mean_reward"]] == ["0", "2", "4", "6"]
    samples = emulator.service.resource.database.execute(
        "SELECT step, count(*) AS samples, avg(reward) AS mean FROM validation_samples WHERE job_id = ? GROUP BY step",
        (job.id,),
    ).fetchall()
    assert [(row["step"], row["samples"]) for row in samples] == [(0, 12), (2, 12), (4, 12), (6, 12)]
    for row in samples:
        reported = next(entry for entry in rows if int(entry["step"]) == row["step"])
        assert float(reported["full_valid_mean_reward"]) == pytest.approx(row["mean"])


async def test_secrets_in_grader_headers_come_back_masked(emulator, reinforcement_rows):
    grader = {
        "type": "endpoint",
        "name": "mine",
        "url": "https://grader.example",
        "headers": {"Authorization": "s3cret"},
    }
    validation = await emulator.upload(reinforcement_rows)
    answer = await emulator.azure.fine_tuning.jobs.with_raw_response.create(
        model="o4-mini",
        training_file=validation,
        validation_file=validation,
        method={"type": "reinforcement", "reinforcement": {"grader": grader}},
    )
    assert "s3cret" not in answer.text
    assert '"Authorization":"**********"' in answer.text


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"model": "gpt-9"}, "The specified base model does not support fine-tuning."),
        ({"model": "o3"}, "The specified base model does not support fine-tuning."),
        ({"model": "o4-mini"}, "The specified base model does not support fine-tuning."),
        ({"model": "ministral-3b"}, "does not support fine-tuning with Standard TrainingType"),
        ({"extra_body": {"trainingType": "cheap"}}, "Invalid value for trainingType."),
        ({"suffix": "a.b"}, "Invalid value for suffix."),
        ({"suffix": "x" * 41}, "Invalid value for suffix."),
        ({"seed": -1}, "Invalid value for seed."),
        ({"seed": 2**31}, "Invalid value for seed."),
        ({"metadata": {str(number): "x" for number in range(17)}}, "Invalid value for metadata"),
        ({"metadata": {"k": "v" * 513}}, "Invalid value for metadata"),
        ({"hyperparameters": {"n_epochs": 51}}, "Invalid value for hyperparameters.n_epochs."),
        ({"hyperparameters": {"n_epochs": 1.5}}, "Invalid value for hyperparameters.n_epochs."),
        ({"hyperparameters": {"batch_size": 257}}, "Invalid value for hyperparameters.batch_size."),
        ({"hyperparameters": {"learning_rate_multiplier": 0}}, "Invalid value for hyperparameters."),
        ({"hyperparameters": {"beta": 0.1}}, "Hyperparameter 'beta' is not supported"),
        ({"method": {"type": "magic"}}, "Invalid value for method.type."),
        ({"integrations": [{"type": "slack"}]}, "Invalid value for integrations."),
        ({"validation_file": "file-nowhere"}, "could not be found"),
    ],
)
async def test_a_bad_request_is_refused_before_any_job_exists(emulator, chat_rows, settings, message):
    with pytest.raises((BadRequestError, NotFoundError)) as caught:
        await create(emulator, chat_rows, **settings)
    assert message in caught.value.body["message"]
    assert (await emulator.azure.fine_tuning.jobs.list()).data == []


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "The grader field is required"),
        ({"grader": {"type": "label_model"}}, "Invalid value for grader.type."),
        ({"grader": {**EXACT, "operation": "almost"}}, "Invalid grader."),
        ({"grader": EXACT}, "The validation_file field is required"),
    ],
)
async def test_a_reinforcement_job_needs_a_grader_and_validation(emulator, reinforcement_rows, settings, message):
    with pytest.raises(BadRequestError) as caught:
        method = {"type": "reinforcement", "reinforcement": settings}
        await create(emulator, reinforcement_rows, model="o4-mini", method=method)
    assert message in caught.value.body["message"]


async def test_v1_takes_longer_suffixes_and_answers_200(emulator, chat_rows):
    file_id = await emulator.upload(chat_rows)
    answer = await emulator.v1.fine_tuning.jobs.with_raw_response.create(
        model=MODEL, training_file=file_id, suffix="x" * 64
    )
    assert answer.status_code == 200


async def test_an_unprocessed_or_foreign_file_is_refused(start, clock):
    async with start(clock=clock, speed=1) as emulator:
        fresh = await emulator.azure.files.create(file=("a.jsonl", b"{}"), purpose="fine-tune")
        other = await emulator.azure.files.create(file=("a.jsonl", b"{}"), purpose="evals")
        for file, word in ((fresh, "not ready"), (other, "purpose")):
            with pytest.raises(BadRequestError) as caught:
                await emulator.azure.fine_tuning.jobs.create(model=MODEL, training_file=file.id)
            assert word in caught.value.body["message"]


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (lambda lines: [*lines[:6], b"{not json", *lines[6:]], "line 7: it is not valid JSON."),
        (lambda lines: [*lines[:6], b"[1]", *lines[6:]], "line 7: it is not a JSON object."),
        (lambda lines: [*lines, b'{"messages": []}'], "line 13: 'messages' must be a non-empty array."),
        (lambda lines: [b'{"messages": [{"role": "user", "content": "x"}]}', *lines], "line 1: the last message must"),
        (lambda lines: lines[:9], "the file has 9 examples, but at least 10 are needed."),
    ],
)
async def test_a_bad_file_fails_the_job_in_the_services_words(emulator, chat_rows, spoil, problem):
    lines = spoil([json.dumps(row).encode() for row in chat_rows])
    job = await create(emulator, b"\n".join(lines))
    failed = await emulator.until_status(job.id, "failed", "succeeded")
    assert failed.error.code == "jsonlValidationFailed"
    assert failed.error.message.startswith("Validation of jsonl file failed: ")
    assert problem in failed.error.message
    last = (await emulator.events(job.id))[-1]
    assert (last.level, last.message) == ("error", failed.error.message)


async def test_harmful_data_fails_the_safety_check_and_bills_nothing(emulator, chat_rows):
    chat_rows[3]["messages"][1]["content"] = "How to build a bomb?"
    job = await create(emulator, chat_rows)
    failed = await emulator.until_status(job.id, "failed", "succeeded")
    assert failed.error.message == (
        "The provided training data failed RAI checks for harm types: [violence]. Please fix the data and try again."
    )
    assert failed.trained_tokens is None


async def test_a_file_deleted_before_it_is_read_fails_the_job(start, clock, chat_rows):
    async with start(clock=clock, speed=1) as emulator:
        file = await emulator.azure.files.create(
            file=("a.jsonl", b"\n".join(str(row).encode() for row in chat_rows)), purpose="fine-tune"
        )
        clock.seconds += 10
        job = await emulator.azure.fine_tuning.jobs.create(model=MODEL, training_file=file.id)
        await emulator.azure.files.delete(file.id)
        clock.seconds += 10
        await asyncio.sleep(0.1)
        clock.seconds += 10
        failed = await emulator.until_status(job.id, "failed")
    assert failed.error.code == "fileImportFailed"


async def test_a_waiting_job_is_cancelled_at_once(start, chat_rows):
    async with start(speed=20) as emulator:
        job = await create(emulator, chat_rows)
        cancelled = await emulator.azure.fine_tuning.jobs.cancel(job.id)
        assert cancelled.status == "cancelled"
        with pytest.raises(BadRequestError) as caught:
            await emulator.azure.fine_tuning.jobs.cancel(job.id)
        assert caught.value.code == "unexpectedEntityState"


async def test_a_running_job_is_cancelled_and_its_work_billed(start, chat_rows):
    async with start(speed=20) as emulator:
        job = await create(emulator, chat_rows, hyperparameters={"n_epochs": 50, "batch_size": 1})
        await emulator.until_status(job.id, "running")
        await emulator.until(lambda: has_event(emulator, job.id, "Step 1:"))
        cancelled = await emulator.azure.fine_tuning.jobs.cancel(job.id)
        assert cancelled.status == "cancelled"
        assert cancelled.trained_tokens > 0
        assert cancelled.fine_tuned_model is None
        steps = len(await results(emulator, cancelled))
        await asyncio.sleep(0.2)
        assert len(await results(emulator, cancelled)) == steps < 600


async def has_event(emulator, job_id, start):
    return any(event.message.startswith(start) for event in await emulator.events(job_id))


async def test_a_paused_job_keeps_a_checkpoint_and_goes_on_when_resumed(start, chat_rows):
    async with start(speed=40) as emulator:
        settings = {"hyperparameters": {"n_epochs": 10, "batch_size": 1}, "seed": 3}
        straight = await create(emulator, chat_rows, **settings)
        job = await create(emulator, chat_rows, **settings)
        with pytest.raises(BadRequestError):
            await emulator.azure.fine_tuning.jobs.pause(job.id)
        await emulator.until(lambda: has_event(emulator, job.id, "Step 10:"))
        assert (await emulator.azure.fine_tuning.jobs.pause(job.id)).status == "pausing"
        paused = await emulator.until_status(job.id, "paused", "failed", "succeeded")
        assert paused.status == "paused"
        steps = len(await results(emulator, paused))
        checkpoints = (await emulator.azure.fine_tuning.jobs.checkpoints.list(job.id)).data
        assert checkpoints[0].step_number == steps
        await asyncio.sleep(0.1)
        assert len(await results(emulator, paused)) == steps
        with pytest.raises(BadRequestError):
            await emulator.azure.fine_tuning.jobs.pause(job.id)
        assert (await emulator.azure.fine_tuning.jobs.resume(job.id)).status == "resuming"
        done = await emulator.until_status(job.id, "succeeded", "failed")
        assert done.status == "succeeded"
        assert await results(emulator, done) == await results(
            emulator, await emulator.until_status(straight.id, "succeeded")
        )


async def test_a_paused_job_can_be_cancelled_and_a_finished_one_not_resumed(start, chat_rows):
    async with start(speed=40) as emulator:
        job = await create(emulator, chat_rows, hyperparameters={"n_epochs": 10, "batch_size": 1})
        await emulator.until(lambda: has_event(emulator, job.id, "Step 1:"))
        await emulator.azure.fine_tuning.jobs.pause(job.id)
        await emulator.until_status(job.id, "paused")
        assert (await emulator.azure.fine_tuning.jobs.cancel(job.id)).status == "cancelled"
        with pytest.raises(BadRequestError):
            await emulator.azure.fine_tuning.jobs.resume(job.id)


async def test_three_standard_jobs_run_at_once_and_the_fourth_waits_its_turn(start, chat_rows):
    async with start(speed=40) as emulator:
        file_id = await emulator.upload(chat_rows)
        settings = {"model": MODEL, "training_file": file_id, "hyperparameters": {"n_epochs": 50, "batch_size": 1}}
        jobs = [await emulator.azure.fine_tuning.jobs.create(**settings) for _ in range(4)]
        developer = await emulator.azure.fine_tuning.jobs.create(
            **settings, extra_body={"trainingType": "developerTier"}
        )
        for job in (*jobs[:3], developer):
            await emulator.until_status(job.id, "running")
        assert (await emulator.azure.fine_tuning.jobs.retrieve(jobs[3].id)).status == "pending"
        await emulator.azure.fine_tuning.jobs.cancel(jobs[0].id)
        await emulator.until_status(jobs[3].id, "running")


async def test_the_twenty_first_waiting_job_is_refused(start, clock, chat_rows):
    async with start(clock=clock, speed=1) as emulator:
        file = await emulator.azure.files.create(file=("a.jsonl", b"{}"), purpose="fine-tune")
        clock.seconds += 10
        for _ in range(20):
            await emulator.azure.fine_tuning.jobs.create(model=MODEL, training_file=file.id)
        with pytest.raises(RateLimitError) as caught:
            await emulator.azure.fine_tuning.jobs.create(model=MODEL, training_file=file.id)
        assert caught.value.code == "tooManyRequests"


async def test_jobs_and_events_are_paged_newest_first_and_filtered_by_metadata(start, clock):
    async with start(clock=clock, speed=1) as emulator:
        file = await emulator.azure.files.create(file=("a.jsonl", b"{}"), purpose="fine-tune")
        clock.seconds += 10
        ids = [
            (
                await emulator.azure.fine_tuning.jobs.create(
                    model=MODEL, training_file=file.id, metadata={"nonce": str(number % 2)}
                )
            ).id
            for number in range(5)
        ]
        page = await emulator.azure.fine_tuning.jobs.list(limit=2)
        assert ([job.id for job in page.data], page.has_more) == (ids[:2:-1], True)
        assert [job.id async for job in emulator.azure.fine_tuning.jobs.list(limit=2)] == ids[::-1]
        found = [job.id async for job in emulator.azure.fine_tuning.jobs.list(metadata={"nonce": "1"})]
        assert found == [ids[3], ids[1]]
        await emulator.azure.fine_tuning.jobs.cancel(ids[0])
        newest = await emulator.azure.fine_tuning.jobs.list_events(ids[0], limit=1)
        assert ([event.message for event in newest.data], newest.has_more) == (["Job cancelled."], True)


async def test_only_a_finished_job_is_deleted_and_only_on_dated_routes(emulator, chat_rows):
    done = await emulator.until_status((await create(emulator, chat_rows)).id, "succeeded")
    path, headers = f"/fine_tuning/jobs/{done.id}", {"api-key": emulator.key}
    assert (await emulator.http.delete(f"/openai/v1{path}", headers=headers)).status_code == 404
    dated = f"/openai{path}?api-version=2025-04-01-preview"
    assert (await emulator.http.delete(dated, headers=headers)).status_code == 204
    with pytest.raises(NotFoundError):
        await emulator.azure.fine_tuning.jobs.retrieve(done.id)
    assert (await emulator.azure.models.retrieve(done.fine_tuned_model)).status == "succeeded"


async def test_an_unknown_job_is_not_found_anywhere(emulator):
    jobs = emulator.azure.fine_tuning.jobs
    for call in (jobs.retrieve, jobs.cancel, jobs.pause, jobs.resume, jobs.list_events, jobs.checkpoints.list):
        with pytest.raises(NotFoundError):
            await call("ftjob-nowhere")


async def test_the_openai_dialect_spells_states_autos_nulls_and_results_its_own_way(start, chat_rows):
    async with start(dialect="openai") as emulator:
        answer = await emulator.v1.fine_tuning.jobs.with_raw_response.create(
            model=MODEL, training_file=await emulator.upload(chat_rows)
        )
        body = answer.http_response.json()
        assert body["status"] == "validating_files"
        assert (body["error"], body["result_files"], body["fine_tuned_model"]) == ({}, [], None)
        assert body["method"]["supervised"]["hyperparameters"]["n_epochs"] == "auto"
        assert "trainingType" not in body
        assert len(body["id"]) == len("ftjob-") + 24
        done = await emulator.until_status(body["id"], "succeeded", "failed")
        content = (await emulator.v1.files.content(done.result_files[0])).content
        assert base64.b64decode(content).startswith(b"step,train_loss")


async def test_the_results_file_grows_while_the_job_runs(start, chat_rows):
    async with start(speed=20) as emulator:
        job = await create(emulator, chat_rows, hyperparameters={"n_epochs": 50, "batch_size": 1})
        await emulator.until(lambda: has_event(emulator, job.id, "Step 1:"))
        running = await emulator.azure.fine_tuning.jobs.retrieve(job.id)
        before = await emulator.azure.files.retrieve(running.result_files[0])
        await emulator.until(lambda: has_event(emulator, job.id, "Step 10:"))
        after = await emulator.azure.files.retrieve(running.result_files[0])
        assert (before.purpose, before.filename) == ("fine-tune-results", "results.csv")
        assert after.bytes > before.bytes
        await emulator.azure.fine_tuning.jobs.cancel(job.id)
