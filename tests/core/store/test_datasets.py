"""Datasets in the store: what is remembered, and uploads that survive anything."""

from __future__ import annotations

from dataclasses import replace

from cupola.datasets.listing import clashes, listed
from cupola.models import Job, LocalFile, Problem, ServiceFile, UploadState
from cupola.store import datasets
from cupola.store.database import Database


def test_a_source_is_remembered_once_and_forgotten_for_good(store: Database) -> None:
    for at in (1.0, 2.0):
        datasets.remember(store, "/data", at)
    assert datasets.sources(store) == ["/data"]
    datasets.forget(store, "/data")
    assert datasets.sources(store) == []


def test_an_open_upload_of_the_same_content_is_not_written_twice(store: Database) -> None:
    first = datasets.want_upload(store, "/a.jsonl", "a.jsonl", "00", 9, "fine-tune", 1.0)
    assert datasets.want_upload(store, "/a.jsonl", "a.jsonl", "00", 9, "fine-tune", 2.0).id == first.id
    assert datasets.want_upload(store, "/a.jsonl", "a.jsonl", "00", 9, "evals", 2.0).id != first.id
    datasets.save_upload(store, replace(first, state=UploadState.DONE))
    assert datasets.want_upload(store, "/a.jsonl", "a.jsonl", "00", 9, "fine-tune", 3.0).id != first.id


def test_every_field_of_an_upload_comes_back(store: Database) -> None:
    upload = datasets.want_upload(store, "/a.jsonl", "a.jsonl", "00", 9, "fine-tune", 1.0)
    whole = replace(
        upload,
        state=UploadState.SENDING,
        sent=4,
        started_at=2.0,
        upload_id="u",
        part_bytes=2,
        parts=("p", "q"),
        file_id="f",
        problem=Problem("a", "b", "c"),
    )
    assert datasets.save_upload(store, whole)
    assert datasets.upload(store, upload.id) == whole == datasets.next_upload(store)


def test_a_cancelled_upload_stays_cancelled_whatever_its_sender_says(store: Database) -> None:
    upload = datasets.want_upload(store, "/a.jsonl", "a.jsonl", "00", 9, "fine-tune", 1.0)
    assert datasets.cancel_upload(store, upload.id, 2.0)
    assert not datasets.save_upload(store, replace(upload, state=UploadState.SENDING, sent=5))
    assert not datasets.cancel_upload(store, upload.id, 3.0)
    assert datasets.next_upload(store) is None


def test_one_content_is_one_line_with_all_its_copies_and_jobs() -> None:
    local = [LocalFile("/b/x.jsonl", 5, 1, "aa"), LocalFile("/a/y.jsonl", 5, 1, "aa"), LocalFile("/a/z.jsonl", 7, 1)]
    remote = [
        ServiceFile("f1", "y.jsonl", "fine-tune", "processed", 5, 2),
        ServiceFile("f2", "other.jsonl", "fine-tune", "processed", 5, 1),
        ServiceFile("f3", "results.csv", "fine-tune-results", "processed", 5, 1),
    ]
    jobs = [Job("j1", "m", "supervised", "running", 1, validation_file="f1")]
    found = listed(local, remote, {"f1": "aa"}, jobs, [])
    assert [(one.name, len(one.local), [file.id for file in one.remote]) for one in found] == [
        ("y.jsonl", 2, ["f1"]),
        ("z.jsonl", 1, []),
        ("other.jsonl", 0, ["f2"]),
    ]
    assert [job.id for job in found[0].jobs] == ["j1"]
    assert [file.id for file in clashes("y.jsonl", "bb", remote, {"f1": "aa"})] == ["f1"]
    assert clashes("y.jsonl", "aa", remote, {"f1": "aa"}) == []
