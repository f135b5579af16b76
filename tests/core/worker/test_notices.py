"""What is watched is told once: by a screen, else by a command or a webhook; budgets are told of and held."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest

from cupola.errors import UsageError
from cupola.models import Checkpoint, Job
from cupola.settings import Profile, read_settings
from cupola.store import answers, benchmarks, checkpoints, deployments, intents, jobs, notices, watches, workflows
from cupola.store.answers import Answer, AnswerState, Sent
from cupola.store.benchmarks import Run, RunState
from cupola.store.database import Database
from cupola.store.deployments import State, Wanted
from cupola.store.watches import Subject
from cupola.store.workflows import Stage, StageState, Workflow, WorkflowState
from cupola.worker.notices import Desk
from cupola.worker.telling import telling_of

JOB = Job("ftjob-1", "gpt-4.1-nano-2025-04-14", "supervised", "running", 1, suffix="cora", as_of=10.0)


class Time:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


MakeDesk = Callable[..., Desk]


@pytest.fixture
def desk(store: Database, config: Path, time: Time) -> Desk:
    return Desk(store, Profile("p", "http://127.0.0.1:1"), config, clock=time, monotonic=time)


def told(database: Database) -> list[str]:
    return [notice.text for notice in reversed(notices.newest(database))]


async def test_a_watched_job_that_ends_is_news_once(desk: Desk, face: Database, time: Time) -> None:
    jobs.save(face, [JOB])
    watches.add(face, Subject.JOB, JOB.id, "cora", time.now)
    await desk.turn()
    assert told(face) == []
    jobs.save(face, [replace(JOB, status="succeeded", raw="1")])
    await desk.turn()
    time.now += 60
    await desk.turn()
    assert told(face) == ["Job cora has succeeded."]


async def test_nothing_is_told_of_what_nobody_asked_for(desk: Desk, face: Database) -> None:
    jobs.save(face, [JOB])
    await desk.turn()
    jobs.save(face, [replace(JOB, status="failed", raw="1")])
    await desk.turn()
    assert told(face) == []


async def test_what_a_dead_worker_had_seen_is_not_told_again_and_what_it_missed_is(
    desk: Desk, face: Database, time: Time, config: Path
) -> None:
    jobs.save(face, [JOB])
    watches.add(face, Subject.JOB, JOB.id, "cora", time.now)
    await desk.turn()
    jobs.save(face, [replace(JOB, status="paused", raw="1", as_of=11.0)])
    await desk.turn()
    jobs.save(face, [replace(JOB, status="failed", raw="2", as_of=12.0, error_message="It broke.")])
    await Desk(desk.database, desk.profile, config, clock=time, monotonic=time).turn()
    assert told(face) == ["Job cora is paused.", "Job cora has failed. It broke."]


async def test_only_a_checkpoint_better_than_all_before_is_news(desk: Desk, face: Database, time: Time) -> None:
    def saved(step: int, loss: float) -> Checkpoint:
        return Checkpoint(f"c{step}", JOB.id, step, step, f"m{step}", {"valid_loss": loss}, raw=str(step))

    jobs.save(face, [JOB])
    watches.add(face, Subject.JOB, JOB.id, "cora", time.now)
    checkpoints.save(face, JOB.id, [saved(10, 0.9)])
    await desk.turn()
    checkpoints.save(face, JOB.id, [saved(10, 0.9), saved(20, 0.95)])
    await desk.turn()
    assert told(face) == []
    checkpoints.save(face, JOB.id, [saved(20, 0.95), saved(30, 0.7)])
    await desk.turn()
    assert len(told(face)) == 1 and "step 30 has valid_loss 0.7 (before: 0.9 at step 10)" in told(face)[0]


async def test_stages_questions_and_the_end_of_a_workflow_are_news(desk: Desk, face: Database, time: Time) -> None:
    number = workflows.add(
        face,
        Workflow(0, "distil", "cora", WorkflowState.RUNNING, "{}", 1.0, 1.0),
        [Stage(0, "ask", 0), Stage(0, "train", 1)],
    )
    watches.add(face, Subject.WORKFLOW, str(number), "cora", time.now)
    await desk.turn()
    workflows.save_stage(face, Stage(number, "ask", 0, StageState.DONE, spend=1.5, finished_at=5.0))
    workflows.save_stage(face, Stage(number, "train", 1, StageState.WAITING, question="Train for $3?"))
    workflows.move(face, number, [WorkflowState.RUNNING], WorkflowState.WAITING, 6.0)
    await desk.turn()
    assert told(face) == [
        "Workflow cora: stage ask is done, $1.50 so far.",
        "Workflow cora waits for a yes. Train for $3?",
    ]


async def test_a_short_fuse_is_told_without_any_change_in_the_store(desk: Desk, face: Database, time: Time) -> None:
    deployments.want(face, Wanted("d", "m", fuse_seconds=2_000.0), time.now)
    watches.add(face, Subject.DEPLOYMENT, "d", "d", time.now)
    await desk.turn()
    time.now += 1_500
    await desk.turn()
    assert told(face) == ["Deployment d is removed in 8 min; extend its fuse if it is still needed."]
    deployments.extend_fuse(face, "d", time.now + 9_000)
    await desk.turn()
    time.now += 8_500
    await desk.turn()
    assert len(told(face)) == 2


async def test_a_deployment_that_answers_is_news(desk: Desk, face: Database, time: Time) -> None:
    one = deployments.want(face, Wanted("d", "m"), time.now)
    watches.add(face, Subject.DEPLOYMENT, "d", "d", time.now)
    await desk.turn()
    deployments.step(face, one, replace(one, state=State.READY), time.now)
    await desk.turn()
    assert told(face) == ["Deployment d answers."]


def test_a_notice_is_given_to_one_teller_only(store: Database, face: Database) -> None:
    notices.add(store, Subject.JOB, "j", [notices.News("ended", "1", "T", "Text.")], 1.0)
    assert [notice.text for notice in notices.claim(face, "screen", 2.0)] == ["Text."]
    assert notices.claim(store, "command", 9.0) == []
    assert notices.newest(store)[0].told_by == "screen"


async def test_a_command_gets_what_no_screen_took_as_words_and_as_json(
    desk: Desk, face: Database, time: Time, config: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    code = (
        "import json, os, sys\n"
        "told = [sys.argv[2:], json.load(sys.stdin), dict(os.environ)]\n"
        "open(sys.argv[1], 'a').write(json.dumps(told))"
    )
    config.write_text(
        f"[notify]\ncommand = {json.dumps([sys.executable, '-c', code, str(out), '{title}', 'x{text}'])}\n"
    )
    desk.environment = {"PATH": "/usr/bin", "AZURE_OPENAI_API_KEY": "planted"}
    hostile = "$(touch /tmp/x); \x1b]0;PWN\x07 {title}"
    notices.add(face, Subject.JOB, "j", [notices.News("ended", "1", "T", f"Job {hostile} has ended.")], time.now)
    await desk.turn()
    assert not out.exists(), "A screen has time to show it first."
    time.now += 6
    await desk.turn()
    time.now += 60
    await desk.turn()
    words, given, environment = json.loads(out.read_text())
    assert words == ["T", "xJob $(touch /tmp/x);  ]0;PWN  {title} has ended."]
    assert given["schema"] == "cupola.notice/1" and given["title"] == "T"
    assert "planted" not in json.dumps(environment)


@pytest.mark.parametrize(
    ("command", "what"),
    [(["/no/such/program"], "cannot be run"), ([sys.executable, "-c", "raise SystemExit(3)"], "status 3")],
)
async def test_a_command_that_fails_is_said_and_not_tried_again(
    desk: Desk, face: Database, time: Time, config: Path, command: list[str], what: str
) -> None:
    config.write_text(f"[notify]\nafter_seconds = 0\ncommand = {json.dumps(command)}\n")
    notices.add(face, Subject.JOB, "j", [notices.News("ended", "1", "T", "Text.")], time.now)
    await desk.turn()
    await desk.turn()
    [notice] = notices.newest(face)
    assert notice.problem is not None and what in notice.problem.what


async def test_a_webhook_is_sent_json_and_its_address_is_never_said(desk: Desk, face: Database, config: Path) -> None:
    asked: list[httpx2.Request] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(request)
        return httpx2.Response(500)

    config.write_text("[notify]\nafter_seconds = 0\n")
    desk.environment = {"CUPOLA_WEBHOOK": "https://hooks.example/T0/secret-path"}
    desk.transport = httpx2.MockTransport(answer)
    notices.add(face, Subject.JOB, "j", [notices.News("ended", "1", "T", "Text.")], 1.0)
    await desk.turn()
    assert [json.loads(request.content)["text"] for request in asked] == ["Text."]
    [notice] = notices.newest(face)
    assert notice.problem is not None and "500" in notice.problem.what
    assert "secret-path" not in repr(notice)


@pytest.mark.parametrize(
    "table",
    ['command = "rm -rf x"', "command = [1]", 'webhook = "http://example.com/"', "after_seconds = -1", "what = 1"],
)
def test_a_wrong_setting_is_refused_in_words(config: Path, table: str) -> None:
    config.write_text(f"[notify]\n{table}\n")
    with pytest.raises(UsageError):
        telling_of(read_settings(config), {})


def paid(database: Database, usd: float, number: int = 0) -> None:
    answers.write(
        database,
        [Sent("r", number, "arm", "d", 900.0)],
        [Answer("r", number, AnswerState.ANSWERED, answered_at=900.0, usd=usd)],
    )


async def test_each_limit_is_told_once_and_the_hard_one_stops_what_costs(
    desk: Desk, face: Database, time: Time, config: Path
) -> None:
    config.write_text("[profiles.p]\nbudget_soft = 1.0\nbudget_hard = 5\n")
    run = benchmarks.add_run(face, Run(0, "b", "", "{}", "", "", "", "here", RunState.RUNNING, 1.0))
    workflow = workflows.add(face, Workflow(0, "distil", "w", WorkflowState.RUNNING, "{}", 1.0, 1.0), [])
    jobs.save(face, [replace(JOB, id="ftjob-r", method="reinforcement", model="unknown", created_at=900)])
    paid(face, 1.2)
    await desk.turn()
    time.now += 60
    paid(face, 0.5, 1)
    await desk.turn()
    assert len(told(face)) == 1 and "soft budget of $1.00" in told(face)[0]
    assert desk.database.rows("SELECT state FROM runs")[0][0] == "running"
    time.now += 60
    paid(face, 5.0, 2)
    await desk.turn()
    stopped = benchmarks.get_run(face, run)
    paused = workflows.get(face, workflow)
    assert stopped is not None and stopped.state is RunState.STOPPED and stopped.problem is not None
    assert "hard budget of $5.00" in stopped.problem.what
    assert paused is not None and paused.state is WorkflowState.PAUSED
    assert [(wish.kind, wish.target) for wish in intents.newest(face)] == [("job.pause", "ftjob-r")]
    time.now += 60
    paid(face, 1.0, 3)
    await desk.turn()
    assert len(told(face)) == 2
    assert len(intents.newest(face)) == 1


async def test_a_budget_that_is_raised_while_the_worker_runs_lets_things_go_on(
    desk: Desk, face: Database, time: Time, config: Path
) -> None:
    config.write_text("[profiles.p]\nbudget_hard = 1\n")
    paid(face, 2.0)
    await desk.turn()
    config.write_text("[profiles.p]\nbudget_hard = 10.0  # raised\n")
    benchmarks.add_run(face, Run(0, "b", "", "{}", "", "", "", "here", RunState.RUNNING, 1.0))
    time.now += 60
    await desk.turn()
    assert desk.database.rows("SELECT state FROM runs")[0][0] == "running"
