"""Jobs with all that is known of them leave one store and enter another; what was changed on the way does not."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cupola.bundles import BundleError, write_bundle
from cupola.cli import main
from cupola.cli.context import Context
from cupola.exchange import export_store, import_store
from cupola.models import Checkpoint, Evaluation, EvaluationItem, EvaluationRun, Event, Job, Point
from cupola.store import checkpoints, evaluations, events, jobs, points
from cupola.store.database import Database, open_store
from cupola.training.job_bundle import KIND, export_jobs, import_jobs

JOB = Job(
    "ftjob-1", "o4-mini", "reinforcement", "succeeded", 100, finished_at=200, suffix="cora", result_files=("file-1",),
    hyperparameters={"n_epochs": 2, "batch_size": None}, raw='{"id": "ftjob-1"}', as_of=300.5,
)  # fmt: skip


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Database]:
    database = open_store(tmp_path / "here.sqlite3")
    jobs.save(database, [JOB, Job("ftjob-2", "m", "supervised", "running", 90, raw='{"id": "ftjob-2"}')])
    events.save(database, JOB.id, [Event("e1", JOB.id, 100, "info", "Job [/] \x1b[31m started.", data='{"step": 1}')])
    points.save(database, JOB.id, [Point("train_mean_reward", step, step / 7) for step in range(1, 30)])
    gone = Checkpoint("c1", JOB.id, 120, 10, "m:1", {"valid_loss": 0.5})
    kept = Checkpoint("c2", JOB.id, 140, 20, "m:2", {"valid_loss": 0.4})
    checkpoints.save(database, JOB.id, [gone])
    checkpoints.save(database, JOB.id, [kept])
    evaluations.save(database, Evaluation(JOB.id, "eval-1", "auto", 100, "field"))
    evaluations.save_runs(database, JOB.id, [EvaluationRun("run-1", "eval-1", "step 10", 10, "completed", 130, 2)])
    items = [
        EvaluationItem("i1", "run-1", 0, "r0", "p0", "pass", 0.75, 12, 3, '{"text": "an answer"}'),
        EvaluationItem("i2", "run-1", 1, "r1", "p1", "error", None),
    ]
    evaluations.save_items(database, JOB.id, "run-1", items, whole=True)
    yield database
    database.close()


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Database]:
    database = open_store(tmp_path / "there.sqlite3")
    yield database
    database.close()


def everything(database: Database) -> dict[str, Any]:
    """All that is told of the first job."""
    steps, values = points.series(database, JOB.id, "train_mean_reward")
    columns = evaluations.columns_of(database, "run-1")
    return {
        "job": jobs.get(database, JOB.id),
        "events": events.of_job(database, JOB.id),
        "points": (steps.tolist(), values.tolist()),
        "checkpoints": checkpoints.of_job(database, JOB.id),
        "evaluation": evaluations.get(database, JOB.id),
        "runs": evaluations.runs_of(database, JOB.id),
        "items": evaluations.items_of(database, "run-1"),
        "bodies": [evaluations.raw_item(database, "run-1", name) for name in ("i1", "i2")],
        "columns": (columns.keys, columns.item_ids(), columns.outcomes.tolist()),
    }


def test_a_colleague_sees_what_was_known_to_the_last_item(store: Database, other: Database, tmp_path: Path) -> None:
    exported = export_store(store, tmp_path / "all.cupola", jobs.newest(store))
    assert (exported.jobs, exported.items) == (2, 2)
    taken = import_store(other, tmp_path / "all.cupola")
    assert set(taken.jobs.jobs) == {"ftjob-1", "ftjob-2"}
    assert everything(other) == everything(store)


def test_what_is_here_already_stays_as_it_is(store: Database, other: Database, tmp_path: Path) -> None:
    export_store(store, tmp_path / "all.cupola", [JOB])
    mine = Job(JOB.id, "o4-mini", "reinforcement", "running", 100, raw='{"mine": 1}')
    jobs.save(other, [mine])
    taken = import_store(other, tmp_path / "all.cupola")
    assert taken.jobs.jobs == () and taken.jobs.known == 1
    assert jobs.get(other, JOB.id) == mine
    assert events.of_job(other, JOB.id) == []
    assert evaluations.get(other, JOB.id) is None


def test_an_import_is_made_whole_by_doing_it_again(store: Database, other: Database, tmp_path: Path) -> None:
    export_store(store, tmp_path / "all.cupola", [JOB])
    events.save(other, JOB.id, events.of_job(store, JOB.id))
    import_store(other, tmp_path / "all.cupola")
    import_store(other, tmp_path / "all.cupola")
    assert everything(other) == everything(store)


def test_an_evaluation_of_no_job_travels_too(store: Database, other: Database, tmp_path: Path) -> None:
    evaluations.save(store, Evaluation("eval-9", "eval-9", "imported", 5, "import"))
    export_store(store, tmp_path / "all.cupola", [])
    assert import_store(other, tmp_path / "all.cupola").jobs.evaluations == ("eval-9",)
    assert evaluations.get(other, "eval-9") == evaluations.get(store, "eval-9")


def test_no_file_is_ever_replaced(store: Database, tmp_path: Path) -> None:
    path = tmp_path / "all.cupola"
    path.write_text("mine")
    with pytest.raises(BundleError, match="exists already"):
        export_store(store, path, [JOB])
    assert path.read_text() == "mine"


@pytest.mark.parametrize(
    ("part", "change"),
    [
        ("jobs", lambda row: {**row, "hyperparameters": '{"n": [1]}'}),
        ("jobs", lambda row: {**row, "hyperparameters": "[]"}),
        ("jobs", lambda row: {**row, "created_at": "soon"}),
        ("jobs", lambda row: {**row, "raw": "{"}),
        ("jobs", lambda row: {key: value for key, value in row.items() if key != "model"}),
        ("events", lambda row: {**row, "job_id": "ftjob-none"}),
        ("events", lambda row: {**row, "data": "}"}),
        ("points", lambda row: {**row, "step": -1}),
        ("checkpoints", lambda row: {**row, "metrics": '{"a": "b"}'}),
        ("runs", lambda row: {**row, "owner": "nobody"}),
        ("items", lambda row: {**row, "outcome": "splendid"}),
        ("items", lambda row: {**row, "id": "a\nb"}),
        ("items", lambda row: {**row, "more": 1}),
    ],
)
def test_a_record_that_is_none_is_refused_and_nothing_is_taken(
    store: Database, other: Database, tmp_path: Path, part: str, change: Callable[[dict[str, Any]], dict[str, Any]]
) -> None:
    whole = tmp_path / "whole"
    export_jobs(store, [JOB], whole)
    with zipfile.ZipFile(whole) as archive:
        names = json.loads(archive.read("manifest.json"))["parts"]
        rows = {name: [json.loads(line) for line in archive.read(f"{name}.jsonl").splitlines()] for name in names}
    rows[part][0] = change(rows[part][0])
    write_bundle(tmp_path / "changed", KIND, "jobs", rows)
    with pytest.raises(BundleError):
        import_jobs(other, tmp_path / "changed")
    assert jobs.newest(other) == [] and events.of_job(other, JOB.id) == []


@pytest.mark.parametrize("name", ["../../evil", "jobs.bundle/x", "benchmark-x.bundle", "/etc/passwd"])
def test_a_file_with_other_names_in_it_is_refused(other: Database, tmp_path: Path, name: str) -> None:
    path = tmp_path / "evil.cupola"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name, b"x")
    with pytest.raises(BundleError):
        import_store(other, path)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 not really", b"x" * 1_000])
def test_what_is_no_bundle_is_refused(other: Database, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "none.cupola"
    path.write_bytes(content)
    with pytest.raises(BundleError):
        import_store(other, path)


def test_the_commands_carry_a_store_from_one_home_to_another(store: Database, tmp_path: Path) -> None:
    def run(home: str, *words: str) -> tuple[int, str]:
        out = io.StringIO()
        context = Context({"CUPOLA_HOME": str(tmp_path / home)}, out=out, err=io.StringIO(), input=io.StringIO())
        return main(list(words), context=context), out.getvalue()

    here = Context({"CUPOLA_HOME": str(tmp_path / "a")}).paths.store("default")
    export_store(store, tmp_path / "first.cupola", jobs.newest(store))
    assert here.parent.exists()
    assert run("a", "store", "import", str(tmp_path / "first.cupola"))[0] == 0
    assert run("a", "store", "export", str(tmp_path / "second.cupola"), "--job", "cora")[0] == 0
    code, printed = run("b", "store", "import", str(tmp_path / "second.cupola"), "-o", "json")
    assert code == 0 and json.loads(printed)["jobs"] == 1
    code, printed = run("b", "job", "list", "--offline", "-o", "json")
    assert [job["name"] for job in json.loads(printed)] == ["cora"]
