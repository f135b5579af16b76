"""What is saved is what is read, changes are announced once, and nothing is stored twice."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cupola.models import Call, Checkpoint, Event, Health, IntentState, Job, Point, Problem, ServiceFile, ServiceModel
from cupola.store import checkpoints, events, files, health, intents, jobs, points
from cupola.store.database import Database

JOB = Job(
    "ftjob-1",
    "gpt-4.1-nano",
    "supervised",
    "running",
    100,
    hyperparameters={"n_epochs": None, "batch_size": 4},
    result_files=("file-1",),
    raw='{"status":"running"}',
)


def test_a_job_is_read_as_it_was_saved(store: Database) -> None:
    assert jobs.save(store, [JOB]) == 1
    assert jobs.get(store, JOB.id) == JOB


def test_saving_a_job_that_has_not_changed_wakes_nobody(store: Database) -> None:
    jobs.save(store, [JOB])
    before = store.revisions()
    assert jobs.save(store, [replace(JOB, as_of=999.0)]) == 0
    assert store.revisions() == before


def test_jobs_come_newest_first(store: Database) -> None:
    jobs.save(store, [replace(JOB, id=f"ftjob-{n}", created_at=n, raw=str(n)) for n in (2, 3, 1)])
    assert [job.created_at for job in jobs.newest(store)] == [3, 2, 1]


@given(st.text())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
def test_any_text_from_the_service_is_stored_as_it_came(store: Database, text: str) -> None:
    text = text.encode("utf-8", "replace").decode()
    jobs.save(store, [replace(JOB, suffix=text, raw=repr(text))])
    stored = jobs.get(store, JOB.id)
    assert stored is not None and stored.suffix == text


def test_an_event_page_read_twice_is_stored_once_and_in_order(store: Database) -> None:
    page = [Event(f"e{n}", JOB.id, n, "info", f"line {n}") for n in range(3)]
    assert events.save(store, JOB.id, page) == 3
    assert events.save(store, JOB.id, [*page, Event("e3", JOB.id, 3, "info", "line 3")]) == 1
    assert [event.id for event in events.of_job(store, JOB.id)] == ["e0", "e1", "e2", "e3"]
    assert [event.id for event in events.newest(store, JOB.id, 2)] == ["e3", "e2"]
    assert [event.id for event in events.of_job(store, JOB.id, after=2)] == ["e2", "e3"]


def test_points_are_stored_once_and_the_latest_value_counts(store: Database) -> None:
    assert points.save(store, JOB.id, [Point("train_loss", 1, 2.0), Point("train_loss", 2, 1.5)]) == 2
    before = store.revisions()
    assert points.save(store, JOB.id, [Point("train_loss", 2, 1.5)]) == 0
    assert store.revisions() == before
    assert points.save(store, JOB.id, [Point("train_loss", 2, 1.4), Point("valid_loss", 2, 1.9)]) == 2
    steps, values = points.series(store, JOB.id, "train_loss")
    assert (steps.tolist(), values.tolist()) == ([1, 2], [2.0, 1.4])
    assert points.metrics(store, JOB.id) == ["train_loss", "valid_loss"]
    assert points.last_step(store, JOB.id) == 2
    assert points.metrics(store, "another") == []


def test_a_checkpoint_that_the_service_dropped_stays_known_but_is_not_deployable(store: Database) -> None:
    first, second = (Checkpoint(f"c{n}", JOB.id, n, n * 10, f"m:ckpt-step-{n}", {"valid_loss": 1 / n}) for n in (1, 2))
    assert checkpoints.save(store, JOB.id, [first])
    assert checkpoints.save(store, JOB.id, [second])
    assert checkpoints.of_job(store, JOB.id) == [(first, False), (second, True)]
    assert not checkpoints.save(store, JOB.id, [second])


def test_files_and_models_follow_the_services_list(store: Database) -> None:
    file = ServiceFile("file-1", "train.jsonl", "fine-tune", "processed", 10, 1, raw="1")
    assert files.save_files(store, [file]) and not files.save_files(store, [file])
    assert files.files(store) == [file]
    assert files.save_files(store, []) and files.files(store) == []
    model = ServiceModel("gpt-4.1", 1, can_fine_tune=True, raw="1")
    assert files.save_models(store, [model]) and not files.save_models(store, [model])
    assert files.models(store) == [model]


def test_a_wish_is_taken_once_and_answered(store: Database) -> None:
    wish = intents.wish(store, "job.cancel", JOB.id, now=1.0)
    assert intents.wish(store, "job.cancel", JOB.id, now=2.0) == wish, "an open wish is not doubled"
    taken = intents.take(store, now=3.0)
    assert taken is not None and (taken.id, taken.state) == (wish, IntentState.TAKEN)
    assert intents.take(store, now=4.0) is None
    problem = Problem("No.", "It has ended.", "Nothing to do.")
    intents.finish(store, wish, 5.0, problem)
    answered = intents.get(store, wish)
    assert answered is not None and answered.state is IntentState.FAILED and answered.problem == problem
    assert intents.wish(store, "job.cancel", JOB.id, now=6.0) != wish, "after an answer one may wish again"


def test_health_wakes_readers_only_when_a_problem_comes_or_goes(store: Database) -> None:
    health.save(store, Health(1.0))
    before = store.revisions()
    health.save(store, Health(2.0))
    assert store.revisions() == before
    assert health.get(store).checked_at == 2.0
    health.save(store, Health(2.0, Problem("No answer."), 3.0, 5.0))
    assert store.revisions() != before


def test_only_the_last_calls_are_kept(store: Database) -> None:
    for n in range(health.CALLS_KEPT + 5):
        health.log_call(store, Call(0, float(n), "GET", "/openai/files", 200, 1.0))
    kept = health.calls(store, limit=10_000)
    assert len(kept) == health.CALLS_KEPT and kept[0].at == health.CALLS_KEPT + 4
