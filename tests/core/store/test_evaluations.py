"""Auto-evals in the store: what is kept, what is replaced, and what an older store brings along."""

from __future__ import annotations

import sqlite3
import zlib
from pathlib import Path

from cupola.models import Evaluation, EvaluationItem, EvaluationRun
from cupola.store import evaluations
from cupola.store.database import Database, open_store
from cupola.store.schema import MIGRATIONS

RUN = EvaluationRun("run-1", "eval-1", "Step 5", 5, "completed", 100, 2, '{"id": "run-1"}')


def item(place: int, score: float | None = 1.0) -> EvaluationItem:
    return EvaluationItem(
        f"item-{place}", "run-1", place, f"row{place}", "p", "pass", score, 7, None, f'{{"at": {place}}}'
    )


def test_items_come_back_in_the_order_of_the_data_with_their_json_apart(store: Database) -> None:
    evaluations.save_runs(store, "job", [RUN])
    evaluations.save_items(store, "job", "run-1", [item(1, None), item(0)], whole=True)
    assert evaluations.items_of(store, "run-1") == [item(0)._replace(raw="{}"), item(1, None)._replace(raw="{}")]
    assert evaluations.raw_item(store, "run-1", "item-1") == '{"at": 1}'
    assert evaluations.raw_item(store, "run-1", "nobody") is None
    (stored,) = evaluations.runs_of(store, "job")
    assert (stored.run, stored.items, stored.whole) == (RUN, 2, True)


def test_items_told_again_replace_those_before(store: Database) -> None:
    evaluations.save_runs(store, "job", [RUN])
    evaluations.save_items(store, "job", "run-1", [item(0), item(1)], whole=False)
    evaluations.save_items(store, "job", "run-1", [item(0, 3.0)], whole=True)
    assert [one.score for one in evaluations.items_of(store, "run-1")] == [3.0]
    assert evaluations.raw_item(store, "run-1", "item-1") is None


def test_a_run_told_again_unchanged_is_no_news_and_keeps_its_items(store: Database) -> None:
    evaluations.save_runs(store, "job", [RUN])
    evaluations.save_items(store, "job", "run-1", [item(0)], whole=True)
    before = store.revisions()
    assert evaluations.save_runs(store, "job", [RUN]) == 0
    assert store.revisions() == before
    assert evaluations.runs_of(store, "job")[0].whole


def test_the_evaluation_of_a_job_is_news_once(store: Database) -> None:
    found = Evaluation("job", "eval-1", "name", 100, "field")
    assert evaluations.save(store, found)
    assert not evaluations.save(store, found)
    assert (evaluations.get(store, "job"), evaluations.jobs(store)) == (found, ["job"])


def test_a_store_that_held_texts_beside_the_columns_keeps_them(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    before = sqlite3.connect(path)
    for migration in MIGRATIONS[:5]:
        before.executescript(migration)
    before.execute("PRAGMA user_version = 5")
    body = zlib.compress(b'{"at": 0}')
    before.execute("INSERT INTO evaluation_items VALUES ('run-1','item-0',0,'row0','p','pass',1.0,7,NULL,?)", (body,))
    before.commit()
    before.close()
    database = open_store(path)
    assert evaluations.items_of(database, "run-1") == [item(0)._replace(raw="{}")]
    assert evaluations.raw_item(database, "run-1", "item-0") == '{"at": 0}'
    database.close()


def test_columns_hold_what_the_items_hold_and_passes_over_the_same_rows_share_their_keys(store: Database) -> None:
    second = EvaluationRun("run-2", "eval-1", "Step 9", 9, "completed", 200, 2, "{}")
    evaluations.save_runs(store, "job", [RUN, second])
    items = [item(0, 2.5), item(1, None)._replace(outcome="error", completion_tokens=None, reasoning_tokens=9)]
    evaluations.save_items(store, "job", "run-1", items[::-1], whole=True)
    evaluations.save_items(store, "job", "run-2", [one._replace(run_id="run-2") for one in items], whole=True)
    first, other = (evaluations.columns_of(store, run) for run in ("run-1", "run-2"))
    assert first.item_ids() == ["item-0", "item-1"] and first.keys == other.keys
    assert first.outcomes.tolist() == [0, 5] and str(first.scores.tolist()) == "[2.5, nan]"
    assert (first.completion_tokens.tolist(), first.reasoning_tokens.tolist()) == ([7, -1], [-1, 9])
    assert evaluations.item_of(store, "run-1", "item-1") == items[1]._replace(raw="{}")
    assert len(store.rows("SELECT * FROM evaluation_keys")) == 1


def test_runs_that_an_earlier_cupola_stored_are_read_from_their_items(store: Database) -> None:
    evaluations.save_runs(store, "job", [RUN])
    evaluations.save_items(store, "job", "run-1", [item(0, 2.5), item(1, None)], whole=True)
    before = evaluations.columns_of(store, "run-1")
    with store.transaction() as connection:
        connection.execute("DELETE FROM evaluation_columns")
    after = evaluations.columns_of(store, "run-1")
    assert (after.keys, after.ids, after.outcomes.tolist()) == (before.keys, before.ids, before.outcomes.tolist())
