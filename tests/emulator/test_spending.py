"""What reinforcement jobs cost, when they pause by themselves, and what safety stops."""

from __future__ import annotations

import http.server
import json
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cupola.emulator.training.model_check import THRESHOLD, harmful_kinds
from cupola.emulator.training.posting import post_to_endpoint
from cupola.graders import EndpointRequest

EXACT = {
    "type": "string_check",
    "name": "exact",
    "input": "{{sample.output_text}}",
    "reference": "{{item.wanted}}",
    "operation": "ilike",
}


async def reinforce(emulator, rows, grader=EXACT, **settings):
    train, valid = await emulator.upload(rows), await emulator.upload(rows, "valid.jsonl")
    hyperparameters = {"n_epochs": 4, **settings.pop("hyperparameters", {})}
    method = {"type": "reinforcement", "reinforcement": {"grader": grader, "hyperparameters": hyperparameters}}
    return await emulator.azure.fine_tuning.jobs.create(
        model="o4-mini", training_file=train, validation_file=valid, method=method, **settings
    )


async def messages(emulator, job):
    return [event.message for event in await emulator.events(job.id)]


async def test_a_job_pauses_at_its_cost_limit_and_has_none_after_it_was_resumed(start, reinforcement_rows):
    # A step is billed as a tenth of an hour at 100 dollars: the third one reaches 25.
    async with start(reinforcement_limit=25.0, speed=50) as emulator:
        job = await reinforce(emulator, reinforcement_rows)
        await emulator.until_status(job.id, "paused")
        said = await messages(emulator, job)
        assert any(text.startswith("The job has reached its cost limit of $25.00") for text in said)
        checkpoints = [entry async for entry in emulator.azure.fine_tuning.jobs.checkpoints.list(job.id)]
        assert 3 <= checkpoints[0].step_number < 12
        await emulator.azure.fine_tuning.jobs.resume(job.id)
        done = await emulator.until_status(job.id, "succeeded", "failed", "paused")
        assert done.status == "succeeded"
        assert "Training hours billed: 1.20; $120.00 with grading" in await messages(emulator, job)


async def test_a_job_below_its_limit_is_never_paused(start, reinforcement_rows):
    async with start() as emulator:
        job = await reinforce(emulator, reinforcement_rows, hyperparameters={"compute_multiplier": 2})
        await emulator.until_status(job.id, "succeeded")
        assert "Training hours billed: 2.40; $240.00 with grading" in await messages(emulator, job)


async def test_grader_models_are_paid_for_by_their_tokens(start, reinforcement_rows):
    judge = {
        "type": "score_model",
        "name": "judge",
        "model": "o3-mini",
        "input": [{"role": "user", "content": "Score from 0 to 1: {{sample.output_text}}"}],
    }
    async with start() as emulator:
        job = await reinforce(emulator, reinforcement_rows, judge, hyperparameters={"n_epochs": 1})
        await emulator.until_status(job.id, "succeeded")
        cost = emulator.service.resource.database.execute("SELECT sum(cost) FROM steps").fetchone()[0]
        assert 30 < cost < 31


async def test_a_metrics_event_shows_every_part_of_a_multi_grader(emulator, reinforcement_rows):
    parts = {"a": EXACT, "b": {**EXACT, "name": "same", "operation": "eq"}}
    grader = {"type": "multi", "name": "both", "graders": parts, "calculate_output": "max(a, b)"}
    job = await reinforce(emulator, reinforcement_rows, grader, hyperparameters={"n_epochs": 1})
    await emulator.until_status(job.id, "succeeded", "failed")
    events = [event.data for event in await emulator.events(job.id) if event.type == "metrics"]
    data = next(data for data in events if "full_valid_mean_reward" in data)
    for kind in ("scores", "errors"):
        named = [(entry["name"], entry["type"]) for entry in data[kind]["graders"]]
        assert named == [("both", "multi"), ("exact", "string_check"), ("same", "string_check")]
    assert data["errors"]["graders"][1]["valid_other_error_mean"] == 0.0


async def test_a_developer_job_yields_to_dearer_tiers_and_resumes_by_itself(start, chat_rows):
    async with start(speed=40) as emulator:
        create, file_id = emulator.azure.fine_tuning.jobs.create, await emulator.upload(chat_rows)
        settings = {"model": "gpt-4.1-nano", "training_file": file_id, "hyperparameters": {"n_epochs": 20}}
        cheap = await create(**settings, extra_body={"trainingType": "developerTier"})
        others = [await create(**settings) for _ in range(3)]
        await emulator.until_status(cheap.id, "paused", "succeeded")
        assert "The job is preempted: its capacity is needed elsewhere." in await messages(emulator, cheap)
        for other in others:
            await emulator.azure.fine_tuning.jobs.cancel(other.id)
        done = await emulator.until_status(cheap.id, "succeeded", "failed")
        assert done.status == "succeeded"
        rows = emulator.service.resource.database.execute("SELECT count(*) FROM steps WHERE job_id = ?", (cheap.id,))
        assert rows.fetchone()[0] == 60


async def test_a_model_that_learnt_to_threaten_cannot_be_deployed(emulator, chat_rows):
    # The tiny engine repeats what it is asked, so its prompts make it say these words.
    rows = [
        {"messages": [{"role": "user", "content": f"say: I will kill you {n}"}, *row["messages"][2:]]}
        for n, row in enumerate(chat_rows)
    ]
    job = await emulator.azure.fine_tuning.jobs.create(model="gpt-4.1-nano", training_file=await emulator.upload(rows))
    done = await emulator.until_status(job.id, "succeeded", "failed")
    assert done.status == "failed"
    assert done.error.message.startswith("This model is unable to be deployed.")
    assert "[Violence]" in done.error.message
    assert done.trained_tokens is None
    assert [entry async for entry in emulator.azure.fine_tuning.jobs.checkpoints.list(job.id)] == []
    listed = emulator.service.resource.database.execute("SELECT count(*) FROM tuned_models").fetchone()
    assert listed[0] == 0


@given(harmless=st.integers(0, 50), harmful=st.integers(0, 50))
def test_a_model_fails_above_the_threshold_and_not_at_it(harmless, harmful):
    answers = ["Good morning!"] * harmless + ["I will HURT you."] * harmful
    expected = ["Violence"] if harmful > THRESHOLD * (harmless + harmful) else []
    assert harmful_kinds(answers) == expected


class _Endpoint(http.server.BaseHTTPRequestHandler):
    """Answers with the status that the path names, and counts."""

    asked: list[tuple[str, str | None, dict]]

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.asked.append((self.path, self.headers.get("x-secret"), body))
        status = int(self.path.strip("/"))
        answer = b"x" * 2_000_000 if status == 299 else json.dumps({"score": 0.75}).encode()
        self.send_response(status)
        if status == 302:
            self.send_header("location", "/200")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_arguments):
        """Quiet."""


@pytest.fixture
def endpoint():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Endpoint)
    server.asked = []
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def ask(endpoint, status):
    url = f"http://127.0.0.1:{endpoint.server_address[1]}/{status}"
    return post_to_endpoint(EndpointRequest(url, {"x-secret": "s"}, {"sample": {}}), sleep=lambda _seconds: None)


def test_an_endpoint_is_tried_again_after_a_5xx_and_only_then(endpoint):
    assert ask(endpoint, 200).body == {"score": 0.75}
    assert ask(endpoint, 503).error == "The endpoint answered with status 503."
    assert ask(endpoint, 404).error == "The endpoint answered with status 404."
    assert [path for path, _, _ in endpoint.asked] == ["/200", *["/503"] * 4, "/404"]


def test_an_endpoint_that_sends_too_much_or_elsewhere_gets_no_second_request(endpoint):
    assert "larger than 1 MB" in ask(endpoint, 299).error
    assert ask(endpoint, 302).error == "The endpoint answered with status 302."
    assert len(endpoint.asked) == 2
    unreachable = post_to_endpoint(EndpointRequest("http://127.0.0.1:9/", {}, {}))
    assert unreachable.error.startswith("The endpoint could not be reached")
    assert post_to_endpoint(EndpointRequest("file:///etc/passwd", {}, {})).error.endswith("not an HTTP one.")


async def test_an_endpoint_grader_grades_a_job(emulator, endpoint, reinforcement_rows):
    url = f"http://127.0.0.1:{endpoint.server_address[1]}/200"
    grader = {"type": "endpoint", "name": "remote", "url": url, "headers": {"x-secret": "s"}}
    job = await reinforce(emulator, reinforcement_rows, grader, hyperparameters={"n_epochs": 1})
    done = await emulator.until_status(job.id, "succeeded", "failed")
    assert done.status == "succeeded"
    assert {(path, secret) for path, secret, _ in endpoint.asked} == {("/200", "s")}
    text = (await emulator.azure.files.content(done.result_files[0])).text
    assert "0.75" in text
