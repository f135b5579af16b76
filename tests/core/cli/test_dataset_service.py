"""`cupola dataset list`, `upload` and `delete` against a service in memory."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import httpx2
import pytest

from ..worker.cloud import Cloud
from .conftest import Shell


class Shelf(Cloud):
    """Keeps files."""

    def __init__(self) -> None:
        super().__init__()
        self.files: dict[str, dict[str, Any]] = {}
        self.sent = 0

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        method, path = request.method, request.url.path.removeprefix("/openai")
        if (method, path) == ("POST", "/files"):
            self.sent += 1
            name = re.search(rb'filename="([^"]+)"', request.content)
            file_id = f"file-{self.sent}"
            self.files[file_id] = {
                "id": file_id, "filename": name[1].decode() if name else "", "purpose": "fine-tune",
                "status": "processed", "bytes": 1, "created_at": 5,
            }  # fmt: skip
            return httpx2.Response(201, json=self.files[file_id])
        if path == "/files":
            return httpx2.Response(200, json={"data": list(self.files.values()), "has_more": False})
        file_id = path.removeprefix("/files/")
        if method == "DELETE":
            return httpx2.Response(200, json={"id": file_id, "deleted": self.files.pop(file_id, None) is not None})
        if file_id.removesuffix("/content") in self.files and path.endswith("/content"):
            return httpx2.Response(200, content=b"{}\n")
        if file_id in self.files:
            return httpx2.Response(200, json=self.files[file_id])
        return super().__call__(request)


@pytest.fixture
def cloud() -> Shelf:
    return Shelf()


@pytest.fixture
def train(tmp_path: Path) -> Path:
    path = tmp_path / "train.jsonl"
    rows = [
        {
            "messages": [
                {"role": "user", "content": f"Where is aisle {n}?"},
                {"role": "assistant", "content": f"By {n}."},
            ]
        }
        for n in range(12)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_a_file_is_sent_once_and_then_stands_on_one_line_with_its_copy(shell: Shell, cloud: Shelf, train: Path) -> None:
    first = shell.json("dataset", "upload", str(train))
    again = shell.json("dataset", "upload", str(train))
    assert first[0]["state"] == again[0]["state"] == "done"
    assert first[0]["service"] == again[0]["service"] == "file-1"
    assert cloud.sent == 1
    listed = shell.json("dataset", "list", str(train))
    assert [(row["name"], row["service_files"]) for row in listed] == [("train.jsonl", ["file-1"])]


def test_a_file_that_would_be_refused_is_not_sent_without_force(shell: Shell, cloud: Shelf, tmp_path: Path) -> None:
    bad = tmp_path / "bad.jsonl"
    bad.write_text('{"messages": []}\n')
    assert shell.run("dataset", "upload", str(bad)) == 2
    assert "would be refused" in shell.err
    assert cloud.sent == 0
    assert shell.run("dataset", "upload", str(bad), "--force") == 0, shell.err
    assert cloud.sent == 1


def test_another_content_under_the_same_name_is_told(shell: Shell, cloud: Shelf, train: Path) -> None:
    assert shell.run("dataset", "upload", str(train)) == 0
    train.write_text(train.read_text() + train.read_text().replace("aisle", "shelf"))
    assert shell.run("dataset", "upload", str(train)) == 0
    assert "another content under the name train.jsonl: file-1" in shell.err
    assert cloud.sent == 2


def test_deleting_asks_first(shell: Shell, cloud: Shelf, train: Path) -> None:
    assert shell.run("dataset", "upload", str(train)) == 0
    assert shell.run("dataset", "delete", "file-1", answers="n\n") == 2
    assert list(cloud.files) == ["file-1"]
    assert shell.run("dataset", "delete", "file-1", "-y") == 0, shell.err
    assert not cloud.files


def test_a_file_of_the_service_is_fetched_into_a_folder_and_deleted(
    shell: Shell, cloud: Shelf, train: Path, tmp_path: Path
) -> None:
    assert shell.run("file", "upload", str(train)) == 0, shell.err
    folder = tmp_path / "fetched"
    assert shell.run("file", "download", "file-1", "--to", str(folder)) == 1
    assert "There is no folder" in shell.err
    folder.mkdir()
    fetched = shell.json("file", "download", "file-1", "--to", str(folder))
    assert [(one["state"], one["path"]) for one in fetched] == [("done", str(folder / "train.jsonl"))]
    assert (folder / "train.jsonl").read_bytes() == b"{}\n"
    assert shell.run("file", "download", "file-1", "--offline") == 2
    assert shell.run("file", "delete", "file-1", "-y") == 0, shell.err
    assert not cloud.files


def test_what_cannot_be_done_offline_says_so(shell: Shell, train: Path) -> None:
    assert shell.run("dataset", "upload", str(train), "--offline") == 2
    assert shell.run("dataset", "delete", "file-1", "--offline") == 2
    assert shell.json("dataset", "list", "--offline") == []
