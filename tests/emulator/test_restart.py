"""An emulator in a process of its own: ready line, clean stop, kill and restart in the middle of a job."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

import pytest
from openai import APIConnectionError

MODEL = "gpt-4.1-nano"


def wait_until(condition, seconds=20.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def start_job(client, rows_file, **settings):
    with rows_file.open("rb") as stream:
        file = client.files.create(file=("train.jsonl", stream), purpose="fine-tune")
    client.files.wait_for_processing(file.id, poll_interval=0.02)
    return client.fine_tuning.jobs.create(model=MODEL, training_file=file.id, **settings)


def steps_done(client, job_id):
    job = client.fine_tuning.jobs.retrieve(job_id)
    return client.files.content(job.result_files[0]).text.count("\n") - 1 if job.result_files else 0


def training_processes(state_dir):
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = entry.read_bytes().split(b"\0")
        except OSError:
            continue
        if b"cupola.emulator.training" in command and any(part.startswith(bytes(state_dir)) for part in command):
            found.append(int(entry.parent.name))
    return found


@pytest.fixture
def rows_file(tmp_path, chat_rows):
    path = tmp_path / "rows.jsonl"
    path.write_text("\n".join(map(json.dumps, chat_rows)))
    return path


def test_the_ready_line_tells_how_to_come_in_by_either_route(serve_process):
    server = serve_process()
    assert set(server.ready) == {"endpoint", "api_key", "arm_endpoint", "subscription_id", "resource_group", "account"}
    with server.azure() as azure, server.v1() as v1:
        assert len(azure.models.list().data) == len(v1.models.list().data) > 10
        answer = v1.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": "hello"}])
        stream = azure.chat.completions.create(
            model=MODEL, messages=[{"role": "user", "content": "hello"}], stream=True
        )
        streamed = "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)
    assert streamed == answer.choices[0].message.content


@pytest.mark.parametrize("with_signal", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_it_cleanly_and_quietly(serve_process, rows_file, tmp_path, with_signal):
    server = serve_process(speed=20)
    with server.azure() as client:
        job = start_job(client, rows_file, hyperparameters={"n_epochs": 50, "batch_size": 1})
        wait_until(lambda: steps_done(client, job.id) > 0)
    assert server.stop(with_signal) == 0
    _, errors = server.process.communicate()
    assert errors == ""
    wait_until(lambda: not training_processes(tmp_path / "state"))


def test_a_second_emulator_on_the_same_state_is_refused_in_plain_words(serve_process, tmp_path):
    first = serve_process()
    second = serve_process()
    _, errors = second.process.communicate()
    assert second.process.returncode != 0
    assert f"Another emulator (process {first.process.pid}) is using {tmp_path / 'state'}." in errors
    with first.azure() as client:
        assert client.models.list().data


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="looks for processes in /proc")
def test_a_killed_emulator_goes_on_with_its_job_and_ends_with_the_same_curve(serve_process, rows_file, tmp_path):
    settings = {"hyperparameters": {"n_epochs": 15, "batch_size": 1}, "seed": 11}
    server = serve_process(speed=20)
    with server.azure() as client:
        job = start_job(client, rows_file, **settings)
        wait_until(lambda: steps_done(client, job.id) >= 5)
    server.stop(signal.SIGKILL)
    wait_until(lambda: not training_processes(tmp_path / "state"), 5)

    server = serve_process()
    with server.azure() as client:
        assert client.fine_tuning.jobs.retrieve(job.id).status == "running"
        kept = steps_done(client, job.id)
        assert kept >= 5
        straight = start_job(client, rows_file, **settings)
        for each in (job, straight):
            wait_until(lambda job_id=each.id: client.fine_tuning.jobs.retrieve(job_id).status == "succeeded")
        curves = [
            client.files.content(client.fine_tuning.jobs.retrieve(each.id).result_files[0]).text
            for each in (job, straight)
        ]
        messages = [event.message for event in client.fine_tuning.jobs.list_events(job.id)]
    assert curves[0] == curves[1]
    assert curves[0].count("\n") == 1 + 15 * 12
    assert len([text for text in messages if text.startswith("Step ")]) == 1 + 18
    assert messages.count("Training started.") == messages.count("Job succeeded.") == 1


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="looks for processes in /proc")
def test_a_killed_training_process_is_started_again(serve_process, rows_file, tmp_path):
    server = serve_process(speed=40)
    with server.azure() as client:
        job = start_job(client, rows_file, hyperparameters={"n_epochs": 10, "batch_size": 1})
        wait_until(lambda: steps_done(client, job.id) >= 3)
        for process in training_processes(tmp_path / "state"):
            os.kill(process, signal.SIGKILL)
        wait_until(lambda: client.fine_tuning.jobs.retrieve(job.id).status in ("succeeded", "failed"))
        assert client.fine_tuning.jobs.retrieve(job.id).status == "succeeded"
        assert steps_done(client, job.id) == 120


def test_what_was_uploaded_and_tuned_survives_a_kill(serve_process, rows_file):
    server = serve_process()
    with server.azure() as client:
        job = start_job(client, rows_file)
        wait_until(lambda: client.fine_tuning.jobs.retrieve(job.id).status == "succeeded")
        before = client.fine_tuning.jobs.retrieve(job.id)
    server.stop(signal.SIGKILL)
    with pytest.raises(APIConnectionError), server.azure() as client:
        client.models.list()
    server = serve_process()
    with server.azure() as client:
        assert client.fine_tuning.jobs.retrieve(job.id) == before
        assert client.files.content(before.training_file).content == rows_file.read_bytes()
        assert client.models.retrieve(before.fine_tuned_model).status == "succeeded"
