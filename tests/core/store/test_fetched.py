from __future__ import annotations

from cupola.models import Job
from cupola.store import fetched, intents
from cupola.store.database import Database


def test_a_job_is_whole_until_it_changes(store: Database) -> None:
    job = Job("ftjob-1", "m", "supervised", "succeeded", 1, raw='{"status": "succeeded"}')
    assert not fetched.is_whole(store, job)
    fetched.mark(store, job)
    fetched.mark(store, job)
    assert fetched.is_whole(store, job)
    changed = Job("ftjob-1", "m", "supervised", "succeeded", 1, raw='{"status": "succeeded", "eval_id": "e"}')
    assert not fetched.is_whole(store, changed)


def test_the_last_fulfilled_wish_of_some_kinds_is_found(store: Database) -> None:
    for kind in ("polling.freeze", "polling.thaw", "refresh"):
        intents.finish(store, intents.wish(store, kind, "", 1.0), 2.0)
    intents.wish(store, "polling.freeze", "", 3.0)
    found = intents.last_fulfilled(store, "polling.freeze", "polling.thaw")
    assert found is not None
    assert found.kind == "polling.thaw"
    assert intents.last_fulfilled(store, "job.pause") is None
