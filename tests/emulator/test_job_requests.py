"""What a job request may ask for, what of it counts, and what is told when it does not."""

from __future__ import annotations

import json
from importlib.resources import files

import pytest
from openai import BadRequestError, NotFoundError

from cupola.emulator.engines import SHIPPED
from cupola.emulator.jobs.intake import check_volume
from cupola.emulator.jobs.lines import DatasetError

PYTHON = "def grade(sample, item):\n    return 1.0\n"
ACCOUNT = "/subscriptions/s/resourceGroups/g/providers/Microsoft.CognitiveServices/accounts/other"


async def reinforce(emulator, rows, grader, **settings):
    train, valid = await emulator.upload(rows), await emulator.upload(rows[:4], "valid.jsonl")
    reinforcement = {"grader": grader, "hyperparameters": {"n_epochs": 1}, **settings}
    return await emulator.azure.fine_tuning.jobs.create(
        model="o4-mini",
        training_file=train,
        validation_file=valid,
        seed=7,
        method={"type": "reinforcement", "reinforcement": reinforcement},
    )


@pytest.mark.parametrize("nested", [False, True])
async def test_a_grader_that_the_sandbox_cannot_run_fails_the_job_in_plain_words(emulator, reinforcement_rows, nested):
    grader = {"type": "python", "name": "chemist", "source": f"import rdkit\n{PYTHON}"}
    if nested:
        grader = {"type": "multi", "name": "both", "graders": {"a": grader}, "calculate_output": "a"}
    job = await reinforce(emulator, reinforcement_rows, grader)
    done = await emulator.until_status(job.id, "failed", "succeeded")
    assert done.status == "failed"
    assert "rdkit" in done.error.message
    assert "the service itself may have it" in done.error.message


async def test_a_grader_that_it_can_run_trains(emulator, reinforcement_rows):
    job = await reinforce(emulator, reinforcement_rows, {"type": "python", "name": "one", "source": PYTHON})
    assert (await emulator.until_status(job.id, "failed", "succeeded")).status == "succeeded"


async def test_settings_without_effect_are_told_in_the_events(emulator, chat_rows):
    method = {"type": "supervised", "supervised": {"hyperparameters": {"n_epochs": 1, "prompt_loss_weight": 0.1}}}
    job = await emulator.azure.fine_tuning.jobs.create(
        model="gpt-4.1-nano", training_file=await emulator.upload(chat_rows), method=method
    )
    await emulator.until_status(job.id, "succeeded")
    warnings = [event.message for event in await emulator.events(job.id) if event.level == "warning"]
    assert warnings == ["prompt_loss_weight is accepted without effect: the emulator's models do not use it."]


async def test_tools_and_the_length_of_episodes_are_told_to_be_without_effect(emulator, reinforcement_rows):
    tools = [{"name": "search", "server_url": "https://zava.example/search", "headers": {"x-key": "secret"}}]
    settings = {"tools": tools, "max_episode_steps": 4}
    job = await reinforce(emulator, reinforcement_rows, {"type": "python", "source": PYTHON}, **settings)
    done = await emulator.until_status(job.id, "succeeded", "failed")
    assert done.status == "succeeded"
    told = [event.message for event in await emulator.events(job.id) if event.level == "warning"]
    assert [text.split(":")[0] for text in told] == ["tools", "max_episode_steps"]
    raw = await emulator.azure.fine_tuning.jobs.with_raw_response.retrieve(job.id)
    shown = json.loads(raw.content)["method"]["reinforcement"]
    assert shown["max_episode_steps"] == 4
    assert "secret" not in json.dumps(shown)


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"tools": [{"name": "search"}]}, r"tools\[0\]"),
        ({"tools": "search"}, "tools"),
        ({"tools": [{"name": "search", "server_url": "https://zava.example", "headers": []}]}, r"tools\[0\]"),
        ({"max_episode_steps": 0}, "max_episode_steps"),
        ({"max_episode_steps": "many"}, "max_episode_steps"),
    ],
)
async def test_broken_settings_of_an_agentic_job_are_refused(emulator, reinforcement_rows, settings, named):
    with pytest.raises(BadRequestError, match=named):
        await reinforce(emulator, reinforcement_rows, {"type": "python", "source": PYTHON}, **settings)


async def test_answers_keep_to_the_response_format_of_the_job(start):
    lines = files("cupola_data").joinpath("countdown", "train.jsonl").read_text(encoding="utf-8").splitlines()
    properties = {"equation": {"type": "string"}, "total": {"type": "number"}}
    named = {"name": "other_keys", "schema": {"type": "object", "properties": properties}}
    form = {"type": "json_schema", "json_schema": named}
    async with start(engines=SHIPPED, speed=2000) as emulator:
        rows = [json.loads(line) for line in lines[:12]]
        job = await reinforce(emulator, rows, {"type": "python", "source": PYTHON}, response_format=form)
        assert (await emulator.until_status(job.id, "succeeded", "failed")).status == "succeeded"
        texts = emulator.service.resource.database.execute("SELECT text FROM validation_samples").fetchall()
        assert texts
        assert all(set(json.loads(row["text"])) == {"equation", "total"} for row in texts)


@pytest.mark.parametrize(
    "form", ["json", {"type": "text"}, {"type": "json_schema"}, {"type": "json_schema", "json_schema": {}}]
)
async def test_a_broken_response_format_is_refused(emulator, reinforcement_rows, form):
    with pytest.raises(BadRequestError, match="response_format"):
        await reinforce(emulator, reinforcement_rows, {"type": "python", "source": PYTHON}, response_format=form)


async def test_the_same_seed_gives_the_same_curve(emulator, chat_rows):
    file_id = await emulator.upload(chat_rows)
    texts = []
    for seed in (1, 1, 2):
        job = await emulator.azure.fine_tuning.jobs.create(model="gpt-4.1-nano", training_file=file_id, seed=seed)
        done = await emulator.until_status(job.id, "succeeded")
        texts.append((await emulator.azure.files.content(done.result_files[0])).text)
    assert texts[0] == texts[1] != texts[2]


async def test_a_checkpoint_can_be_tuned_further_and_answers_with_its_own_weights(emulator, chat_rows):
    file_id = await emulator.upload(chat_rows)
    first = await emulator.azure.fine_tuning.jobs.create(model="gpt-4.1-nano", training_file=file_id)
    await emulator.until_status(first.id, "succeeded")
    (newest, *_) = [entry async for entry in emulator.azure.fine_tuning.jobs.checkpoints.list(first.id)]
    second = await emulator.azure.fine_tuning.jobs.create(
        model=newest.fine_tuned_model_checkpoint, training_file=file_id, seed=5
    )
    done = await emulator.until_status(second.id, "succeeded", "failed")
    assert done.model == newest.fine_tuned_model_checkpoint
    assert done.fine_tuned_model.startswith("gpt-4.1-nano-2025-04-14.ft-")
    losses = [
        row["metrics"]
        for row in emulator.service.resource.database.execute(
            "SELECT metrics FROM steps WHERE step = 1 ORDER BY job_id = ?", (second.id,)
        )
    ]
    assert json.loads(losses[1])["train_loss"] < json.loads(losses[0])["train_loss"]


def test_more_than_two_billion_tokens_are_refused_and_no_less():
    check_volume(4_000_000_000, 2)
    with pytest.raises(DatasetError, match="at most 2000000000"):
        check_volume(4_000_000_004, 2)


async def test_a_job_that_was_being_finished_at_a_restart_succeeds(start, chat_rows):
    async with start(speed=20) as emulator:
        job = await emulator.azure.fine_tuning.jobs.create(
            model="gpt-4.1-nano", training_file=await emulator.upload(chat_rows), hyperparameters={"n_epochs": 1}
        )

        async def finishing():
            query = "SELECT 1 FROM jobs WHERE id = ? AND stage = 'finishing'"
            return emulator.service.resource.database.execute(query, (job.id,)).fetchone()

        await emulator.until(finishing)
    async with start() as emulator:
        done = await emulator.until_status(job.id, "succeeded", "failed")
        assert done.status == "succeeded"
        said = [event.message for event in await emulator.events(job.id)]
        assert said.count("Model Evaluation Passed.") == 1


@pytest.fixture
async def checkpoint(emulator, chat_rows):
    job = await emulator.azure.fine_tuning.jobs.create(
        model="gpt-4.1-nano", training_file=await emulator.upload(chat_rows)
    )
    await emulator.until_status(job.id, "succeeded")
    (newest, *_) = [entry async for entry in emulator.azure.fine_tuning.jobs.checkpoints.list(job.id)]
    return newest


async def copy(emulator, checkpoint, body=None, header="preview"):
    path = f"/openai/v1/fine_tuning/jobs/{checkpoint.fine_tuning_job_id}/checkpoints/{checkpoint.id}/copy"
    headers = {"api-key": emulator.key, **({"aoai-copy-ft-checkpoints": header} if header else {})}
    return await emulator.http.request("POST" if body else "GET", path, json=body, headers=headers)


async def test_a_checkpoint_is_copied_in_a_while(emulator, checkpoint):
    body = {"destinationResourceId": ACCOUNT, "region": "westus3"}
    begun = (await copy(emulator, checkpoint, body)).json()
    assert begun["checkpointedModelName"] == checkpoint.fine_tuned_model_checkpoint
    assert begun["fineTuningJobId"] == checkpoint.fine_tuning_job_id

    async def completed():
        (detail,) = (await copy(emulator, checkpoint)).json()["copiedAccountDetails"]
        return detail == {"destinationResourceId": ACCOUNT, "region": "westus3", "status": "Completed"}

    await emulator.until(completed)


async def test_a_copy_needs_its_header_and_a_destination_elsewhere(emulator, checkpoint):
    body = {"destinationResourceId": ACCOUNT, "region": "westus3"}
    assert (await copy(emulator, checkpoint, body, header=None)).status_code == 400
    own = ACCOUNT.replace("other", emulator.service.resource.account.name)
    for destination in ("somewhere", own):
        answer = await copy(emulator, checkpoint, {**body, "destinationResourceId": destination})
        assert answer.status_code == 400


async def test_a_file_cannot_be_imported_from_an_address(emulator):
    body = {"purpose": "fine-tune", "filename": "a.jsonl", "content_url": "https://example.org/a.jsonl"}
    answer = await emulator.http.post("/openai/v1/files/import", json=body, headers={"api-key": emulator.key})
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "fileImportFailed"


async def test_a_deleted_job_is_gone_and_its_model_stays(emulator, checkpoint):
    job_id = checkpoint.fine_tuning_job_id
    model = (await emulator.azure.fine_tuning.jobs.retrieve(job_id)).fine_tuned_model
    path = f"/openai/fine_tuning/jobs/{job_id}?api-version=2025-04-01-preview"
    assert (await emulator.http.delete(path, headers={"api-key": emulator.key})).status_code == 204
    with pytest.raises(NotFoundError):
        await emulator.azure.fine_tuning.jobs.retrieve(job_id)
    assert (await emulator.azure.models.retrieve(model)).id == model
