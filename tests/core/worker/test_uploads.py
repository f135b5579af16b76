"""Uploads as the worker carries them: nothing twice, and on from where they were after any interruption."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest

from cupola.azure.client import Service, connect
from cupola.azure.credentials import KeyCredential
from cupola.errors import UnreachableError
from cupola.models import IntentState, UploadState
from cupola.settings import Profile
from cupola.store import datasets, files, intents
from cupola.store.database import Database
from cupola.worker import uploads
from cupola.worker.intents import obey_all, resolve_taken
from cupola.worker.transfers import Transfers
from cupola.worker.uploads import Limits, at_the_service, drain

NOW = 2_000.0
ROWS = b'{"messages": []}\n' * 40
SMALL_PARTS = Limits(plain=100, part=200)


@dataclass
class Shelf:
    """The service's files and uploads, in memory; calls can be lost before or after they took effect."""

    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    content: dict[str, bytes] = field(default_factory=dict)
    uploads: dict[str, dict[str, bytes]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    drop_before: Callable[[str], bool] = lambda call: False
    drop_after: Callable[[str], bool] = lambda call: False
    refuse: Callable[[str], bool] = lambda call: False
    announced: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        call = f"{request.method} {request.url.path.removeprefix('/openai')}"
        self.asked.append(call)
        if self.drop_before(call):
            raise httpx2.ConnectError("dropped")
        if self.refuse(call):
            return httpx2.Response(400, json={"error": {"code": "badRequest", "message": "The upload has expired."}})
        answer = self._answer(call, request)
        if self.drop_after(call):
            raise httpx2.ReadTimeout("lost")
        return answer

    def add(self, name: str, content: bytes, purpose: str = "fine-tune") -> dict[str, Any]:
        file_id = f"file-{len(self.content)}"
        self.content[file_id] = content
        self.files[file_id] = {
            "id": file_id, "filename": name, "bytes": len(content), "purpose": purpose, "status": "processed",
            "created_at": int(NOW),
        }  # fmt: skip
        return self.files[file_id]

    def _answer(self, call: str, request: httpx2.Request) -> httpx2.Response:
        method, path = call.split(" ")
        match path.strip("/").split("/"):
            case ["files"] if method == "POST":
                name = re.search(rb'filename="([^"]+)"', request.content)
                body = request.content.split(b"application/jsonl\r\n\r\n")[1].rsplit(b"\r\n--", 1)[0]
                purpose = "evals" if b"evals" in request.content else "fine-tune"
                return httpx2.Response(201, json=self.add(name[1].decode() if name else "", body, purpose))
            case ["files"]:
                return httpx2.Response(200, json={"data": list(self.files.values()), "has_more": False})
            case ["files", file_id] if method == "DELETE":
                self.files.pop(file_id, None)
                return httpx2.Response(200, json={"id": file_id, "deleted": True})
            case ["files", file_id] if file_id in self.files:
                return httpx2.Response(200, json=self.files[file_id])
            case ["uploads"]:
                upload_id = f"upload-{len(self.uploads)}"
                self.uploads[upload_id] = {}
                self.announced[upload_id] = json.loads(request.content)
                return httpx2.Response(200, json={"id": upload_id, "status": "pending"})
            case ["uploads", upload_id, "parts"]:
                data = request.content.split(b"\r\n\r\n", 1)[1].rsplit(b"\r\n--", 1)[0]
                part_id = f"part-{len(self.uploads[upload_id])}"
                self.uploads[upload_id][part_id] = data
                return httpx2.Response(200, json={"id": part_id})
            case ["uploads", upload_id, "complete"]:
                wanted = json.loads(request.content)
                content = b"".join(self.uploads[upload_id][part] for part in wanted["part_ids"])
                assert hashlib.md5(content).hexdigest() == wanted["md5"]
                file = self.add(self.announced[upload_id]["filename"], content)
                return httpx2.Response(200, json={"id": upload_id, "status": "completed", "file": file})
            case ["uploads", upload_id, "cancel"]:
                return httpx2.Response(200, json={"id": upload_id, "status": "cancelled"})
        return httpx2.Response(404, json={"error": {"code": "notFound", "message": "no such thing"}})


def once(call: str) -> Callable[[str], bool]:
    """True the first time that such a call is made."""
    left = [call]

    def matches(made: str) -> bool:
        if left and re.fullmatch(left[0], made):
            left.clear()
            return True
        return False

    return matches


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def file(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "train.jsonl"
    path.write_bytes(ROWS)
    yield path


@pytest.fixture
def opened(shelf: Shelf) -> Callable[[], AbstractAsyncContextManager[Service]]:
    async def no_wait(seconds: float) -> None:
        pass

    return lambda: connect(
        Profile("test", "http://127.0.0.1:1"),
        KeyCredential("key", "test"),
        transport=httpx2.MockTransport(shelf),
        read_attempts=1,
        sleep=no_wait,
        clock=lambda: NOW,
    )


Opened = Callable[[], AbstractAsyncContextManager[Service]]


def ask(store: Database, path: Path, purpose: str = "fine-tune") -> int:
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    return intents.wish(store, uploads.UPLOAD, str(path), NOW, {"sha256": sha256, "purpose": purpose})


async def carry(opened: Opened, store: Database, limits: Limits | None = None) -> None:
    async with opened() as service:
        await obey_all(service, store)
        await drain(service, store, limits)


async def test_a_file_that_was_asked_for_arrives_and_its_content_is_known(
    opened: Opened, store: Database, shelf: Shelf, file: Path
) -> None:
    wish = ask(store, file)
    await carry(opened, store)
    upload = datasets.uploads(store)[0]
    assert (upload.state, upload.sent, upload.file_id) == (UploadState.DONE, len(ROWS), "file-0")
    assert shelf.content["file-0"] == ROWS
    assert datasets.contents(store) == {"file-0": upload.sha256}
    assert [entry.filename for entry in files.files(store)] == ["train.jsonl"]
    answer = intents.get(store, wish)
    assert answer is not None and answer.state is IntentState.DONE


async def test_the_same_content_is_not_sent_twice_even_under_another_name(
    opened: Opened, store: Database, shelf: Shelf, file: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy.jsonl"
    copy.write_bytes(ROWS)
    ask(store, file)
    await carry(opened, store)
    ask(store, copy)
    await carry(opened, store)
    async with opened() as service:
        assert (await at_the_service(service, store, copy)).id == "file-0"
    assert shelf.asked.count("POST /files") == 1
    assert [upload.file_id for upload in datasets.uploads(store)] == ["file-0", "file-0"]


async def test_another_purpose_and_a_deleted_file_are_sent_again(
    opened: Opened, store: Database, shelf: Shelf, file: Path
) -> None:
    ask(store, file)
    await carry(opened, store)
    ask(store, file, "evals")
    await carry(opened, store)
    shelf.files.clear()
    ask(store, file)
    await carry(opened, store)
    assert shelf.asked.count("POST /files") == 3


async def test_a_plain_upload_whose_answer_was_lost_is_found_and_not_repeated(
    opened: Opened, store: Database, shelf: Shelf, file: Path
) -> None:
    shelf.drop_after = once("POST /files")
    ask(store, file)
    await carry(opened, store)
    assert shelf.asked.count("POST /files") == 1
    assert datasets.uploads(store)[0].state is UploadState.DONE


async def test_a_dropped_line_costs_one_part(opened: Opened, store: Database, shelf: Shelf, file: Path) -> None:
    dropped = iter([False, False, True, True, False, False])
    shelf.drop_before = lambda call: call.endswith("/parts") and next(dropped)
    ask(store, file)
    await carry(opened, store, SMALL_PARTS)
    assert shelf.content["file-0"] == ROWS
    assert shelf.asked.count("POST /uploads") == 1
    assert len(shelf.uploads["upload-0"]) == -(-len(ROWS) // 200)


async def test_a_new_worker_goes_on_with_the_parts_that_an_old_one_left(
    opened: Opened, store: Database, shelf: Shelf, file: Path
) -> None:
    seen = 0

    def third(call: str) -> bool:
        nonlocal seen
        seen += call.endswith("/parts")
        return seen == 3

    shelf.drop_before = third
    ask(store, file)
    async with opened() as service:
        await obey_all(service, store)
        upload = datasets.next_upload(store)
        assert upload is not None
        with pytest.raises(UnreachableError):
            await uploads.carry(service, store, upload, SMALL_PARTS)
    left = datasets.uploads(store)[0]
    assert (left.state, left.sent, len(left.parts)) == (UploadState.SENDING, 400, 2)
    shelf.drop_before = lambda call: False
    await carry(opened, store, SMALL_PARTS)
    assert shelf.content["file-0"] == ROWS
    assert len(shelf.uploads) == 1


async def test_a_whole_upload_whose_last_answer_was_lost_is_found(
    opened: Opened, store: Database, shelf: Shelf, file: Path
) -> None:
    shelf.drop_after = once("POST /uploads/upload-0/complete")
    ask(store, file)
    await carry(opened, store, SMALL_PARTS)
    assert list(shelf.content) == ["file-0"]
    assert datasets.uploads(store)[0].file_id == "file-0"


async def test_an_expired_upload_begins_anew(opened: Opened, store: Database, shelf: Shelf, file: Path) -> None:
    dropped = iter([False, True, False, False, False, False])
    shelf.drop_before = lambda call: call == "POST /uploads/upload-0/parts" and next(dropped)
    asked = iter([False, False, True])
    shelf.refuse = lambda call: call == "POST /uploads/upload-0/parts" and next(asked, True)
    ask(store, file)
    async with opened() as service:
        await obey_all(service, store)
        await drain(service, store, SMALL_PARTS)
    assert shelf.content["file-0"] == ROWS
    assert list(shelf.uploads) == ["upload-0", "upload-1"]


async def test_a_file_that_has_changed_since_it_was_agreed_to_is_not_sent(
    opened: Opened, store: Database, shelf: Shelf, file: Path
) -> None:
    ask(store, file)
    file.write_bytes(ROWS + ROWS)
    await carry(opened, store)
    upload = datasets.uploads(store)[0]
    assert upload.state is UploadState.FAILED
    assert upload.problem is not None and "has changed" in upload.problem.what
    assert "POST /files" not in shelf.asked


async def test_a_refusal_is_told_with_the_upload_and_the_next_goes_on(
    opened: Opened, store: Database, shelf: Shelf, file: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.jsonl"
    other.write_bytes(ROWS * 2)
    shelf.refuse = once("POST /files")
    ask(store, file)
    ask(store, other)
    await carry(opened, store)
    second, first = datasets.uploads(store)
    assert (first.state, second.state) == (UploadState.FAILED, UploadState.DONE)
    assert first.problem is not None


async def test_a_cancelled_upload_sends_nothing_more(
    opened: Opened, store: Database, face: Database, shelf: Shelf, file: Path
) -> None:
    def cancel_on_second_part(call: str) -> bool:
        if call.endswith("/parts") and len(shelf.uploads["upload-0"]) == 1:
            datasets.cancel_upload(face, 1, NOW)
        return False

    shelf.drop_before = cancel_on_second_part
    ask(store, file)
    await carry(opened, store, SMALL_PARTS)
    assert datasets.uploads(store)[0].state is UploadState.CANCELLED
    assert len(shelf.uploads["upload-0"]) == 2
    assert shelf.asked[-1] == "POST /uploads/upload-0/cancel"


async def test_a_file_is_deleted_once_and_for_good(opened: Opened, store: Database, shelf: Shelf) -> None:
    shelf.add("train.jsonl", ROWS)
    wish = intents.wish(store, uploads.DELETE, "file-0", NOW)
    intents.take(store, NOW)
    async with opened() as service:
        # The worker that took the wish has died; nobody knows how far it came.
        await resolve_taken(service, store)
        await resolve_taken(service, store)
    answer = intents.get(store, wish)
    assert answer is not None and answer.state is IntentState.DONE
    assert not shelf.files


async def test_a_wish_for_what_cannot_be_sent_says_why(opened: Opened, store: Database, tmp_path: Path) -> None:
    wish = intents.wish(store, uploads.UPLOAD, str(tmp_path / "x.csv"), NOW, {"sha256": "0", "purpose": "fine-tune"})
    await carry(opened, store)
    answer = intents.get(store, wish)
    assert answer is not None and answer.problem is not None and ".jsonl" in answer.problem.what


async def test_the_running_worker_sends_beside_its_other_work(
    opened: Opened, store: Database, shelf: Shelf, file: Path
) -> None:
    ask(store, file)
    async with opened() as service:
        await obey_all(service, store)
        running = Transfers(service, store)
        running.wake()
        running.wake()
        while datasets.next_upload(store) is not None:
            await asyncio.sleep(0.01)
        running.wake()
        await running.close()
    assert shelf.asked.count("POST /files") == 1
