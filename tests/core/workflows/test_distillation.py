from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cupola.benchmarks.definition import GraderUse
from cupola.benchmarks.items import items_of
from cupola.models import Problem
from cupola.store import answers, benchmarks, decisions, deployments, grades, workflows
from cupola.store.answers import AnswerState
from cupola.store.database import Database, open_store
from cupola.store.deployments import State
from cupola.store.grades import Label
from cupola.store.workflows import Gates, StageState, WorkflowState
from cupola.workflows import control
from cupola.workflows.distil.filtering import preview
from cupola.workflows.distil.report import as_json, as_markdown
from cupola.workflows.distil.start import branch, start
from cupola.workflows.distil.steps import DISTIL

from .emulation import CHAT, RIGHT, Emulation, defined, distillation, settled, stages_of, started

pytestmark = pytest.mark.xdist_group("workflows-emulator")


@pytest.fixture
def emulation(tmp_path: Path) -> Iterator[Emulation]:
    opened = Emulation(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def store(emulation: Emulation) -> Iterator[Database]:
    opened = open_store(emulation.paths.store("test"))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulation]:
    """One emulator and worker for those tests that leave them as they were."""
    opened = Emulation(tmp_path_factory.mktemp("shared"))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def shared_store(shared: Emulation) -> Iterator[Database]:
    opened = open_store(shared.paths.store("test"))
    yield opened
    opened.close()


def outcome(database: Database, workflow_id: int) -> dict[str, Any]:
    """All that must not depend on when the worker was killed."""
    stages = stages_of(database, workflow_id)
    verdict = stages["verdict"].outputs
    return {
        "states": {stage.name: stage.state for stage in stages.values()},
        "hashes": {name: stages[name].inputs_hash for name in ("benchmark", "roles", "generate", "filter", "train")},
        "fates": stages["filter"].outputs["fates"],
        "scores": [one["score"]["value"] for one in verdict["figures"]],
        "headline": verdict["headline"],
        "share": verdict["gap"]["share"],
    }


def test_a_distillation_goes_from_benchmark_to_verdict_by_itself(emulation: Emulation, store: Database) -> None:
    made = started(emulation, store, distillation(store, latency_items=20), hard=5.0)

    ended = settled(store, made)

    stages = stages_of(store, made)
    assert ended.state is WorkflowState.WAITING
    strict, mild = (preview(store, made, threshold) for threshold in (1.0, 0.0))
    assert strict is not None
    assert mild is not None
    assert strict.kept == stages["filter"].outputs["kept"] <= mild.kept == 60
    assert stages["clean-up"].question.startswith("Remove the deployment words-")
    assert [stage.state for stage in stages.values()][:-1] == [StageState.DONE] * 10
    verdict = stages["verdict"].outputs
    scores = {one["role"]: one["score"]["value"] for one in verdict["figures"]}
    assert scores["student after"] > scores["student before"] + 0.3
    assert scores["teacher"] == scores["teacher before"]
    assert verdict["gain"]["word"] == "better"
    assert verdict["teacher_stayed"]["word"] == "stayed"
    assert verdict["gap"]["share"] > 0.5
    assert sum(stages["filter"].outputs["fates"].values()) == 60
    assert 0 < ended.spent < 5.0
    # The teacher was asked again, and the student's first answers were not; 20 questions went to all, to time them.
    asked = Counter((call["deployment"], call["request_hash"]) for call in emulation.paid())
    assert Counter(asked[key] for key in asked if key[0] == "gpt-4.1") == {1: 60, 2: 40, 3: 20}
    assert Counter(asked[key] for key in asked if key[0] == "gpt-4.1-nano") == {1: 40, 2: 20}
    assert verdict["speed"]["word"] in ("faster", "slower", "cannot be told")
    assert verdict["speed"]["questions"] == 20
    assert stages["latency"].spend > 0
    assert any("20 questions, one call at a time, in turns" in sentence for sentence in verdict["sentences"])
    page, told = as_markdown(store, made), as_json(store, made)
    assert verdict["headline"] in page
    assert told["verdict"]["headline"] == verdict["headline"]

    control.answer(store, made, True, time.time())
    assert settled(store, made).state is WorkflowState.DONE
    name = stages["deploy"].outputs["deployment"]
    found = deployments.get(store, name)
    assert found is not None
    assert found.state is State.GONE


@pytest.mark.long
def test_a_worker_killed_again_and_again_comes_to_the_same_end_and_pays_for_nothing_twice(
    tmp_path: Path, emulation: Emulation, store: Database
) -> None:
    undisturbed = Emulation(tmp_path / "undisturbed")
    try:
        with_peace = open_store(undisturbed.paths.store("test"))
        expected = started(undisturbed, with_peace, distillation(with_peace))
        chance = random.Random(5)
        made = start(store, distillation(store), emulation.place, time.time())
        kills = 0
        while kills < 5 and emulation.kill_worker_at_work(store, made, chance.uniform(0.0, 0.2)):
            kills += 1
        emulation.start_worker()

        assert settled(store, made).state is WorkflowState.WAITING
        assert settled(with_peace, expected).state is WorkflowState.WAITING
        assert outcome(store, made) == outcome(with_peace, expected)
        with_peace.close()
    finally:
        undisturbed.close()
    assert kills >= 3, "it was over too soon to be killed"
    check_ledger(emulation, store)
    assert len(emulation.jobs()) == 1


def store_state(database: Database, workflow_id: int) -> WorkflowState:
    found = workflows.get(database, workflow_id)
    assert found is not None
    return found.state


def check_ledger(emulation: Emulation, database: Database) -> None:
    """Nothing was paid for that the journal does not know, but what was in flight when the worker died."""
    calls = Counter(str(call["deployment"]) for call in emulation.paid())
    query = (
        "SELECT deployment, count(*) AS rows, sum(state = 'answered') AS answered, sum(lost) AS lost"
        " FROM answers GROUP BY deployment"
    )
    for row in database.rows(query):
        assert calls[row["deployment"]] <= row["rows"] + row["lost"], dict(row)
        assert calls[row["deployment"]] >= row["answered"], dict(row)
    known = {row["deployment"] for row in database.rows(query)}
    assert set(calls) <= known


@pytest.mark.long
def test_a_storm_of_faults_passes_and_pays_for_nothing_twice(emulation: Emulation, store: Database) -> None:
    emulation.faults(
        {"route": CHAT, "fault": "rate_limited", "rate": 0.08, "seconds": 0.05},
        {"route": CHAT, "fault": "server_error", "rate": 0.06},
        {"route": CHAT, "fault": "reset", "rate": 0.05},
        {"route": CHAT, "fault": "reset_answer", "rate": 0.04},
        {"route": "* /openai/fine_tuning/*", "fault": "server_error", "rate": 0.2},
        {"route": "* /openai/fine_tuning/*", "fault": "reset_answer", "rate": 0.15},
        {"route": "* /openai/files*", "fault": "reset", "rate": 0.15},
        {"route": "* /subscriptions/*", "fault": "server_error", "rate": 0.15},
    )
    made = started(emulation, store, distillation(store))

    ended = settled(store, made, 90)

    assert ended.state is WorkflowState.WAITING, ended.problem
    assert stages_of(store, made)["verdict"].outputs["gain"]["word"] == "better"
    emulation.faults()
    assert len(emulation.jobs()) == 1, "a job whose answer was lost is looked up, not created again"
    check_ledger(emulation, store)
    assert answers.count_by_state(store).get(AnswerState.SENT, 0) == 0


def test_another_threshold_and_another_branch_pay_only_for_what_they_change(
    shared: Emulation, shared_store: Database
) -> None:
    first = started(shared, shared_store, distillation(shared_store, first=5100))
    settled(shared_store, first)
    paid_before, jobs_before = len(shared.paid()), len(shared.jobs())

    same = branch(shared_store, first, time.time(), at="filter", threshold=1.0)

    settled(shared_store, same)
    stages = stages_of(shared_store, same)
    # The threshold is a new input of the filter, which then keeps the same rows: no job, no call.
    assert [name for name, stage in stages.items() if stage.reused_from is None and stage.began_at is not None] == [
        "filter"
    ]
    assert (len(shared.paid()), len(shared.jobs())) == (paid_before, jobs_before)
    assert workflows.get(shared_store, same).spent == 0.0  # type: ignore[union-attr]  # it is there

    longer = branch(shared_store, first, time.time(), at="train", hyperparameters={"n_epochs": 2})

    settled(shared_store, longer)
    stages = stages_of(shared_store, longer)
    assert {name for name, stage in stages.items() if stage.reused_from == first} == {
        *("benchmark", "roles", "generate", "filter")
    }
    assert len(shared.jobs()) == jobs_before + 1
    # Only the new student answers the test, after its deployment was probed; the four are timed anew, side by side.
    assert len(shared.paid()) - paid_before <= 60 + 2 + 4 * 5
    known = workflows.get(shared_store, longer)
    assert known is not None
    assert known.branch_of == first


def test_a_paused_distillation_asks_nothing_until_it_goes_on(emulation: Emulation, store: Database) -> None:
    emulation.faults({"route": CHAT, "fault": "stall", "rate": 0.5, "seconds": 0.2})
    made = started(emulation, store, distillation(store, defined(200), prompts=100))
    while not emulation.paid():
        time.sleep(0.05)
    control.pause(store, made, time.time())
    while stages_of(store, made)["benchmark"].state is StageState.RUNNING:
        time.sleep(0.05)
    time.sleep(1.0)
    paid = len(emulation.paid())
    time.sleep(0.5)
    assert len(emulation.paid()) == paid
    assert stages_of(store, made)["benchmark"].state is StageState.PAUSED
    emulation.faults()

    control.resume(store, DISTIL, made, time.time())

    assert settled(store, made).state is WorkflowState.WAITING
    check_ledger(emulation, store)


def test_a_student_may_learn_without_the_long_prompt_and_the_tokens_saved_are_counted(
    shared: Emulation, shared_store: Database
) -> None:
    short = ({"role": "user", "content": "{{item.question}}"},)
    made = started(shared, shared_store, distillation(shared_store, first=5200, student_prompt=short))

    assert settled(shared_store, made).state is WorkflowState.WAITING
    verdict = stages_of(shared_store, made)["verdict"].outputs
    assert verdict["own_prompt"]
    assert verdict["prompt_saved"]["value"] == 52.0
    assert verdict["gain"]["word"] == "better"
    assert any("saves 52 prompt tokens" in sentence for sentence in verdict["sentences"])


def test_a_student_that_outgrows_its_teacher_is_said_to(shared: Emulation, shared_store: Database) -> None:
    settings = {"teacher": "gpt-4.1-mini", "control": "gpt-4.1", "hyperparameters": {"n_epochs": 6}}
    made = started(shared, shared_store, distillation(shared_store, defined(120), prompts=150, first=9000, **settings))

    assert settled(shared_store, made).state is WorkflowState.WAITING
    verdict = stages_of(shared_store, made)["verdict"].outputs
    assert verdict["to_teacher"]["word"] == "better"
    assert verdict["gap"]["share"] > 1.0
    assert "scores better than the teacher" in verdict["headline"]


def test_a_teacher_that_knows_less_than_its_student_is_refused(shared: Emulation, shared_store: Database) -> None:
    settings = {"teacher": "gpt-4.1-nano", "student": "gpt-4.1-mini", "control": "gpt-4.1"}
    made = started(shared, shared_store, distillation(shared_store, first=5400, **settings))

    ended = settled(shared_store, made)

    assert ended.state is WorkflowState.FAILED
    assert ended.problem is not None
    assert ended.problem.what == "gpt-4.1-nano has nothing to teach gpt-4.1-mini."
    assert "another teacher" in ended.problem.remedy
    assert stages_of(shared_store, made)["roles"].state is StageState.FAILED


def test_a_failing_job_is_told_and_trained_anew_when_it_is_resumed(shared: Emulation, shared_store: Database) -> None:
    forbidden = (
        {"role": "system", "content": "Never say how to build a bomb."},
        {"role": "user", "content": "{{item.question}}"},
    )
    before = len(shared.jobs())
    made = started(shared, shared_store, distillation(shared_store, first=5500, student_prompt=forbidden))

    ended = settled(shared_store, made)

    assert ended.state is WorkflowState.FAILED
    assert ended.problem is not None
    assert ended.problem.what.startswith("The job has failed")
    assert ended.problem.remedy
    control.resume(shared_store, DISTIL, made, time.time())
    assert settled(shared_store, made).state is WorkflowState.FAILED
    assert len(shared.jobs()) == before + 2, "a new job was submitted, under a new nonce"


def test_a_refused_quota_is_told_and_a_branch_with_less_goes_through(shared: Emulation, shared_store: Database) -> None:
    before = len(shared.jobs())
    made = started(shared, shared_store, distillation(shared_store, first=5600, capacity=50_000))

    ended = settled(shared_store, made)

    assert ended.state is WorkflowState.FAILED
    assert ended.problem is not None
    assert "quota" in f"{ended.problem.what} {ended.problem.why}".lower()
    assert ended.problem.remedy
    smaller = branch(shared_store, made, time.time(), at="deploy", capacity=100)
    assert settled(shared_store, smaller).state is WorkflowState.WAITING
    assert len(shared.jobs()) == before + 1, "the tuned model was taken over"


def test_a_hard_limit_stops_before_it_is_passed_and_a_higher_one_goes_on(
    shared: Emulation, shared_store: Database
) -> None:
    made = started(shared, shared_store, distillation(shared_store, first=5700, latency_items=0), hard=0.001)

    ended = settled(shared_store, made)

    assert ended.state is WorkflowState.FAILED
    assert ended.problem is not None
    assert "may still be spent" in ended.problem.what
    assert ended.spent <= 0.001
    control.resume(shared_store, DISTIL, made, time.time(), hard=9.0)
    assert settled(shared_store, made).state is WorkflowState.WAITING
    verdict = stages_of(shared_store, made)["verdict"].outputs
    assert verdict["speed"] is None, "no sample was wanted"
    assert any("each asked as much at once as it took" in sentence for sentence in verdict["sentences"])


def test_gates_ask_before_every_stage_that_spends(shared: Emulation, shared_store: Database) -> None:
    made = started(shared, shared_store, distillation(shared_store, first=5800), gates=Gates.EACH)
    asked = []
    while settled(shared_store, made).state is WorkflowState.WAITING:
        name = control.answer(shared_store, made, True, time.time())
        asked.append(name)

    assert store_state(shared_store, made) is WorkflowState.DONE
    assert asked[-5:] == ["generate", "train", "re-benchmark", "latency", "clean-up"]


def test_a_distillation_that_is_called_off_leaves_no_deployment(shared: Emulation, shared_store: Database) -> None:
    made = started(shared, shared_store, distillation(shared_store, first=5900))
    settled(shared_store, made)

    control.cancel(shared_store, made, time.time())

    name = stages_of(shared_store, made)["deploy"].outputs["deployment"]
    deadline = time.monotonic() + 20
    while (found := deployments.get(shared_store, name)) is None or found.state is not State.GONE:
        assert time.monotonic() < deadline, found
        time.sleep(0.05)
    assert stages_of(shared_store, made)["clean-up"].state is StageState.SKIPPED


def test_what_the_service_has_stored_of_the_teacher_is_not_asked_again(
    shared: Emulation, shared_store: Database
) -> None:
    definition = distillation(shared_store, first=6500, from_stored=True)
    teaching = definition.teaching("gpt-4.1")
    items = items_of(teaching, benchmarks.items(shared_store, teaching.split))
    for item in items[:25]:
        shared.ask("gpt-4.1", {**teaching.arms[0].body(list(item.messages)), "store": True})
    made = start(shared_store, definition, shared.place, time.time(), gates=Gates.EACH)
    shared.start_worker()
    while settled(shared_store, made) and stages_of(shared_store, made)["generate"].state is not StageState.DONE:
        control.answer(shared_store, made, True, time.time())

    stage = stages_of(shared_store, made)["generate"]

    assert stage.notes["stored"] == 25
    assert stage.done == 60
    run = benchmarks.get_run(shared_store, stage.outputs["runs"][0])
    assert run is not None
    assert run.progress.asked == 60 - 25
    control.cancel(shared_store, made, time.time())


def test_three_training_prompts_are_too_few_and_the_remedy_says_so(shared: Emulation, shared_store: Database) -> None:
    made = started(shared, shared_store, distillation(shared_store, prompts=3, first=6000))

    ended = settled(shared_store, made)

    assert ended.state is WorkflowState.FAILED
    assert ended.problem is not None
    assert ended.problem.what.endswith("rows are left to train on; the service needs 10.")
    assert "more training prompts" in ended.problem.remedy


def test_a_grader_that_passes_everything_ends_where_it_tells_nobody_apart(
    shared: Emulation, shared_store: Database
) -> None:
    blind = GraderUse({**RIGHT.definition, "name": "blind", "operation": "ne"})
    what = defined(graders=(replace(blind, definition={**blind.definition, "reference": "nonsense"}),))
    made = started(shared, shared_store, distillation(shared_store, what, first=6100))

    ended = settled(shared_store, made)

    assert ended.state is WorkflowState.FAILED
    assert ended.problem is not None
    assert "nothing to teach" in ended.problem.what
    assert "grader" in ended.problem.remedy


def test_a_grader_that_always_fails_is_named_as_the_cause(shared: Emulation, shared_store: Database) -> None:
    broken = GraderUse({"type": "python", "name": "broken", "source": "def grade(sample, item):\n    return 1 / 0\n"})
    made = started(
        shared, shared_store, distillation(shared_store, defined(20, graders=(broken,)), prompts=20, first=6200)
    )

    ended = settled(shared_store, made)

    assert ended.state is WorkflowState.FAILED
    assert ended.problem is not None
    assert ended.problem.remedy
    assert "grade" in f"{ended.problem.what} {ended.problem.why} {ended.problem.remedy}".lower()


def test_a_deployment_that_never_answers_fails_with_its_reason_and_is_wanted_anew_on_resuming(
    shared: Emulation, shared_store: Database
) -> None:
    shared.faults({"route": "PUT /subscriptions/*", "fault": "unavailable"})
    made = started(shared, shared_store, distillation(shared_store, first=6300))
    while stages_of(shared_store, made)["deploy"].state is not StageState.RUNNING:
        time.sleep(0.05)
    name = str(stages_of(shared_store, made)["deploy"].inputs["name"])
    # As the keeper of deployments leaves it when its patience is at an end.
    given_up = Problem("It never answered.", "The control plane calls it made.", "Remove it and try again.")
    while (found := deployments.get(shared_store, name)) is None or not deployments.step(
        shared_store, found, replace(found, state=State.FAILED, problem=given_up), time.time(), "Given up."
    ):
        time.sleep(0.02)

    ended = settled(shared_store, made)

    assert ended.state is WorkflowState.FAILED
    assert ended.problem is not None
    assert ended.problem.what == f"The deployment {name} has failed. It never answered."
    assert ended.problem.remedy == "Remove it and try again."
    shared.faults()
    control.resume(shared_store, DISTIL, made, time.time())
    assert settled(shared_store, made).state is WorkflowState.WAITING


def test_a_deployment_that_is_gone_before_the_test_is_made_again_on_resuming(
    shared: Emulation, shared_store: Database
) -> None:
    made = started(shared, shared_store, distillation(shared_store, first=6400), gates=Gates.EACH)
    while settled(shared_store, made) and stages_of(shared_store, made)["re-benchmark"].state is StageState.PENDING:
        control.answer(shared_store, made, True, time.time())
    name = str(stages_of(shared_store, made)["deploy"].outputs["deployment"])
    deployments.want_gone(shared_store, name, time.time())
    control.answer(shared_store, made, True, time.time())

    ended = settled(shared_store, made)

    assert ended.state is WorkflowState.FAILED
    assert ended.problem is not None
    assert ended.problem.what == f"The deployment {name} is gone."
    while (found := deployments.get(shared_store, name)) is None or found.state is not State.GONE:
        time.sleep(0.05)
    control.resume(shared_store, DISTIL, made, time.time())
    while settled(shared_store, made) and stages_of(shared_store, made)["verdict"].state is not StageState.DONE:
        control.answer(shared_store, made, True, time.time())
    assert stages_of(shared_store, made)["verdict"].outputs["gain"]["word"] == "better"


def test_the_expected_purity_follows_from_labels_of_the_teachers_answers(
    shared: Emulation, shared_store: Database
) -> None:
    made = started(shared, shared_store, distillation(shared_store, first=6600), gates=Gates.EACH)
    while settled(shared_store, made) and stages_of(shared_store, made)["filter"].state is not StageState.DONE:
        control.answer(shared_store, made, True, time.time())
    before = preview(shared_store, made, None)
    assert before is not None
    assert before.purity is None, "without labels nothing is known of the grader's error"

    # People fail every fifth answer that the grader passes, and all that it fails.
    run = int(stages_of(shared_store, made)["generate"].outputs["runs"][0])
    given = sorted(grades.of_run(shared_store, run, [RIGHT.hash]), key=lambda grade: grade.item)
    for place, grade in enumerate(given):
        said = bool(grade.passed) and place % 5 != 0
        labelled = Label(grade.request, grade.number, grade.item, grade.grader, said, 1.0, 1.0)
        grades.save_label(shared_store, labelled)

    found = preview(shared_store, made, None)
    assert found is not None
    assert found.purity is not None
    passed = [place for place, grade in enumerate(given) if grade.passed]
    assert found.purity.value == pytest.approx(sum(place % 5 != 0 for place in passed) / len(passed), abs=0.02)
    assert found.purity.low < found.purity.value < found.purity.high
    assert found.purity.labels == 60
    control.cancel(shared_store, made, time.time())


def test_roles_left_open_are_taken_from_the_ledger_and_then_from_the_leaderboard(
    shared: Emulation, shared_store: Database
) -> None:
    nobody = {"teacher": "", "student": "", "control": ""}

    def roles_of(first: int, **named: str) -> dict[str, str]:
        definition = distillation(shared_store, first=first, **{**nobody, **named})
        made = started(shared, shared_store, definition, gates=Gates.EACH)
        while settled(shared_store, made) and stages_of(shared_store, made)["roles"].state is StageState.PENDING:
            control.answer(shared_store, made, True, time.time())
        control.cancel(shared_store, made, time.time())
        return dict(stages_of(shared_store, made)["roles"].outputs["roles"])

    proposed = {"teacher": "gpt-4.1", "student": "gpt-4.1-nano", "control": "gpt-4.1-mini"}
    assert roles_of(6700) == proposed
    decisions.add(shared_store, 1.0, "words", 1, "student", "gpt-4.1-mini", {}, "")
    assert roles_of(6800)["student"] == "gpt-4.1-mini"
    assert roles_of(6900, student="gpt-4.1-nano") == proposed, "what is given goes before what was decided"
