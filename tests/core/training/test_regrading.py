"""A second grader on stored answers, the grader lab, and a job's own budget."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cupola.azure.wire import evaluations as wire
from cupola.azure.wire.chat import ChatReply
from cupola.benchmarks.definition import GraderUse
from cupola.benchmarks.start import grading_room
from cupola.errors import UsageError
from cupola.graders import PythonSandbox
from cupola.models import Evaluation, Event, Job
from cupola.store import answer_labels, evaluations, regrades
from cupola.store.database import Database, open_store
from cupola.store.regrades import Regrade, SecondGrader
from cupola.training import grader_lab, regrading, stored_evals
from cupola.training.auto_evals import AutoEvals
from cupola.training.job_budget import BUDGET_KEY, burn, to_pause
from cupola.training.lab_verdicts import OWN, PEOPLE, own_threshold
from cupola.training.reinforcement_cost import effort

JOB = Job("ftjob-1", "o4-mini", "reinforcement", "running", 0, raw='{"method": {"type": "reinforcement"}}')
RIGHT = {"type": "string_check", "name": "right", "input": "{{sample.output_text}}", "reference": "{{item.want}}",
         "operation": "eq"}  # fmt: skip
JUDGE = {"type": "score_model", "name": "judge", "model": "o3-mini", "range": [0, 1],
         "input": [{"role": "user", "content": "{{sample.output_text}} {{item.want}}"}]}  # fmt: skip


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Database]:
    database = open_store(tmp_path / "store.sqlite3")
    yield database
    database.close()


@pytest.fixture
def sandbox() -> Iterator[PythonSandbox]:
    with PythonSandbox(workers=1) as made:
        yield made


@pytest.fixture
def evals(store: Database) -> AutoEvals:
    """Two passes of 12 items: all answers score 0.5 and then 1; item 11 has no answer at step 5."""
    evaluations.save(store, Evaluation(JOB.id, "eval_1", "n", 0, "field"))
    for step, score in ((0, 0.5), (5, 1.0)):
        run = wire.run({"id": f"run-{step}", "name": f"Step {step}", "status": "completed"}, "eval_1")
        assert run is not None
        evaluations.save_runs(store, JOB.id, [run])
        items = [wire.item(_item(place, step, score), run.id, place) for place in range(12)]
        evaluations.save_items(store, JOB.id, run.id, [one for one in items if one], whole=True)
    found = stored_evals.read(store, JOB)
    assert found is not None
    return found


def _item(place: int, step: int, score: float) -> dict[str, Any]:
    answered = not (place == 11 and step == 5)
    output = [{"role": "assistant", "content": "yes" if place % 2 or not step else "no"}] if answered else []
    return {
        "id": f"item-{step}-{place}",
        "status": "pass",
        "datasource_item": {"messages": [{"role": "user", "content": f"q{place}"}], "want": "yes"},
        "results": [{"name": "g", "score": score}],
        "sample": {"output": output, "error": None if answered else {"code": "x", "message": "lost"}},
    }


async def test_a_second_graders_rewards_stand_beside_the_jobs_own_and_are_not_made_twice(
    store: Database, evals: AutoEvals, sandbox: PythonSandbox
) -> None:
    use = GraderUse(RIGHT)
    todo = regrading.to_regrade(store, evals, use)
    room = grading_room(store, regrading.no_model, sandbox, 0.0, clock=lambda: 7.0)
    assert await regrading.regrade(room, store, JOB.id, use, todo) is None
    (series,) = regrading.second_series(store, JOB.id, evals)
    assert series.rewards[0].tolist() == [1.0] * 12
    assert np.nansum(series.rewards[1]) == 5 and np.isnan(series.rewards[1][11])
    assert series.shares == (1.0, 11 / 12)
    assert [one.item_id for one in regrading.to_regrade(store, evals, use)] == ["item-5-11"]
    ((grader, verdict),) = regrades.of_item(store, "run-5", "item-5-0")
    assert (grader.name, verdict.reward, verdict.graded_at) == ("right", 0.0, 7.0)


def test_a_sample_takes_the_same_items_at_every_step(store: Database, evals: AutoEvals) -> None:
    todo = regrading.to_regrade(store, evals, GraderUse(RIGHT), most=4)
    by_run = {run: {one.item_id.rpartition("-")[2] for one in todo if one.run_id == run} for run in ("run-0", "run-5")}
    assert len(by_run["run-0"]) == 4 and by_run["run-0"] == by_run["run-5"]


async def test_model_graders_are_asked_through_the_journal_and_within_the_budget(
    store: Database, evals: AutoEvals, sandbox: PythonSandbox
) -> None:
    asked: list[Any] = []

    async def ask(deployment: str, body: Any) -> ChatReply:
        asked.append(body)
        return ChatReply(
            '{"steps": [], "result": 0.25}', "stop", model=deployment, prompt_tokens=50, completion_tokens=9
        )

    use = GraderUse(JUDGE)
    todo = regrading.to_regrade(store, evals, use, steps=[0])
    poor = grading_room(store, ask, sandbox, 0.0)
    stopped = await regrading.regrade(poor, store, JOB.id, use, todo)
    assert stopped is not None and "budget" in stopped.what and not asked
    room = grading_room(store, ask, sandbox, 1.0)
    assert await regrading.regrade(room, store, JOB.id, use, todo) is None
    # All twelve answers are "yes" to "yes": one and the same question to the judge, paid for once.
    assert len(asked) == 1
    (series,) = regrading.second_series(store, JOB.id, evals)
    assert series.rewards[0].tolist() == [0.25] * 12 and series.means[1] is None


async def test_the_lab_shows_what_changed_first_and_holds_it_against_labels(
    store: Database, evals: AutoEvals, sandbox: PythonSandbox
) -> None:
    room = grading_room(store, regrading.no_model, sandbox, 0.0)
    places = grader_lab.sampled(evals, 10, step=5)
    assert len(places) == 10 and places == grader_lab.sampled(evals, 10, step=5)
    labels = {f"item-5-{place}": place % 2 == 1 for place in range(12)}
    report = await grader_lab.lab(room, store, evals, GraderUse(RIGHT), [(1, n) for n in range(12)], labels=labels)
    assert [one.after for one in report.scored[:6]] == [0.0] * 6 and report.changed == 6
    assert report.calibration is not None and report.calibration.agreed == 1.0
    same = await grader_lab.lab(room, store, evals, GraderUse(RIGHT), [(0, 0), (1, 0)], against=GraderUse(RIGHT))
    assert same.changed == 0 and regrades.graders_of(store, JOB.id) == []


@pytest.mark.parametrize("line", ["[1]", '{"item": 3, "passed": true}', '{"item": "a", "passed": 1}', "{"])
def test_labels_of_another_kind_are_refused_with_their_line(line: str, tmp_path: Path) -> None:
    path = tmp_path / "labels.jsonl"
    path.write_text(f'{{"item": "a", "passed": true}}\n{line}\n')
    with pytest.raises(UsageError, match=r"2|Line 2"):
        grader_lab.read_labels(path)


def test_a_job_that_has_trained_for_its_budget_is_to_be_paused_and_queueing_costs_nothing() -> None:
    raw = json.dumps({"metadata": {BUDGET_KEY: "150"}})
    job = Job("ftjob-1", "o4-mini-2025-04-16", "reinforcement", "running", 0, raw=raw)
    events = [
        Event("1", job.id, 0, "info", "Job enqueued. Waiting for jobs ahead to complete."),
        Event("2", job.id, 7_200, "info", "Training started."),
    ]
    early, late = 7_200 + 3_600.0, 7_200 + 1.6 * 3_600
    burnt = burn(job, events, early)
    assert burnt is not None and burnt.hours == pytest.approx(1.0) and burnt.usd == pytest.approx(100.0)
    assert not to_pause(job, events, early) and to_pause(job, events, late)
    assert not to_pause(JOB, events, late * 100)


def test_what_a_job_would_take_follows_its_settings_and_counts_grader_calls() -> None:
    settings: dict[str, float | str] = {"n_epochs": 2, "batch_size": 10, "eval_interval": 5}
    plain = effort("o4-mini", settings, GraderUse(RIGHT), (100, 50))
    assert (plain.steps, plain.validations, plain.grader_calls.high) == (20, 250, 0)
    assert plain.training_usd is not None and plain.training_usd.low < plain.training_usd.high
    judged = effort("o4-mini", {**settings, "compute_multiplier": 2}, GraderUse(JUDGE), (100, 50), 2_000)
    assert judged.answers.low == 2 * plain.answers.low and judged.grader_calls.low == judged.answers.low + 250
    assert judged.usd is not None and plain.usd is not None and judged.usd.low > plain.usd.low
    paced = effort("o4-mini", settings, None, (100, 50), own_paces=(360.0, 720.0))
    assert (paced.hours.low, paced.hours.high) == (2.0, 4.0)


async def test_the_lab_tells_how_far_people_the_jobs_grader_and_second_ones_agree_and_where_they_do_not(
    store: Database, evals: AutoEvals, sandbox: PythonSandbox
) -> None:
    use = GraderUse(RIGHT)
    regrades.save_grader(store, SecondGrader("h", "lenient", JUDGE, 0.5, 0.0))
    regrades.save(store, JOB.id, [Regrade("h", "run-5", f"item-5-{n}", 1.0, True) for n in range(11)])
    for place in range(4):
        answer_labels.save(store, "run-5", f"item-5-{place}", None if place == 3 else place == 1, 1.0)
    room = grading_room(store, regrading.no_model, sandbox, 0.0)
    report = await grader_lab.lab(room, store, evals, use, [(1, n) for n in range(12)])
    told = {one.name: (one.answers, one.disagreed) for one in report.agreements}
    # Even places answer "no", which the grader in hand fails; item 11 has no answer; one label is unsure.
    assert told == {PEOPLE: (3, 0), OWN: (11, 6), "lenient": (11, 6)}
    people = report.agreements[0]
    assert people.agreed == 1.0 and people.interval.low < 0.8
    assert {one.column for one in report.scored if one.verdicts.differs(OWN)} == {0, 2, 4, 6, 8, 10}
    answer_labels.drop(store, "run-5", "item-5-0")
    answer_labels.save(store, "run-5", "item-5-2", True, 2.0)
    again = grader_lab.reported(store, evals, use, report.scored)
    assert (again.agreements[0].answers, again.agreements[0].disagreed) == (2, 1)
    known = grader_lab.known_scores(store, evals, GraderUse(JUDGE), [(1, 0)])
    assert [(one.before, one.after) for one in known] == [(1.0, None)], "its definition has another hash"


def test_the_threshold_of_the_jobs_own_grader_is_read_off_its_verdicts(evals: AutoEvals) -> None:
    assert own_threshold(evals) == 0.5
    mixed = np.where(np.arange(12) < 6, 1.0, 0.0)
    assert own_threshold(replace(evals, passes=np.stack([np.zeros(12), mixed]))) is None
