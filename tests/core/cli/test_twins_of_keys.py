"""Verbs that do on the command line what single keys do on the screen."""

from __future__ import annotations

import json
import time
from collections import Counter
from pathlib import Path

from tests.hard_knocks.filled_store import fill

from cupola.store import intents, workflows
from cupola.store.database import Database
from cupola.worker.intents import FREEZE, THAW, is_frozen

from .conftest import Shell


def test_polling_is_frozen_and_thawed(shell: Shell, store: Database) -> None:
    assert shell.run("worker", "freeze") == 0, shell.err
    assert shell.run("worker", "thaw") == 0
    assert [one.kind for one in intents.newest(store)] == [THAW, FREEZE]
    assert not is_frozen(store)


def test_files_are_put_on_the_list_and_taken_off_it(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_text('{"messages": []}\n')
    assert shell.run("dataset", "add", str(file)) == 0, shell.err
    assert shell.run("dataset", "forget", str(file)) == 0
    assert file.exists()
    assert shell.run("dataset", "add", str(tmp_path / "nowhere")) == 2


def test_calls_and_decisions_are_printed(shell: Shell, tmp_path: Path) -> None:
    fill(shell.context.paths.store("default"), tmp_path, time.time())
    assert {"method", "path", "cli"} <= set(shell.json("store", "calls", "--limit", "1")[0])
    (decision,) = shell.json("bench", "decisions", "questions")
    assert (decision["role"], decision["arm"]) == ("teacher", "strong")
    assert shell.json("bench", "decisions", "nothing") == []


def labels_of(store: Database) -> Counter[tuple[str, int, str, int | None]]:
    return Counter(tuple(row) for row in store.rows("SELECT request, number, item, passed FROM labels"))


def test_answers_are_judged_blind_and_the_judgements_are_taken_once(
    shell: Shell, store: Database, tmp_path: Path
) -> None:
    fill(shell.context.paths.store("default"), tmp_path, time.time())
    before = labels_of(store)
    tasks = shell.json("bench", "label", "questions", "--count", "6")
    assert tasks and all(task["passed"] is None and "strong" not in json.dumps(task) for task in tasks)

    file = tmp_path / "judged.jsonl"
    judged = [{**task, "passed": verdict} for task, verdict in zip(tasks, (True, False, "unsure"), strict=False)]
    file.write_text("".join(f"{json.dumps(task)}\n" for task in [*judged, *tasks[3:]]))
    assert shell.run("bench", "label", "questions", "--count", "6", "--take", str(file)) == 0, shell.err
    assert f"3 judgements kept, {len(tasks) - 3} answers are left" in shell.err
    added = labels_of(store) - before
    assert sorted(added.values()) == [1, 1, 1] and {passed for *_, passed in added} == {1, 0, None}
    assert shell.run("bench", "label", "questions", "--count", "6", "--take", str(file)) == 2, "they are judged"


def test_a_file_of_judgements_that_makes_no_sense_is_refused_by_its_line(shell: Shell, tmp_path: Path) -> None:
    fill(shell.context.paths.store("default"), tmp_path, time.time())
    file = tmp_path / "judged.jsonl"
    for text, said in (
        ("{", "is not JSON"),
        ('{"passed": true}', "names no answer"),
        ('{"answer": "x", "passed": 3}', "must be true"),
        ('{"answer": "x", "passed": true}', "none"),
    ):
        file.write_text(text)
        assert shell.run("bench", "label", "questions", "--take", str(file)) == 2
        assert said in shell.err


def test_no_is_said_to_what_a_workflow_asks(shell: Shell, store: Database, tmp_path: Path) -> None:
    fill(shell.context.paths.store("default"), tmp_path, time.time())
    waiting = next(one.id for one in workflows.newest(store) if str(one.state) == "waiting for a yes")
    assert shell.run("distill", "resume", str(waiting), "--no") == 0, shell.err
    assert not [stage for stage in workflows.stages(store, waiting) if stage.question]
