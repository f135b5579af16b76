"""The stages of a job, read from the service's own lines."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from cupola.models import Event, Job
from cupola.training.timeline import stages

JOB = Job("ftjob-1", "gpt-4.1-nano", "supervised", "running", 100)

LINES = (
    (100, "Job enqueued. Waiting for jobs ahead to complete."),
    (110, "Preprocessing running for file training file."),
    (130, "Preprocessing completed for file training file."),
    (131, "Job started."),
    (131, "Data Import started."),
    (140, "Finetuning started."),
    (141, "Job queued, waiting for GPUs."),
    (200, "Training started."),
    (205, "Step 1: training loss=2.31"),
    (290, "Step 10: training loss=1.20"),
)


def events(lines: tuple[tuple[int, str], ...]) -> list[Event]:
    return [Event(f"e{n}", JOB.id, at, "info", text) for n, (at, text) in enumerate(lines)]


def names(job: Job, lines: tuple[tuple[int, str], ...], now: float) -> list[tuple[str, float, bool]]:
    return [(stage.name, stage.seconds, stage.open) for stage in stages(job, events(lines), now)]


def test_a_running_job_shows_queueing_validating_and_training_with_the_last_stage_open() -> None:
    assert names(JOB, LINES, now=300) == [
        ("queued", 10, False),
        ("validating", 31, False),
        ("queued", 59, False),
        ("training", 100, True),
    ]


def test_a_job_without_events_is_queued_since_its_creation() -> None:
    assert names(replace(JOB, status="pending"), (), now=160) == [("queued", 60, True)]


def test_an_ended_job_has_no_open_stage_and_ends_when_the_service_says() -> None:
    ended = replace(JOB, status="succeeded", finished_at=320)
    found = names(ended, (*LINES, (310, "Job succeeded."), (315, "Model Evaluation Passed.")), now=9_999)
    assert found[-2:] == [("training", 110, False), ("evaluating", 10, False)]


def test_a_paused_job_rests_even_if_no_event_said_so() -> None:
    assert names(replace(JOB, status="paused"), LINES, now=350)[-1] == ("paused", 60, True)


@given(st.lists(st.tuples(st.integers(0, 10**10), st.text(max_size=30))), st.sampled_from(["running", "failed", "?"]))
def test_any_lines_at_all_give_stages_that_do_not_run_backwards(lines: list[tuple[int, str]], status: str) -> None:
    found = stages(replace(JOB, status=status), events(tuple(lines)), now=50)
    assert all(stage.seconds >= 0 for stage in found)
    assert [stage.started_at for stage in found] == sorted(stage.started_at for stage in found)
