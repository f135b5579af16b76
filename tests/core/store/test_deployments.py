"""Deployments in the store: wishes, steps of the worker that never overwrite a wish, fuses, quota."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cupola.errors import UsageError
from cupola.models import Problem
from cupola.store import answers, control_plane, deployments
from cupola.store.answers import Sent
from cupola.store.control_plane import QuotaLine
from cupola.store.database import Database
from cupola.store.deployments import State, Wanted

CORA = Wanted("cora", "gpt-4.1-nano-2025-04-14.ft-1", capacity=100, fuse_seconds=600.0, purpose="benchmark")


def test_the_same_wish_twice_is_one_deployment_with_one_nonce(store: Database) -> None:
    first = deployments.want(store, CORA, 10.0)
    assert deployments.want(store, replace(CORA, capacity=7), 20.0) == first
    assert (first.state, first.fuse_at, first.capacity) == (State.WANTED, 610.0, 100)
    assert first.ours
    assert deployments.all_deployments(store) == [first]


def test_a_name_taken_by_another_model_is_refused(store: Database) -> None:
    deployments.want(store, CORA, 10.0)
    with pytest.raises(UsageError, match=r"already, of gpt-4.1-nano"):
        deployments.want(store, replace(CORA, name="CORA", model="gpt-4.1"), 11.0)


def test_what_is_gone_or_failed_may_be_wanted_again_as_a_new_one(store: Database) -> None:
    first = deployments.want(store, CORA, 10.0)
    deployments.step(store, first, replace(first, state=State.FAILED, problem=Problem("No quota.")), 11.0, "Refused.")
    again = deployments.want(store, CORA, 12.0)
    assert again.state is State.WANTED
    assert again.nonce != first.nonce
    assert again.problem is None
    assert [step.words for step in deployments.history(store, "cora")][1:] == ["Refused.", deployments_words(first)]


def deployments_words(wanted: deployments.Deployment) -> str:
    return f"Wanted: {wanted.model}, {wanted.sku}, capacity {wanted.capacity}."


def test_what_is_left_of_a_failed_one_keeps_its_name_for_its_model_and_its_nonce(store: Database) -> None:
    first = deployments.want(store, CORA, 10.0)
    deployments.step(store, first, replace(first, state=State.FAILED, created_at=11.0), 11.0, "It never answered.")
    with pytest.raises(UsageError, match="remove it first"):
        deployments.want(store, replace(CORA, model="gpt-4.1"), 12.0)
    again = deployments.want(store, CORA, 12.0)
    assert (again.state, again.nonce, again.created_at) == (State.WANTED, first.nonce, None)


def test_a_step_of_the_worker_does_not_undo_a_wish_to_remove(store: Database) -> None:
    before = deployments.want(store, CORA, 10.0)
    assert deployments.want_gone(store, "cora", 11.0)
    assert not deployments.step(store, before, replace(before, state=State.CREATING), 12.0)
    now = deployments.get(store, "cora")
    assert now is not None
    assert now.state is State.REMOVING
    assert not deployments.want_gone(store, "cora", 13.0), "it is going already"
    with pytest.raises(UsageError, match="being removed"):
        deployments.want(store, CORA, 14.0)


def test_a_step_of_the_worker_leaves_a_fuse_that_was_extended_meanwhile(store: Database) -> None:
    before = deployments.want(store, CORA, 10.0)
    assert deployments.extend_fuse(store, "cora", 9_000.0, 11.0)
    assert deployments.want_capacity(store, "cora", 200, 12.0)
    assert deployments.step(store, before, replace(before, state=State.CREATING, created_at=12.0), 12.0, "Asked.")
    now = deployments.get(store, "cora")
    assert now is not None
    assert (now.fuse_at, now.wanted_capacity, now.state, now.step_at) == (9_000.0, 200, State.CREATING, 12.0)
    deployments.scaled(store, "cora", 100)
    assert deployments.get(store, "cora") == now, "another wish than the one that was answered stays"


def test_the_last_use_is_the_last_call_that_cupola_sent_probes_aside(store: Database) -> None:
    deployments.want(store, CORA, 10.0)
    sent = [Sent("a", 0, "arm", "cora", 50.0), Sent("b", 0, "probe", "cora", 70.0), Sent("c", 0, "arm", "cora", 5.0)]
    answers.write(store, sent, [])
    now = deployments.get(store, "cora")
    assert now is not None
    assert now.last_used_at == 50.0


def test_deployments_of_others_are_stored_beside_but_never_over_a_live_one(store: Database) -> None:
    mine = deployments.want(store, CORA, 10.0)
    theirs = replace(mine, nonce="", state=State.READY, model="gpt-4.1", created_at=1.0, ready_at=1.0)
    assert not deployments.save_new(store, theirs, 11.0, "Found.")
    assert deployments.save_new(store, replace(theirs, name="other"), 11.0, "Found.")
    assert [row.name for row in deployments.all_deployments(store)] == ["cora", "other"]


def test_quota_is_replaced_as_a_whole(store: Database) -> None:
    control_plane.save_quota(store, [QuotaLine("a", "A", 1.0, 3.0, 5.0), QuotaLine("b", "B", 9.0, 3.0, 5.0)])
    control_plane.save_quota(store, [QuotaLine("b", "B", 9.0, 3.0, 6.0)])
    (line,) = control_plane.quota(store)
    assert (line.name, line.free, line.as_of) == ("b", 0.0, 6.0)


def test_each_change_is_told_to_the_faces(store: Database) -> None:
    deployments.want(store, CORA, 10.0)
    before = store.revisions()["deployments"]
    deployments.extend_fuse(store, "cora", None)
    assert store.revisions()["deployments"] > before


def test_the_journal_is_not_read_through_for_a_deployment(store: Database) -> None:
    deployments.want(store, CORA, 10.0)
    last = "SELECT MAX(sent_at) FROM answers WHERE deployment = 'cora' AND purpose != 'probe' AND sent_at >= 1.0"
    probes = "SELECT TOTAL(usd) FROM answers WHERE purpose = 'probe' AND deployment = 'cora'"
    for query in (last, probes):
        plan = " ".join(row["detail"] for row in store.rows(f"EXPLAIN QUERY PLAN {query}"))
        assert "SEARCH answers USING" in plan
