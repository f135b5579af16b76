"""One kill -9 in the midst of everything at once: the next emulator on the state brings all of it to its end."""

from __future__ import annotations

import hashlib
import json
import signal
import time
from collections import Counter

import httpx2
import pytest
from openai import NotFoundError

MODEL = "gpt-4.1-nano"
SLOW = 5.0
LINES = 96
ROWS = 300
PARTS = [b'{"item": {"n": 1}}\n', b'{"item": {"n": 2}}\n', b'{"item": {"n": 3}}\n']
SETTINGS = {"hyperparameters": {"n_epochs": 10, "batch_size": 1}, "seed": 11}
STEPS = 10 * 12
CRITERION = {
    "type": "string_check",
    "name": "contains",
    "input": "{{sample.output_text}}",
    "reference": "{{item.question}}",
    "operation": "like",
}


def wait_until(condition, seconds=20.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


class ControlPlane:
    """Deployments over plain HTTP."""

    def __init__(self, ready):
        group = f"/subscriptions/{ready['subscription_id']}/resourceGroups/{ready['resource_group']}"
        self._path = f"{group}/providers/Microsoft.CognitiveServices/accounts/{ready['account']}/deployments"
        self._http = httpx2.Client(base_url=ready["arm_endpoint"], headers={"authorization": "Bearer any.opaque"})

    def close(self):
        self._http.close()

    def deploy(self, name, sku):
        model = {"format": "OpenAI", "name": MODEL, "version": "2025-04-14"}
        body = {"sku": {"name": sku, "capacity": 10}, "properties": {"model": model}}
        answer = self._http.put(f"{self._path}/{name}?api-version=2025-09-01", json=body)
        assert answer.status_code in (200, 201), answer.text

    def state(self, name):
        answer = self._http.get(f"{self._path}/{name}?api-version=2025-09-01")
        return answer.json()["properties"]["provisioningState"]


def lines():
    """One in 32 takes half a second, so that a batch goes on for a while."""
    texts = ["please think" if number % 32 == 0 else f"line {number}" for number in range(LINES)]
    bodies = [{"model": "bulk", "messages": [{"role": "user", "content": text}]} for text in texts]
    return [
        {"custom_id": f"t-{number}", "method": "POST", "url": "/chat/completions", "body": body}
        for number, body in enumerate(bodies)
    ]


def upload(client, rows, purpose):
    content = "\n".join(map(json.dumps, rows)).encode()
    file = client.files.create(file=(f"{purpose}.jsonl", content), purpose=purpose)
    client.files.wait_for_processing(file.id, poll_interval=0.02)
    return file.id


def start_run(client):
    schema = {"type": "custom", "item_schema": {"type": "object"}, "include_sample_schema": True}
    evaluation = client.evals.create(name="killed", data_source_config=schema, testing_criteria=[CRITERION])
    content = [{"item": {"question": f"Question {number}"}} for number in range(ROWS)]
    template = [{"role": "user", "content": "{{item.question}}"}]
    source = {
        "type": "completions",
        "model": MODEL,
        "source": {"type": "file_content", "content": content},
        "input_messages": {"type": "template", "template": template},
    }
    return client.evals.runs.create(evaluation.id, data_source=source)


def steps_done(client, job_id):
    job = client.fine_tuning.jobs.retrieve(job_id)
    return client.files.content(job.result_files[0]).text.count("\n") - 1 if job.result_files else 0


def curve(client, job_id):
    wait_until(lambda: client.fine_tuning.jobs.retrieve(job_id).status == "succeeded")
    return client.files.content(client.fine_tuning.jobs.retrieve(job_id).result_files[0]).text


@pytest.fixture
def prepared(serve_process, chat_rows):
    """The ids of what must be there before anything starts, on a state whose emulator has been stopped."""
    server = serve_process()
    control = ControlPlane(server.ready)
    with server.azure() as client:
        control.deploy("bulk", "GlobalBatch")
        training, batch = upload(client, chat_rows, "fine-tune"), upload(client, lines(), "batch")
        wait_until(lambda: control.state("bulk") == "Succeeded")
    control.close()
    assert server.stop() == 0
    return training, batch


def begin(client, control, training, batch_file):
    """Start one of everything, and come back while none of it has ended."""
    job = client.fine_tuning.jobs.create(model=MODEL, training_file=training, **SETTINGS)
    wait_until(lambda: steps_done(client, job.id) >= 3)
    started = client.uploads.create(
        purpose="evals", filename="e.jsonl", bytes=sum(map(len, PARTS)), mime_type="text/plain"
    )
    parts = [client.uploads.parts.create(started.id, data=part).id for part in PARTS[:2]]
    run = start_run(client)
    batch = client.batches.create(
        input_file_id=batch_file, endpoint="/chat/completions", completion_window="24h", metadata={"a": "b"}
    )
    wait_until(lambda: client.batches.retrieve(batch.id).request_counts.completed > 0)
    response = client.responses.create(model=MODEL, input="please think", background=True)
    control.deploy("late", "GlobalStandard")
    states = {
        "job": client.fine_tuning.jobs.retrieve(job.id).status,
        "upload": started.status,
        "run": client.evals.runs.retrieve(run.id, eval_id=run.eval_id).status,
        "batch": client.batches.retrieve(batch.id).status,
        "deployment": control.state("late"),
    }
    assert states == {
        "job": "running",
        "upload": "pending",
        "run": "in_progress",
        "batch": "in_progress",
        "deployment": "Creating",
    }
    assert client.responses.retrieve(response.id).status in ("queued", "in_progress")
    return job, started, parts, run, batch, response


def paid(http):
    """How often each kind of call was paid for."""
    calls, after, more = [], 0, True
    while more:
        page = http.get("/emulator/ledger", params={"after": after}).json()
        calls, more = [*calls, *page["data"]], page["has_more"]
        after = calls[-1]["seq"]
    return Counter(call["operation"] for call in calls)


def answers_as(client, deployment):
    """The model that answers for a deployment; None while the data plane does not know it yet."""
    try:
        return client.chat.completions.create(model=deployment, messages=[{"role": "user", "content": "hello"}]).model
    except NotFoundError:
        return None


def test_everything_goes_on_to_the_same_end_after_a_kill(serve_process, prepared):
    server = serve_process(speed=SLOW)
    control = ControlPlane(server.ready)
    with server.azure() as client:
        job, started, parts, run, batch, response = begin(client, control, *prepared)
    control.close()
    server.stop(signal.SIGKILL)

    server = serve_process()
    control = ControlPlane(server.ready)
    key = {"api-key": server.ready["api_key"]}
    with server.azure() as client, httpx2.Client(base_url=server.ready["endpoint"], headers=key) as http:
        wait_until(lambda: control.state("late") == "Succeeded")

        parts.append(client.uploads.parts.create(started.id, data=PARTS[2]).id)
        whole = b"".join(PARTS)
        done = client.uploads.complete(started.id, part_ids=parts, md5=hashlib.md5(whole).hexdigest())
        client.files.wait_for_processing(done.file.id, poll_interval=0.02)
        assert client.files.content(done.file.id).content == whole

        wait_until(lambda: client.responses.retrieve(response.id).status == "completed")
        assert client.responses.retrieve(response.id).output_text.endswith("heard please think")

        wait_until(lambda: client.batches.retrieve(batch.id).status == "completed")
        ended = client.batches.retrieve(batch.id)
        assert (ended.request_counts.completed, ended.request_counts.failed) == (LINES, 0)
        assert ended.metadata == {"a": "b"}
        said = [json.loads(text) for text in client.files.content(ended.output_file_id).text.splitlines()]
        answers = {
            line["custom_id"]: line["response"]["body"]["choices"][0]["message"]["content"].partition(" heard ")[2]
            for line in said
        }
        assert answers == {line["custom_id"]: line["body"]["messages"][0]["content"] for line in lines()}
        assert len(said) == LINES

        wait_until(lambda: client.evals.runs.retrieve(run.id, eval_id=run.eval_id).status == "completed")
        counts = client.evals.runs.retrieve(run.id, eval_id=run.eval_id).result_counts
        assert (counts.total, counts.passed, counts.failed, counts.errored) == (ROWS, ROWS, 0, 0)

        straight = client.fine_tuning.jobs.create(model=MODEL, training_file=prepared[0], **SETTINGS)
        curves = [curve(client, each) for each in (job.id, straight.id)]
        assert curves[0] == curves[1]
        assert curves[0].count("\n") == 1 + STEPS

        # Nothing that was answered before the kill was asked and paid for again.
        assert paid(http) == {"batch": LINES, "evals": ROWS, "responses": 1}
        wait_until(lambda: answers_as(client, "late") == "gpt-4.1-nano-2025-04-14")
    control.close()
