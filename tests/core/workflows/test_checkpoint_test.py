from __future__ import annotations

import asyncio
import io
import json
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from cupola.azure import files, jobs
from cupola.azure.client import connect
from cupola.azure.credentials import KeyCredential
from cupola.azure.wire import evaluations as wire
from cupola.azure.wire.requests import JobRequest
from cupola.benchmarks.definition import Arm, to_json
from cupola.benchmarks.start import define
from cupola.cli.checkpoint_commands.held_out import exit_code
from cupola.cli.context import Context
from cupola.cli.main import main
from cupola.cli.workflow_commands.following import (
    EXIT_INCONCLUSIVE,
    EXIT_JOB_FAILED,
    EXIT_LIMIT,
    EXIT_STILL_RUNNING,
)
from cupola.errors import UsageError
from cupola.models import Checkpoint, Evaluation, EvaluationRun, Job
from cupola.store import checkpoints, deployments, evaluations, regrades, workflows
from cupola.store import jobs as known_jobs
from cupola.store.benchmarks import items
from cupola.store.database import Database, open_store
from cupola.store.deployments import State
from cupola.store.workflows import Stage, StageState, WorkflowState
from cupola.workflows import control
from cupola.workflows.checkpoint_test.definition import CheckpointTest, Chosen, checked, parse, to_json_text
from cupola.workflows.checkpoint_test.of_job import on_benchmark, on_rows, store_rows
from cupola.workflows.checkpoint_test.start import start, warnings
from cupola.workflows.checkpoint_test.steps import CHECKPOINT_TEST
from cupola.workflows.known import kind_of
from cupola.workflows.regrade.definition import Regrading
from cupola.workflows.regrade.start import start as start_regrading

from .emulation import Emulation, defined, rows, settled, stages_of

pytestmark = pytest.mark.xdist_group("workflows-emulator")

BASE = "gpt-4.1-nano"


@pytest.fixture(scope="module")
def emulation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulation]:
    opened = Emulation(tmp_path_factory.mktemp("checkpoints"))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def store(emulation: Emulation) -> Iterator[Database]:
    opened = open_store(emulation.paths.store("test"))
    define(opened, defined(), 1.0)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def job(emulation: Emulation, store: Database) -> Job:
    """A job that has learnt more with each of its three epochs."""
    taught = [json.loads(row) for row in rows(24, 5_000)]
    talks = [
        [{"role": "user", "content": row["question"]}, {"role": "assistant", "content": f"It is {row['word']}."}]
        for row in taught
    ]
    path = emulation.home / "train.jsonl"
    path.write_text("".join(json.dumps({"messages": talk}) + "\n" for talk in talks))

    async def submitted() -> str:
        async with connect(emulation.profile, KeyCredential(emulation.key, "test")) as service:
            file = await files.processed(service, (await files.upload(service, path)).id)
            settings: dict[str, float | str] = {"n_epochs": 3, "batch_size": 4}
            request = JobRequest(BASE, file.id, suffix="words", seed=7, hyperparameters=settings)
            return (await jobs.submit(service, request, "nonce")).id

    job_id = asyncio.run(submitted())
    emulation.start_worker()
    deadline = time.monotonic() + 120
    while len(checkpoints.of_job(store, job_id)) < 3 or not _ended(store, job_id):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    found = known_jobs.get(store, job_id)
    assert found is not None
    return found


def _ended(store: Database, job_id: str) -> bool:
    found = known_jobs.get(store, job_id)
    return found is not None and found.phase.ended


def _steps(store: Database, job: Job) -> list[int]:
    return [one.step for one, _ in checkpoints.of_job(store, job.id)]


def test_checkpoints_are_deployed_with_a_fuse_tested_together_and_removed_after_a_yes(
    emulation: Emulation, store: Database, job: Job
) -> None:
    first, _, last = _steps(store, job)
    steps = ("--steps", str(last), str(first))
    words = ("checkpoint", "test", job.id, *steps, "--benchmark", "words", "--base", BASE)
    code, out, err = _cupola(emulation, *words, "--dry-run", "-o", "json")
    assert code == 0, err
    foreseen = json.loads(out)
    assert [row["stage"] for row in foreseen] == ["deploy", "benchmark"]
    code, _, err = _cupola(emulation, *words)
    assert (code, "-y" in err) == (2, True)
    assert workflows.newest(store) == [], "nobody has said yes"
    before = time.time()

    code, out, err = _cupola(emulation, *words, "-y", "--fuse", "1", "--max-cost", "5", "-o", "json")

    assert code == 0, err
    told = json.loads(out)
    number, verdict = int(told["id"]), told["verdict"]
    stages = stages_of(store, number)
    deployed = stages["deploy"].outputs["deployments"]
    assert [one["step"] for one in deployed] == [first, last]
    for one in deployed:
        standing = deployments.get(store, one["deployment"])
        assert standing is not None and standing.state is State.READY
        assert standing.fuse_at == pytest.approx(before + 3_600, abs=30)
        assert standing.purpose == f"checkpoint test {number}: {job.name}"
    rows_ = {row["step"]: row for row in verdict["rows"]}
    assert rows_.keys() == {None, first, last}
    assert (rows_[None]["verdict"], rows_[last]["verdict"]) == (None, "better")
    assert rows_[None]["score"] <= rows_[first]["score"] < rows_[last]["score"]
    assert (verdict["reference"], verdict["settled"], verdict["best"]) == (BASE, True, last)
    assert "of 3 comparisons together" in err, "every pair that was looked at is corrected for"
    assert 0 < told["spent"] <= sum(row["usd_high"] for row in foreseen)
    assert _unaccounted(emulation, store) == {}
    assert f"cupola checkpoint clean {number}" in err

    assert _cupola(emulation, "checkpoint", "clean", str(number), "-y")[0] == 0
    assert _cupola(emulation, "checkpoint", "watch", str(number))[0] == 0
    (listed,) = json.loads(_cupola(emulation, "checkpoint", "tests", "-o", "json")[1])
    assert (listed["state"], listed["headline"]) == ("done", verdict["headline"])
    assert all(_state(store, str(one["deployment"])) is State.GONE for one in deployed)


@pytest.mark.long
def test_a_worker_killed_while_it_deploys_and_while_it_asks_comes_to_the_same_end(
    emulation: Emulation, store: Database, job: Job
) -> None:
    made = start(store, replace(on_benchmark(store, job, (), "words", BASE), remove_at_once=True), time.time())
    assert _cupola(emulation, "checkpoint", "watch", str(made), "--timeout", "0")[0] == EXIT_STILL_RUNNING
    for stage in ("deploy", "benchmark"):
        _until_running(store, made, stage)
        emulation.kill_worker()
        assert stages_of(store, made)[stage].state is StageState.RUNNING, "it was over before it was killed"
        emulation.start_worker()

    ended = settled(store, made)

    assert ended.state is WorkflowState.DONE, ended.problem
    stages = stages_of(store, made)
    assert stages["verdict"].outputs["best"] == _steps(store, job)[-1]
    names = [str(one["deployment"]) for one in stages["deploy"].outputs["deployments"]]
    assert stages["clean-up"].outputs["removed"] == names
    assert all(_state(store, name) is State.GONE for name in names)
    assert all(row["missing"] == 0 and row["error"] == 0 for row in stages["verdict"].outputs["rows"])
    assert _unaccounted(emulation, store) == {}


def test_a_refused_quota_is_foreseen_and_told_and_what_stands_is_booked_and_removed_when_it_is_called_off(
    emulation: Emulation, store: Database, job: Job
) -> None:
    plain = on_benchmark(store, job, (), "words")
    dear = replace(plain, sku="GlobalStandard", capacity=400)
    assert "the service will refuse the last of them" in " ".join(warnings(store, dear))
    made = start(store, dear, time.time())

    ended = settled(store, made)

    assert ended.state is WorkflowState.FAILED
    stage = stages_of(store, made)["deploy"]
    assert ended.problem is not None and "has failed" in ended.problem.what
    assert ended.problem.remedy
    standing = [dear.deployment(one) for one in dear.checkpoints if _state(store, dear.deployment(one)) is State.READY]
    assert len(standing) == 2
    assert stage.spend > 0, "what the others cost is booked"
    assert _cupola(emulation, "checkpoint", "watch", str(made))[0] == EXIT_JOB_FAILED
    control.cancel(store, made, time.time())
    _until(lambda: all(_state(store, name) in (State.REMOVING, State.GONE) for name in standing))


def test_a_second_grader_that_asks_a_model_is_shown_stored_answers_by_the_worker_and_paid_for_once(
    emulation: Emulation, store: Database, job: Job
) -> None:
    evaluations.save(store, Evaluation("eval-seen", "eval-seen", "seen elsewhere", 0, "id"))
    run = EvaluationRun("run-seen", "eval-seen", "seen", None, "completed", 0, 6)
    evaluations.save_runs(store, "eval-seen", [run])
    said = [{"id": f"i{n}", "status": "pass", "datasource_item": {"messages": [], "word": f"w{n}"},
             "results": [{"name": "g", "score": 1.0, "passed": True}],
             "sample": {"output": [{"role": "assistant", "content": f"answer {n}"}]}} for n in range(6)]  # fmt: skip
    items = [wire.item(one, run.id, place) for place, one in enumerate(said)]
    evaluations.save_items(store, "eval-seen", run.id, [one for one in items if one], whole=True)
    asked = [{"role": "user", "content": "Is {{sample.output_text}} about {{item.word}}?"}]
    judge = {"type": "score_model", "name": "second", "model": BASE, "range": [0, 1], "input": asked}
    wanted = Regrading("seen elsewhere", "eval-seen", judge)
    first, again = (settled(store, start_regrading(store, wanted, time.time(), hard=1.0)) for _ in range(2))
    assert (first.state, again.state) == (WorkflowState.DONE, WorkflowState.DONE), (first.problem, again.problem)
    assert stages_of(store, first.id)["verdict"].outputs["judged"] == 6
    assert first.spent > 0 and again.spent == 0, "what was judged is taken over"
    assert len([one for one in regrades.of_run(store, run.id, wanted.use.hash) if one.calls]) == 6
    assert _unaccounted(emulation, store) == {}
    query = "SELECT max(attempt), count(*) FROM answers WHERE purpose = 'grader'"
    assert tuple(store.rows(query)[0]) == (1, 6)


def test_a_limit_below_the_hosting_stops_it_before_anything_is_deployed(
    emulation: Emulation, store: Database, job: Job
) -> None:
    dear = replace(on_benchmark(store, job, (), "words"), sku="Standard", fuse_seconds=3_600.0)
    made = start(store, dear, time.time(), hard=0.5)

    ended = settled(store, made)

    assert ended.state is WorkflowState.FAILED
    assert ended.problem is not None and "cupola checkpoint resume" in ended.problem.remedy
    assert all(_state(store, dear.deployment(one)) is None for one in dear.checkpoints)
    assert _cupola(emulation, "checkpoint", "watch", str(made))[0] == EXIT_LIMIT


def test_a_test_that_cannot_be_carried_out_is_refused_before_anything_is_asked(
    store: Database, job: Job, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="no checkpoint of step 999"):
        on_benchmark(store, job, [999], "words")
    with pytest.raises(UsageError, match="no benchmark"):
        on_benchmark(store, job, (), "nothing")
    data = tmp_path / "rows.jsonl"
    data.write_text('{"messages": [{"role": "user", "content": "What is a?"}], "word": "a"}\n')
    with pytest.raises(UsageError, match="does not tell its grader"):
        on_rows(store, job, (), data)
    definition = on_benchmark(store, job, (), "words", BASE)
    for changed, words in (
        ({"checkpoints": ()}, "Which checkpoints"),
        ({"checkpoints": (Chosen(1, "m"), Chosen(1, "m"))}, "named twice"),
        ({"checkpoints": tuple(Chosen(step, "m") for step in range(21))}, "at most 20"),
        ({"capacity": 0}, "capacity"),
        ({"fuse_seconds": 0.0}, "fuse"),
        ({"base": "nobody"}, "has no arm"),
    ):
        with pytest.raises(UsageError) as error:
            checked(replace(definition, **changed))
        assert words in str(error.value)
    with pytest.raises(UsageError, match="no tier"):
        warnings(store, replace(definition, sku="Cheap"))


def test_rows_of_a_reinforcement_job_are_asked_and_graded_as_the_job_does(database: Database, tmp_path: Path) -> None:
    grader = {"type": "string_check", "name": "right", "operation": "eq", "input": "{{sample.output_text}}"}
    form = {"type": "json_schema", "json_schema": {"name": "a", "schema": {"type": "object"}}}
    method = {"grader": {**grader, "reference": "{{item.word}}"}, "response_format": form}
    raw = json.dumps({"method": {"type": "reinforcement", "reinforcement": method}})
    job = Job("ftjob-r", "o4-mini-2025-04-16", "reinforcement", "running", 1, suffix="puzzle", raw=raw)
    checkpoints.save(database, job.id, [Checkpoint(f"k{n}", job.id, n, n, f"m.ft-1:ckpt-step-{n}") for n in (5, 10)])
    data = tmp_path / "rows.jsonl"
    data.write_text('{"messages": [{"role": "user", "content": "What is a?"}], "word": "a"}\n')

    found, held_out = on_rows(database, job, [10], data, "o4-mini")
    store_rows(database, found, held_out, 1.0)

    base, step = found.whole.arms
    assert (base.name, base.deployment, step.name, step.model) == ("base", "o4-mini", "step 10", "m.ft-1:ckpt-step-10")
    assert base.response_format == step.response_format == form
    assert [use.name for use in found.whole.graders] == ["right"]
    assert found.whole.baseline == "base"
    assert items(database, found.whole.split) == list(held_out)
    assert parse(to_json_text(found)) == found
    assert [one.step for one in on_rows(database, job, (), data)[0].checkpoints] == [5, 10]


def test_deployments_of_other_models_or_tiers_never_share_a_name() -> None:
    arm = Arm("a", "a", "a")
    plain = CheckpointTest("x" * 90, "j", (), "{}", sku="DeveloperTier")
    one, other = Chosen(1, f"{arm.model}.ft-1"), Chosen(1, f"{arm.model}.ft-2")

    names = {plain.deployment(one), plain.deployment(other), replace(plain, sku="Standard").deployment(one)}

    assert len(names) == 3
    assert all(len(name) <= 64 for name in names)


def _unaccounted(emulation: Emulation, store: Database) -> dict[str, int]:
    """Calls that were paid for and are neither an answer in the journal nor known to be lost, by deployment."""
    paid = Counter(str(one["deployment"]) for one in emulation.paid())
    query = "SELECT deployment, count(*) + sum(lost) AS sent FROM answers GROUP BY deployment"
    return {name: left for name, left in (paid - Counter(dict(map(tuple, store.rows(query))))).items() if left}


def _state(store: Database, name: str) -> State | None:
    found = deployments.get(store, name)
    return None if found is None else found.state


def _until_running(store: Database, workflow_id: int, stage: str) -> None:
    """Wait until a stage has done something and has more to do."""
    _until(lambda: bool(stages_of(store, workflow_id)[stage].notes))


def _until(done: object) -> None:
    assert callable(done)
    deadline = time.monotonic() + 120
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def _cupola(emulation: Emulation, *words: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    context = Context(environment=emulation.environment, out=out, err=err, input=io.StringIO())
    return main(words, context=context), out.getvalue(), err.getvalue()


def test_a_step_that_is_not_shown_to_be_better_ends_with_a_code_of_its_own(database: Database) -> None:
    made = start(database, CheckpointTest("a", "j", (Chosen(1, "m"),), to_json(defined().benchmark)), 1.0)
    workflow = workflows.get(database, made)
    assert workflow is not None
    stages = [
        Stage(made, "verdict", 2, state=StageState.DONE, outputs={"settled": settled}) for settled in (True, False)
    ]

    assert [exit_code(workflow, [stage]) for stage in stages] == [0, EXIT_INCONCLUSIVE]


def test_the_kind_is_known_to_the_worker() -> None:
    assert kind_of("checkpoint-test") is CHECKPOINT_TEST
