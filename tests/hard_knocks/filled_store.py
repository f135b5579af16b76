"""A store with a row in every table, each made through the store's own functions."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from cupola.azure.wire import evaluations as wire
from cupola.azure.wire.chat import ChatReply
from cupola.benchmarks.definition import Arm, Benchmark, GraderUse, to_json
from cupola.benchmarks.files import Defined
from cupola.benchmarks.items import split_hash
from cupola.benchmarks.start import define, runner_of, want_run
from cupola.graders import PythonSandbox
from cupola.models import (
    Call,
    Checkpoint,
    Evaluation,
    EvaluationItem,
    EvaluationRun,
    Event,
    Health,
    Job,
    LocalFile,
    Point,
    Problem,
    ServiceFile,
    ServiceModel,
)
from cupola.store import (
    answer_labels,
    benchmarks,
    checkpoints,
    control_plane,
    convergence_orders,
    datasets,
    decisions,
    deployments,
    downloads,
    evaluations,
    events,
    files,
    grades,
    health,
    intents,
    jobs,
    notices,
    points,
    provenance,
    regrades,
    shown_boards,
    spend,
    watches,
    workflows,
)
from cupola.store.benchmarks import RunState
from cupola.store.control_plane import QuotaLine
from cupola.store.database import Database, open_store
from cupola.store.deployments import State, Wanted
from cupola.store.notices import News
from cupola.store.regrades import Regrade, SecondGrader
from cupola.store.watches import Subject
from cupola.store.workflows import StageState, WorkflowState
from cupola.workflows.distil.definition import Distillation
from cupola.workflows.distil.start import start, store_prompts

PROBLEM = Problem("What happened.", "Why it happened.", "What to do.", "What it said.")
ITEMS = 12
LEARNING, COUNTING = "ftjob-learning", "ftjob-counting"
TUNED = "gpt-4.1-nano-2025-04-14.ft-0123456789abcdef-cora"

Say = Callable[[str], str]
"""Changes the texts that are hashed or packed and so cannot be changed later: items, answers, definitions, rows."""


def fill(path: Path, folder: Path, now: float, say: Say = str) -> None:
    """Make the store; `folder` gets the dataset that it knows of."""
    database = open_store(path)
    try:
        _jobs(database, now)
        _auto_evals(database, now, say)
        _datasets(database, folder, now, say)
        _benchmark(database, now, say)
        _deployments(database, now)
        _workflow(database, folder, now, say)
        _told(database, now)
        database.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        database.close()


def _jobs(database: Database, now: float) -> None:
    began = int(now) - 5_000
    raw = json.dumps({"id": LEARNING, "object": "fine_tuning.job", "metadata": {"cupola_rows": "2400", "team": "cora"}})
    learning = Job(
        LEARNING, "gpt-4.1-nano-2025-04-14", "supervised", "running", began, None, began + 9_000, "cora", "Standard", 7,
        {"n_epochs": 3, "batch_size": "auto"}, "file-train", "file-valid", ("file-result",), raw=raw, as_of=now,
    )  # fmt: skip
    failed = replace(
        learning, id="ftjob-failed", suffix="broken", status="failed", finished_at=began + 60,
        error_code="invalidPayload", error_message="The training file failed.",
    )  # fmt: skip
    counting = replace(
        learning, id=COUNTING, method="reinforcement", suffix="countdown", status="succeeded",
        finished_at=int(now) - 60, fine_tuned_model=TUNED, trained_tokens=9_000, eval_id="eval-counting",
        raw=json.dumps({"id": COUNTING, "method": {"reinforcement": {"grader": {"type": "python", "source": "x"}}}}),
    )  # fmt: skip
    jobs.save(database, [learning, failed, counting, replace(learning, id="ftjob-odd", status="hibernating")])
    for job in (learning, failed, counting):
        log = [
            Event(f"e-{n}", job.id, began + n, "info", f"Step {n}: training loss=0.5", "metrics", '{"step": 1}')
            for n in range(4)
        ]
        events.save(database, job.id, log)
        curve = [Point(metric, n, 2 / n) for metric in ("train_loss", "valid_loss", "odd_metric") for n in range(1, 40)]
        points.save(database, job.id, curve)
        saved = [Checkpoint(f"c-{n}", job.id, began + n, n, f"{TUNED}:{n}", {"valid_loss": 0.5}) for n in (5, 10)]
        checkpoints.save(database, job.id, saved)
    database.connection.execute("INSERT INTO fetched VALUES (?, 'digest')", (LEARNING,))


def _auto_evals(database: Database, now: float, say: Say) -> None:
    evaluations.save(database, Evaluation(COUNTING, "eval-counting", "validation", int(now) - 900, "field", "{}"))
    for step in (0, 5, 10):
        run = EvaluationRun(f"run-{step}", "eval-counting", f"Step {step}", step, "completed", step, ITEMS)
        evaluations.save_runs(database, COUNTING, [run])
        found = [_output_item(run.id, place, (step + place) % 6, say) for place in range(ITEMS)]
        evaluations.save_items(database, COUNTING, run.id, found, whole=True)
    definition = {"type": "string_check", "name": say("second"), "input": "{{a}}", "reference": "b", "operation": "eq"}
    regrades.save_grader(database, SecondGrader("grader-hash", "second", definition, 0.5, now))
    regraded = Regrade(
        "grader-hash", "run-10", "item-10-1", 1.0, True, ("sample_parse_error",), "said", {"part": 1.0}, (("judge", 3),)
    )
    regrades.save(database, COUNTING, [regraded])
    answer_labels.save(database, "run-10", "item-10-1", False, now)
    convergence_orders.give(database, COUNTING, now)
    database.connection.execute("UPDATE convergence_orders SET met_at = ?, why = 'no gain from step 5 to 10'", (now,))


def _output_item(run_id: str, place: int, score: float, say: Say) -> EvaluationItem:
    step = run_id.removeprefix("run-")
    found = wire.item(
        {
            "id": f"item-{step}-{place}",
            "status": "pass" if score >= 3 else "fail",
            "datasource_item_id": place,
            "datasource_item": {"messages": [{"role": "user", "content": say(f"Target: {place}")}],
                                "target": say(f"t{place}")},
            "results": [{"name": say("closeness"), "score": score, "passed": score >= 3}],
            "sample": {"output": [{"role": "assistant", "content": say(f"answer {step} {place}")}],
                       "finish_reason": "stop", "usage": {"completion_tokens": 600}},
        },
        run_id,
        place,
    )  # fmt: skip
    assert found is not None
    return found


def _datasets(database: Database, folder: Path, now: float, say: Say) -> None:
    data = folder / "train.jsonl"
    talk = [{"role": "user", "content": say("Where?")}, {"role": "assistant", "content": say("Here.")}]
    data.write_text("".join(json.dumps({"messages": talk, "n": n}) + "\n" for n in range(20)), encoding="utf-8")
    datasets.remember(database, str(data), now)
    stat = data.stat()
    known = LocalFile(str(data), stat.st_size, stat.st_mtime_ns, "sha-train", "chat", 20, 1, 2)
    datasets.save_local_files(database, [known])
    listed = [ServiceFile(f"file-{n}", f"{n}.jsonl", "fine-tune", "processed", 90, int(now)) for n in ("train", "odd")]
    files.save_files(database, listed)
    files.save_models(
        database, [ServiceModel("gpt-4.1-nano-2025-04-14", 0, "gpt-4.1-nano", True, "generally-available")]
    )
    datasets.save_content(database, "file-train", "sha-train")
    upload = datasets.want_upload(database, str(data), "train.jsonl", "sha-train", stat.st_size, "fine-tune", now)
    datasets.save_upload(
        database, replace(upload, upload_id="upload-1", file_id="file-train", parts=("part-1",), problem=PROBLEM)
    )
    wanted = downloads.want_download(database, "file-odd", str(folder), "odd.jsonl", 90, now)
    downloads.save_download(database, replace(wanted, tag="etag", path=str(folder / "odd.jsonl"), problem=PROBLEM))
    made = {"name": "all.jsonl", "sha256": "sha-all", "bytes": 9}
    provenance.save(
        database, provenance.Origin("train.jsonl", "sha-train", stat.st_size, 20, "split", now, [made], {"seed": 3})
    )


def defined(say: Say = str) -> Defined:
    """Two arms over a few items."""
    exact = {
        "type": "string_check",
        "name": say("exact"),
        "input": "{{sample.output_text}}",
        "reference": "{{item.answer}}",
        "operation": "eq",
    }
    rows = tuple(
        json.dumps(
            {"answer": f"yes {n}", "question": say(f"Question {n}?"), say("odd field"): say("odd")}, sort_keys=True
        )
        for n in range(ITEMS)
    )
    arms = tuple(Arm(say(name), name, model) for name, model in (("strong", "gpt-4.1"), ("weak", "gpt-4.1-nano")))
    prompt = ({"role": "system", "content": say("Answer.")}, {"role": "user", "content": "{{item.question}}"})
    return Defined(Benchmark("questions", prompt, "", arms, (GraderUse(exact),), split_hash(rows)), rows)


_CALLED = json.dumps([{"type": "function", "function": {"name": "look", "arguments": "{}"}}])


def _benchmark(database: Database, now: float, say: Say) -> None:
    async def ask(deployment: str, body: Mapping[str, Any], /) -> ChatReply:
        number = int(str(body["messages"][-1]["content"]).rpartition("estion ")[2].partition("?")[0])
        if deployment == "weak" and number < 2:
            return ChatReply(
                say("half"), refusal=say("I will not."), finish_reason="stop", prompt_tokens=9, completion_tokens=1
            )
        right = deployment == "strong" or number % 3 == 0
        text = f"yes {number}" if right else say(f"no, {number}")
        return ChatReply(text, finish_reason="stop", prompt_tokens=10, completion_tokens=4, seconds=0.5)

    what = defined(say)
    define(database, what, now)
    wanted = want_run(database, what.benchmark, now)

    async def go() -> None:
        with PythonSandbox() as sandbox:
            await runner_of(database, wanted, ask, sandbox).go()

    asyncio.run(go())
    benchmarks.set_state(database, wanted.id, RunState.DONE, now, PROBLEM)
    database.connection.execute("UPDATE runs SET remote = ?", ('{"eval_id": "eval-1"}',))
    database.connection.execute(
        "UPDATE answers SET problem = ?, raw = ?, body = ?, tools = ?, model = 'gpt-4.1' WHERE rowid % 5 = 0",
        (json.dumps(asdict(PROBLEM)), '{"said": "so"}', '{"asked": "so"}', _CALLED),
    )
    grade = grades.of_run(database, wanted.id, [what.benchmark.graders[0].hash])[0]
    reasons = replace(
        grade, errors=("an error",), details="a reason", label="good", parts={"p": 1.0}, again=1, calls=(("judge", 3),)
    )
    grades.save(database, [reasons])
    grades.save_label(database, grades.Label(grade.request, grade.number, grade.item, grade.grader, True, 1.0, now))
    decisions.add(database, now, "questions", wanted.id, "teacher", say("strong"), {"why": "best"}, "# A card\n\nBest.")
    shown_boards.keep_estimate(database, wanted.id, "{}")


def _deployments(database: Database, now: float) -> None:
    made = deployments.want(database, Wanted("cora", TUNED, "GlobalStandard", 100, 4 * 3_600.0), now - 7_200)
    ready = replace(
        made, state=State.READY, created_at=now - 7_200, ready_at=now - 7_000, service_state="Succeeded",
        raw='{"properties": {"model": "m"}}', problem=PROBLEM, operation="operation-1", purpose="a try",
        model_format="OpenAI", model_version="1",
    )  # fmt: skip
    deployments.step(database, made, ready, now - 7_000, "It answers.")
    spend.note_hosting(database)
    control_plane.save_quota(database, [QuotaLine("OpenAI.GlobalStandard.gpt-4.1", "a quota", 100, 1_000, now)])
    control_plane.save_trouble(database, Health(now, PROBLEM, now))


def _workflow(database: Database, folder: Path, now: float, say: Say) -> None:
    what = defined(say)
    more = tuple(json.dumps({"answer": f"yes {n}", "question": say(f"Prompt {n}?")}, sort_keys=True) for n in range(30))
    asked = Distillation("a distillation", to_json(what.benchmark), "", teacher=say("strong"), student=say("weak"))
    made = start(database, store_prompts(database, asked, more, now), folder, now, hard=9.0)
    first, second, *_ = workflows.stages(database, made)
    notes = {"words": "so far", "problems": ["a problem"]}
    done = replace(
        first,
        state=StageState.DONE,
        inputs_hash="h",
        inputs={"a": "b"},
        outputs={"c": "d"},
        notes=notes,
        unit="answers",
        done=3,
    )
    workflows.save_stage(database, done)
    workflows.save_stage(database, replace(second, state=StageState.WAITING, question="Spend?", problem=PROBLEM))
    workflows.move(database, made, [WorkflowState.RUNNING], WorkflowState.WAITING, now)
    branched = start(database, store_prompts(database, asked, more, now), folder, now, hard=9.0)
    moved = workflows.move(database, branched, [WorkflowState.RUNNING], WorkflowState.FAILED, now, PROBLEM)
    assert moved
    database.connection.execute(
        "UPDATE workflows SET branch_of = ?, branch_at = 'filter' WHERE id = ?", (made, branched)
    )


def _told(database: Database, now: float) -> None:
    wish = intents.wish(database, "job.pause", LEARNING, now)
    database.connection.execute("UPDATE intents SET arguments = ?", ('{"why": "so"}',))
    intents.finish(database, wish, now, PROBLEM)
    health.save(database, Health(now - 60, PROBLEM, now - 30, now + 9))
    call = Call(
        0, now, "POST", "/openai/fine_tuning/jobs", 400, 12.0, '{"model": "m"}', "cupola job submit", "request-1"
    )
    health.log_call(database, call)
    watches.add(database, Subject.JOB, LEARNING, "cora", now)
    database.connection.execute("UPDATE watches SET seen = ?", ('{"status": "running"}',))
    notices.add(database, Subject.JOB, LEARNING, [News("failed", "once", "A job failed", "Job cora failed")], now)
    told = notices.claim(database, "command", now)
    notices.failed(database, told[0].id, PROBLEM)
