from __future__ import annotations

import json

import httpx2

from ..worker.cloud import Cloud
from .conftest import Shell


def test_files_are_listed_fresh_and_without_a_network_as_last_known(shell: Shell, cloud: Cloud) -> None:
    listed = [{"id": "file-1", "filename": "a\x1b[2J.jsonl", "purpose": "fine-tune", "status": "processed", "bytes": 5}]
    cloud.refuse = httpx2.Response(200, json={"data": listed, "has_more": False})
    first = shell.json("file", "list")
    assert [(file["id"], file["bytes"], file["schema"]) for file in first] == [("file-1", 5, "cupola.file/1")]
    cloud.refuse, cloud.down = None, True
    assert shell.run("file", "list", "-o", "json") == 3
    assert json.loads(shell.out) == first
    assert shell.run("file", "list", "--offline") == 0
    assert "\x1b" not in shell.out


def test_an_upload_that_cannot_be_done_says_why(shell: Shell) -> None:
    assert shell.run("file", "upload", "nothing.jsonl") == 2
    assert "cannot be read" in shell.err
    assert shell.run("file", "upload", "nothing.csv") == 2
    assert shell.run("file", "upload", "x.jsonl", "--offline") == 2
