"""Requests a second that the emulator carries when its model answers at once."""

from __future__ import annotations

import json
import multiprocessing
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path

from cupola.emulator.serve import serve

from .result import Result

MOST_MILLISECONDS = 0.5
"""What a request may cost: 2,000 a second."""

CONNECTIONS = 8
REQUESTS = 4_000
_DEPLOYMENT = "emulator-instant"


def measure() -> list[Result]:
    """Milliseconds per chat request over kept connections, by the wall and of the emulator's own processor time.

    The second is what the floor is held against where other programs use the machine at the same time.
    """
    with tempfile.TemporaryDirectory() as home, _served(Path(home)) as (port, key, asking):
        chat = _chat_request(port, key)
        page = _get_request(port, key, "/openai/v1/models")
        _drive(port, chat, REQUESTS // 4)
        before = _processor_seconds(asking)
        passed = _drive(port, chat, REQUESTS)
        used = (_processor_seconds(asking) - before) / REQUESTS * 1000
        return [
            Result("emulator: a chat request, its processor time", used, "ms", MOST_MILLISECONDS),
            Result("emulator: a chat request", passed, "ms"),
            Result("emulator: a list of models", _drive(port, page, REQUESTS // 4), "ms"),
        ]


def _serve(home: Path, telling: Connection) -> None:
    threading.Thread(target=_tell_processor_time, args=(telling,), daemon=True).start()
    serve("127.0.0.1", 0, home, announce=telling.send)


def _tell_processor_time(telling: Connection) -> None:
    while telling.recv() is not None:
        telling.send(time.process_time())


def _processor_seconds(asking: Connection) -> float:
    asking.send("processor time")
    return float(asking.recv())


@contextmanager
def _served(home: Path) -> Iterator[tuple[int, str, Connection]]:
    context = multiprocessing.get_context("spawn")
    asking, telling = context.Pipe()
    process = context.Process(target=_serve, args=(home, telling))
    process.start()
    try:
        told = json.loads(asking.recv())
        yield int(told["endpoint"].rsplit(":", 1)[1]), told["api_key"], asking
    finally:
        asking.send(None)
        process.terminate()
        process.join()


def _chat_request(port: int, key: str) -> bytes:
    messages = [{"role": "system", "content": "You are Cora."}, {"role": "user", "content": "When do you open?"}]
    body = json.dumps({"messages": messages, "temperature": 0.0, "max_tokens": 64}).encode()
    path = f"/openai/deployments/{_DEPLOYMENT}/chat/completions?api-version=2025-04-01-preview"
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\napi-key: {key}\r\nAccept: application/json\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _get_request(port: int, key: str, path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\napi-key: {key}\r\n\r\n".encode()


def _more(opened: socket.socket) -> bytes:
    received = opened.recv(65_536)
    if not received:
        raise RuntimeError("The emulator closed a connection.")
    return received


def _read_answer(opened: socket.socket) -> bytes:
    """The body of an answer that names its length; anything but a 200 is an error."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += _more(opened)
    head, _, body = received.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200"):
        raise RuntimeError(received.decode())
    length = int(
        next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")).split(b":")[1]
    )
    while len(body) < length:
        body += _more(opened)
    return body


def _drive(port: int, request: bytes, count: int) -> float:
    """Milliseconds per request, several connections being kept busy by one light client."""
    connections = [socket.create_connection(("127.0.0.1", port)) for _ in range(CONNECTIONS)]
    started = time.perf_counter()
    for opened in connections:
        opened.sendall(request)
    for number in range(count):
        opened = connections[number % CONNECTIONS]
        _read_answer(opened)
        if number + CONNECTIONS < count:
            opened.sendall(request)
    passed = time.perf_counter() - started
    for opened in connections:
        opened.close()
    return passed / count * 1000
