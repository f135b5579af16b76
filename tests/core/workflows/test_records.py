from __future__ import annotations

from dataclasses import replace

from cupola.models import Problem
from cupola.store import workflows
from cupola.store.database import Database
from cupola.store.workflows import Stage, StageState, Workflow, WorkflowState


def added(database: Database, **fields: object) -> int:
    workflow = Workflow(0, "distil", "Cora", WorkflowState.RUNNING, "{}", 1.0, 1.0, hard=6.0)
    stages = [Stage(0, "generate", 0), Stage(0, "clean-up", 1)]
    return workflows.add(database, replace(workflow, **fields), stages)  # type: ignore[arg-type]  # a test's shorthand


def test_a_workflow_comes_back_as_it_was_stored(database: Database) -> None:
    made = added(database, branch_of=7, branch_at="filter", place="/somewhere")

    found = workflows.get(database, made)
    stages = workflows.stages(database, made)

    assert found is not None
    assert (found.name, found.hard, found.branch_of, found.branch_at) == ("Cora", 6.0, 7, "filter")
    assert [stage.name for stage in stages] == ["generate", "clean-up"]
    assert workflows.newest(database) == [found]


def test_what_stages_spend_is_what_the_workflow_has_spent(database: Database) -> None:
    made = added(database)
    for stage in workflows.stages(database, made):
        workflows.save_stage(database, replace(stage, spend=0.25, reserved=1.0, outputs={"rows": 3}))

    found = workflows.get(database, made)

    assert found is not None
    assert (found.spent, found.reserved) == (0.5, 2.0)
    assert workflows.stages(database, made)[0].outputs == {"rows": 3}


def test_a_workflow_moves_only_from_where_it_was_thought_to_be(database: Database) -> None:
    made = added(database)

    assert workflows.move(database, made, [WorkflowState.RUNNING], WorkflowState.PAUSED, 2.0)
    assert not workflows.move(database, made, [WorkflowState.RUNNING], WorkflowState.DONE, 3.0, Problem("Late."))

    found = workflows.get(database, made)
    assert found is not None
    assert (found.state, found.problem, found.finished_at) == (WorkflowState.PAUSED, None, None)


def test_a_yes_goes_to_the_stage_that_waits_and_to_no_other(database: Database) -> None:
    made = added(database)
    assert workflows.answer_question(database, made, True, 2.0) is None
    first = workflows.stages(database, made)[0]
    workflows.save_stage(database, replace(first, state=StageState.WAITING, question="Spend $1?"))
    workflows.move(database, made, [WorkflowState.RUNNING], WorkflowState.WAITING, 2.0)

    assert workflows.answer_question(database, made, True, 3.0) == "generate"

    agreed = workflows.stages(database, made)[0]
    assert (agreed.state, agreed.agreed_at, agreed.question) == (StageState.PENDING, 3.0, "")
    assert workflows.in_state(database, WorkflowState.RUNNING)[0].id == made


def test_a_no_skips_the_stage(database: Database) -> None:
    made = added(database)
    workflows.save_stage(database, replace(workflows.stages(database, made)[0], state=StageState.WAITING))

    workflows.answer_question(database, made, False, 3.0)

    assert workflows.stages(database, made)[0].state is StageState.SKIPPED


def test_only_finished_stages_of_the_same_inputs_are_found_again(database: Database) -> None:
    made = added(database)
    stage = replace(workflows.stages(database, made)[0], inputs_hash="abc", state=StageState.RUNNING)
    workflows.save_stage(database, stage)
    assert workflows.finished_like(database, "distil", "generate", "abc") is None

    workflows.save_stage(database, replace(stage, state=StageState.DONE))

    assert workflows.finished_like(database, "distil", "generate", "abc") == replace(stage, state=StageState.DONE)
    assert workflows.finished_like(database, "distil", "generate", "abd") is None
