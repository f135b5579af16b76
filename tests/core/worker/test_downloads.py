"""Downloads as the worker carries them: whole under their name or not at all, on from where they were."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cupola.azure.client import Service, connect
from cupola.azure.credentials import KeyCredential
from cupola.errors import UnreachableError
from cupola.models import IntentState
from cupola.settings import Profile
from cupola.store import datasets, downloads, intents
from cupola.store.database import Database
from cupola.store.downloads import Download, DownloadState
from cupola.worker.downloads import CANCEL, DOWNLOAD, carry, drain, part_of, safe_name
from cupola.worker.intents import obey_all

NOW = 2_000.0
CONTENT = bytes(range(256)) * 40


class Trickle(httpx2.AsyncByteStream):
    """A body in blocks that may break off."""

    def __init__(self, content: bytes, breaks_after: int | None, between: Callable[[], None]) -> None:
        self.content, self.breaks_after, self.between = content, breaks_after, between

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for start in range(0, len(self.content), 1_000):
            if self.breaks_after is not None and start >= self.breaks_after:
                raise httpx2.ReadError("broke")
            yield self.content[start : start + 1_000]
            self.between()


@dataclass
class Shelf:
    """The service's one file, sent in ranges or whole, over a line that breaks when it is told to."""

    content: bytes = CONTENT
    name: str = "train.jsonl"
    ranges: bool = True
    tag: str = '"one"'
    breaks: list[int] = field(default_factory=list)
    """After how many bytes each of the next answers breaks off."""
    asked: list[str] = field(default_factory=list)
    between: Callable[[], None] = lambda: None

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        path = request.url.path.removeprefix("/openai")
        if path == "/files/file-1":
            body: dict[str, Any] = {"id": "file-1", "filename": self.name, "bytes": len(self.content)}
            return httpx2.Response(200, json={**body, "purpose": "fine-tune", "status": "processed", "created_at": 1})
        if path != "/files/file-1/content":
            return httpx2.Response(404, json={"error": {"code": "notFound", "message": "no such file"}})
        self.asked.append(request.headers.get("range", ""))
        return self._sent(request)

    def _sent(self, request: httpx2.Request) -> httpx2.Response:
        wanted = re.fullmatch(r"bytes=(\d+)-(\d+)", request.headers.get("range", ""))
        tag = {"etag": self.tag} if self.tag else {}
        if not self.ranges or not wanted or request.headers.get("if-range", self.tag) != self.tag:
            return self._body(200, self.content, tag)
        start, end = int(wanted[1]), min(int(wanted[2]) + 1, len(self.content))
        if start >= len(self.content):
            return httpx2.Response(416, headers={"content-range": f"bytes */{len(self.content)}"})
        told = {"content-range": f"bytes {start}-{end - 1}/{len(self.content)}"}
        return self._body(206, self.content[start:end], {**tag, **told})

    def _body(self, status: int, content: bytes, headers: dict[str, str]) -> httpx2.Response:
        breaks = self.breaks.pop(0) if self.breaks else None
        length = {"content-length": str(len(content))}
        return httpx2.Response(status, headers={**headers, **length}, stream=Trickle(content, breaks, self.between))


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "fetched"
    path.mkdir()
    yield path


Opened = Callable[[], AbstractAsyncContextManager[Service]]


@pytest.fixture
def opened(shelf: Shelf) -> Opened:
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


async def fetch(opened: Opened, store: Database, folder: Path) -> Download:
    intents.wish(store, DOWNLOAD, "file-1", NOW, {"folder": str(folder)})
    async with opened() as service:
        await obey_all(service, store)
        await drain(service, store)
    return downloads.downloads(store)[0]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def test_a_file_arrives_whole_and_stands_on_the_list_with_its_content(
    opened: Opened, store: Database, folder: Path
) -> None:
    fetched = await fetch(opened, store, folder)
    assert (fetched.state, fetched.received, fetched.path) == (DownloadState.DONE, 10_240, str(folder / "train.jsonl"))
    assert (folder / "train.jsonl").read_bytes() == CONTENT
    assert names(folder) == ["train.jsonl"]
    assert list(datasets.contents(store)) == ["file-1"]
    assert datasets.sources(store) == [str(folder / "train.jsonl")]


async def test_a_line_that_breaks_again_and_again_costs_nothing_that_came(
    opened: Opened, store: Database, shelf: Shelf, folder: Path
) -> None:
    shelf.breaks = [3_000, 2_000, 0, 4_000]
    fetched = await fetch(opened, store, folder)
    assert fetched.state is DownloadState.DONE
    assert (folder / "train.jsonl").read_bytes() == CONTENT
    assert [int(asked[6:].split("-")[0]) for asked in shelf.asked] == [0, 3_000, 5_000, 5_000, 9_000]


async def test_a_service_without_ranges_sends_the_whole_again(
    opened: Opened, store: Database, shelf: Shelf, folder: Path
) -> None:
    shelf.ranges, shelf.breaks = False, [6_000]
    assert (await fetch(opened, store, folder)).state is DownloadState.DONE
    assert (folder / "train.jsonl").read_bytes() == CONTENT


@pytest.mark.parametrize("tag", ['"one"', ""])
async def test_a_content_that_changed_in_between_is_not_mixed_with_the_old(
    opened: Opened, store: Database, shelf: Shelf, folder: Path, tag: str
) -> None:
    shelf.tag, shelf.breaks = tag, [5_000]
    other = bytes(reversed(CONTENT)) + b"more"

    def change() -> None:
        if not shelf.breaks:
            shelf.content, shelf.tag = other, tag.replace("one", "two")

    shelf.between = change
    assert (await fetch(opened, store, folder)).state is DownloadState.DONE
    assert (folder / "train.jsonl").read_bytes() == other


async def test_a_new_worker_trusts_only_what_had_been_stored_as_received(
    opened: Opened, store: Database, shelf: Shelf, folder: Path
) -> None:
    shelf.breaks = [4_000]
    intents.wish(store, DOWNLOAD, "file-1", NOW, {"folder": str(folder)})
    async with opened() as service:
        await obey_all(service, store)
        begun = downloads.next_download(store)
        assert begun is not None
        with pytest.raises(UnreachableError):
            await carry(service, store, begun)
        left = downloads.downloads(store)[0]
        assert (left.state, left.received) == (DownloadState.RECEIVING, 4_000)
        # The machine went down: what came after the last note is zeros now.
        with part_of(left).open("ab") as part:
            part.write(b"\0" * 900)
        await drain(service, store)
    assert (folder / "train.jsonl").read_bytes() == CONTENT
    assert shelf.asked[-1].startswith("bytes=4000-")


@pytest.mark.parametrize("unlinked", [True, False])
async def test_a_worker_that_died_while_the_file_got_its_name_leaves_one_file(
    opened: Opened, store: Database, shelf: Shelf, folder: Path, unlinked: bool
) -> None:
    fetched = await fetch(opened, store, folder)
    asked = len(shelf.asked)
    again = replace(fetched, state=DownloadState.RECEIVING, path=None, created_at=0.0)
    downloads.save_download(store, again)
    if not unlinked:
        part_of(again).write_bytes(CONTENT)
    async with opened() as service:
        await drain(service, store)
    assert downloads.downloads(store)[0].state is DownloadState.DONE
    assert names(folder) == ["train.jsonl"]
    assert len(shelf.asked) == asked


async def test_no_file_is_written_over_and_the_same_content_is_not_kept_twice(
    opened: Opened, store: Database, folder: Path
) -> None:
    (folder / "train.jsonl").write_text("mine")
    assert (await fetch(opened, store, folder)).path == str(folder / "train-2.jsonl")
    assert (await fetch(opened, store, folder)).path == str(folder / "train-2.jsonl")
    assert (folder / "train.jsonl").read_text() == "mine"
    assert names(folder) == ["train-2.jsonl", "train.jsonl"]


async def test_a_name_from_the_service_is_no_path(opened: Opened, store: Database, shelf: Shelf, folder: Path) -> None:
    shelf.name = "../../.ssh/authorized_keys\x00\x1b[2J"
    fetched = await fetch(opened, store, folder)
    assert fetched.path is not None
    assert Path(fetched.path).parent == folder
    assert names(folder) == [Path(fetched.path).name]


async def test_a_link_laid_where_the_part_would_lie_is_not_followed(
    opened: Opened, store: Database, folder: Path, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.write_text("mine")
    (folder / ".train.jsonl.1.part").symlink_to(outside)
    fetched = await fetch(opened, store, folder)
    assert fetched.state is DownloadState.FAILED
    assert outside.read_text() == "mine"


async def test_an_empty_file_arrives_empty(opened: Opened, store: Database, shelf: Shelf, folder: Path) -> None:
    shelf.content = b""
    assert (await fetch(opened, store, folder)).state is DownloadState.DONE
    assert (folder / "train.jsonl").read_bytes() == b""


async def test_a_cancelled_download_leaves_nothing(
    opened: Opened, store: Database, face: Database, shelf: Shelf, folder: Path
) -> None:
    shelf.breaks = [5_000]

    def cancel() -> None:
        downloads.cancel_download(face, 1, NOW)

    shelf.between = cancel
    assert (await fetch(opened, store, folder)).state is DownloadState.CANCELLED
    assert names(folder) == []


async def test_cancelling_while_the_line_is_down_leaves_nothing(
    opened: Opened, store: Database, shelf: Shelf, folder: Path
) -> None:
    shelf.breaks = [5_000]
    intents.wish(store, DOWNLOAD, "file-1", NOW, {"folder": str(folder)})
    async with opened() as service:
        await obey_all(service, store)
        begun = downloads.next_download(store)
        assert begun is not None
        with pytest.raises(UnreachableError):
            await carry(service, store, begun)
        assert len(names(folder)) == 1
        intents.wish(store, CANCEL, "1", NOW)
        await obey_all(service, store)
    assert names(folder) == []


@pytest.mark.parametrize("given", ["relative", "/no/such/folder", 7])
async def test_a_folder_that_is_none_is_refused_before_anything_is_asked(
    opened: Opened, store: Database, shelf: Shelf, given: object
) -> None:
    wish = intents.wish(store, DOWNLOAD, "file-1", NOW, {"folder": given})
    async with opened() as service:
        await obey_all(service, store)
    answer = intents.get(store, wish)
    assert answer is not None and answer.state is IntentState.FAILED
    assert downloads.downloads(store) == [] and shelf.asked == []


async def test_a_file_that_is_gone_is_told(opened: Opened, store: Database, folder: Path) -> None:
    wish = intents.wish(store, DOWNLOAD, "file-gone", NOW, {"folder": str(folder)})
    async with opened() as service:
        await obey_all(service, store)
    answer = intents.get(store, wish)
    assert answer is not None and answer.problem is not None


@given(st.text(max_size=300), st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._:@-]{0,40}", fullmatch=True))
def test_whatever_the_service_calls_a_file_the_name_is_plain(name: str, file_id: str) -> None:
    safe = safe_name(name, file_id)
    assert re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,140}", safe)
    assert Path(safe).name == safe


@pytest.mark.parametrize(
    ("name", "safe"),
    [("train.jsonl", "train.jsonl"), ("..", "file-1"), ("CON.jsonl", "file-1_CON.jsonl"), ("a b/c.csv", "a_b_c.csv")],
)
def test_names_stay_as_they_are_where_they_do_no_harm(name: str, safe: str) -> None:
    assert safe_name(name, "file-1") == safe
