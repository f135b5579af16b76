from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cupola.store import answers, deployments, workflows
from cupola.store.answers import AnswerState
from cupola.store.database import Database, open_store
from cupola.store.deployments import State
from cupola.store.workflows import Gates, StageState, WorkflowState
from cupola.workflows import control
from cupola.workflows.distil.report import as_json, as_markdown
from cupola.workflows.distil.start import branch
from cupola.workflows.distil.steps import DISTIL

from .emulation import CHAT, Emulation, defined, distillation, settled, stages_of, started

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
    made = started(emulation, store, distillation(store), hard=5.0)

    ended = settled(store, made)

    stages = stages_of(store, made)
    assert ended.state is WorkflowState.WAITING
    assert stages["clean-up"].question.startswith("Remove the deployment words-")
    assert [stage.state for stage in stages.values()][:-1] == [StageState.DONE] * 9
    verdict = stages["verdict"].outputs
    scores = {one["role"]: one["score"]["value"] for one in verdict["figures"]}
    assert scores["student after"] > scores["student before"] + 0.3
    assert scores["teacher"] == scores["teacher before"]
    assert verdict["gain"]["word"] == "better"
    assert verdict["teacher_stayed"]["word"] == "stayed"
    assert verdict["gap"]["share"] > 0.5
    assert sum(stages["filter"].outputs["fates"].values()) == 60
    assert 0 < ended.spent < 5.0
    # The teacher was asked again, and the student's first answers were not.
    asked = Counter((call["deployment"], call["request_hash"]) for call in emulation.paid())
    assert {asked[key] for key in asked if key[0] == "gpt-4.1"} == {1, 2}
    assert {asked[key] for key in asked if key[0] == "gpt-4.1-nano"} == {1}
    page, told = as_markdown(store, made), as_json(store, made)
    assert verdict["headline"] in page
    assert told["verdict"]["headline"] == verdict["headline"]

    control.answer(store, made, True, time.time())
    assert settled(store, made).state is WorkflowState.DONE
    name = stages["deploy"].outputs["deployment"]
    found = deployments.get(store, name)
    assert found is not None
    assert found.state is State.GONE
