from __future__ import annotations

import json

import pytest

from cupola.models import IntentState
from cupola.store import health, intents
from cupola.store.database import Database

from ..worker.cloud import Cloud
from .conftest import Shell


def train(cloud: Cloud, job_id: str, status: str = "succeeded", **fields: object) -> None:
    cloud.add(job_id, status, finished_at=1, result_files=["file-r"], **fields)
    cloud.events[job_id] = ["Job started.", "Step 1: training loss=2.5", "Job succeeded."]
    cloud.results["file-r"] = "step,train_loss,valid_loss\n1,2.5,\n2,1.5,1.75\n"


def test_jobs_are_listed_fresh_when_no_worker_runs(shell: Shell, cloud: Cloud) -> None:
    cloud.add("ftjob-1", suffix="cora")
    cloud.add("ftjob-2", "paused")
    assert shell.run("job", "list") == 0
    header, first, second = shell.out.splitlines()
    assert header.split() == ["NAME", "ID", "METHOD", "MODEL", "STATUS", "STEP", "CREATED"]
    assert first.split()[:2] == ["ftjob-2", "ftjob-2"]
    assert second.split()[:2] == ["cora", "ftjob-1"]


def test_json_objects_carry_schema_and_as_of(shell: Shell, cloud: Cloud) -> None:
    train(cloud, "ftjob-1")
    for words in (("list",), ("events", "ftjob-1"), ("curve", "ftjob-1")):
        for entry in shell.json("job", *words):
            assert entry["schema"].startswith("cupola.")
            assert isinstance(entry["as_of"], float)
    shown = shell.json("job", "show", "ftjob-1")
    assert shown["schema"] == "cupola.job/1"
    assert shown["raw"] == cloud.jobs["ftjob-1"]


def test_events_and_curve_of_a_job_are_fetched_whole(shell: Shell, cloud: Cloud) -> None:
    train(cloud, "ftjob-1")
    assert [event["message"] for event in shell.json("job", "events", "ftjob-1")] == cloud.events["ftjob-1"]
    assert shell.run("job", "curve", "ftjob-1", "-o", "tsv") == 0
    assert shell.out == "1\t2.5\t\n2\t1.5\t1.75\n"
    assert shell.run("job", "curve", "ftjob-1", "--metric", "reward") == 2
    assert "train_loss, valid_loss" in shell.err


def test_a_job_is_found_by_suffix_and_by_the_beginning_of_its_id(shell: Shell, cloud: Cloud) -> None:
    cloud.add("ftjob-aa1", suffix="cora")
    cloud.add("ftjob-ab2", suffix="cora")
    assert shell.json("job", "show", "cora")["id"] == "ftjob-ab2", "the newest of that name"
    assert shell.json("job", "show", "ftjob-aa")["id"] == "ftjob-aa1"
    assert shell.run("job", "show", "ftjob-a") == 2
    assert "2 jobs begin" in shell.err
    assert shell.run("job", "show", "nobody") == 2


def test_a_query_picks_from_the_data(shell: Shell, cloud: Cloud) -> None:
    cloud.add("ftjob-1")
    assert shell.run("job", "list", "--query", "[].{id: id, s: status}") == 0
    assert [line.split() for line in shell.out.splitlines()] == [["ID", "S"], ["ftjob-1", "running"]]
    assert shell.run("job", "list", "-o", "json", "--query", "[0].id") == 0
    assert json.loads(shell.out) == "ftjob-1"
    assert shell.run("job", "list", "--query", "[") == 2


def test_without_a_network_the_last_known_state_is_printed_and_the_exit_code_tells(shell: Shell, cloud: Cloud) -> None:
    cloud.add("ftjob-1")
    assert shell.run("job", "list") == 0
    cloud.down = True
    assert shell.run("job", "list", "-o", "jsonl") == 3
    assert json.loads(shell.out)["id"] == "ftjob-1"
    assert "cannot be reached" in shell.err
    assert shell.run("job", "list", "--offline") == 0


def test_without_a_network_and_without_a_past_it_is_an_error(shell: Shell, cloud: Cloud, store: Database) -> None:
    cloud.down = True
    assert shell.run("job", "list") == 3
    assert shell.out == ""
    assert health.get(store).problem is not None


def test_text_of_the_service_cannot_steer_the_terminal(shell: Shell, cloud: Cloud) -> None:
    cloud.add("ftjob-1", suffix="a\x1b]52;c;eA==\x07\x9b2J\u202eb\nc\td")
    cloud.events["ftjob-1"] = ["\x1b[2J Step\r1\x7f"]
    cloud.add("ftjob-2", "\x1b[31mrunning", method={"type": "\x9b1m"})
    cloud.add("ftjob-3\x1b[31m")
    for output in ("table", "tsv", "json", "jsonl"):
        for words in (("list",), ("show", "ftjob-1"), ("events", "ftjob-1")):
            assert shell.run("job", *words, "-o", output) == 0, shell.err
            printed = shell.out + shell.err
            assert not any((ord(c) < 32 and c not in "\n\t") or 0x7F <= ord(c) < 0xA0 or c == "\u202e" for c in printed)
    assert shell.run("job", "list", "-o", "tsv", "--offline") == 0
    assert [line.count("\t") for line in shell.out.splitlines()] == [6, 6]


@pytest.mark.parametrize(("action", "status"), [("pause", "pausing"), ("resume", "resuming"), ("cancel", "cancelled")])
def test_a_job_is_steered_after_a_yes(shell: Shell, cloud: Cloud, store: Database, action: str, status: str) -> None:
    cloud.add("ftjob-1", suffix="cora")
    assert shell.run("job", action, "cora", answers="y\n") == 0, shell.err
    assert f"{action.capitalize()} cora (running)?" in shell.err
    assert cloud.jobs["ftjob-1"]["status"] == status
    assert [intent.state for intent in intents.newest(store)] == [IntentState.DONE]


def test_without_a_yes_nothing_is_sent(shell: Shell, cloud: Cloud, store: Database) -> None:
    cloud.add("ftjob-1")
    assert shell.run("job", "cancel", "ftjob-1") == 2
    assert "Give -y" in shell.err
    assert shell.run("job", "cancel", "ftjob-1", answers="n\n") == 2
    assert shell.run("job", "cancel", "ftjob-1", "-y", "--offline") == 2
    assert cloud.jobs["ftjob-1"]["status"] == "running"
    assert intents.newest(store) == []
    assert shell.run("job", "cancel", "ftjob-1", "-y") == 0


def test_a_watch_prints_json_a_line_an_event_and_what_a_query_picks(shell: Shell, cloud: Cloud) -> None:
    train(cloud, "ftjob-1")
    for output in ("json", "jsonl"):
        assert shell.run("job", "watch", "ftjob-1", "-o", output) == 0
        told = [json.loads(line) for line in shell.out.splitlines()]
        assert [one["message"] for one in told] == cloud.events["ftjob-1"]
        assert {one["schema"] for one in told} == {"cupola.event/1"}
    assert shell.run("job", "watch", "ftjob-1", "--query", "[].message", "-o", "jsonl") == 0
    assert [json.loads(line) for line in shell.out.splitlines()] == cloud.events["ftjob-1"]


def test_a_watch_prints_the_log_and_tells_how_the_job_ended(shell: Shell, cloud: Cloud) -> None:
    train(cloud, "ftjob-1")
    assert shell.run("job", "watch", "ftjob-1") == 0
    assert [line.split("  ")[-1] for line in shell.out.splitlines()] == cloud.events["ftjob-1"]
    train(cloud, "ftjob-2", "failed", error={"code": "x", "message": "no good"})
    assert shell.run("job", "watch", "ftjob-2") == 5
    assert "no good" in shell.err
    cloud.add("ftjob-3", "running")
    assert shell.run("job", "watch", "ftjob-3", "--timeout", "0.01") == 8
