"""Clients that hang up: the emulator goes on, and has nothing to say about it."""

from __future__ import annotations

import asyncio
import socket
import struct
from urllib.parse import urlsplit

import httpx2
import uvicorn
from uvicorn.server import ServerState

from cupola.emulator.connection import droppable_protocol
from cupola.emulator.fault_injection import RESET

UPLOAD = (
    b'--x\r\ncontent-disposition: form-data; name="purpose"\r\n\r\nfine-tune\r\n'
    b'--x\r\ncontent-disposition: form-data; name="file"; filename="a.jsonl"\r\n\r\n{"messages"'
)


def break_off(ready, path, kind, body, length):
    """Send a part of a request and reset the connection."""
    at = urlsplit(ready["endpoint"])
    head = (
        f"POST {path} HTTP/1.1\r\nhost: {at.netloc}\r\napi-key: {ready['api_key']}\r\n"
        f"content-type: {kind}\r\ncontent-length: {length}\r\n\r\n"
    )
    with socket.create_connection((at.hostname, at.port)) as client:
        client.sendall(head.encode() + body)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def test_an_upload_or_a_question_that_breaks_off_leaves_no_file_and_no_traceback(serve_process):
    server = serve_process()
    ready = server.ready
    break_off(ready, "/openai/v1/files", "multipart/form-data; boundary=x", UPLOAD, 1_000_000)
    break_off(ready, "/openai/v1/chat/completions", "application/json", b'{"model"', 1_000)
    with httpx2.Client(base_url=ready["endpoint"], headers={"api-key": ready["api_key"]}) as http:
        assert http.get("/openai/v1/files").json()["data"] == []
    server.stop()
    assert "Traceback" not in server.process.stderr.read()


async def test_a_connection_whose_client_is_gone_can_be_dropped_still():
    dropped = []

    async def drop(scope, receive, send):
        scope["extensions"][RESET]()
        dropped.append(scope["type"])

    config = uvicorn.Config(drop, log_config=None)
    config.load()
    here, there = socket.socketpair()
    protocol = droppable_protocol(config=config, server_state=ServerState(), app_state={})
    transport, _ = await asyncio.get_running_loop().connect_accepted_socket(lambda: protocol, here)
    there.close()
    while not transport.is_closing():
        await asyncio.sleep(0)
    await asyncio.sleep(0)
    await protocol.app({"type": "http"}, None, None)
    assert dropped == ["http"]
