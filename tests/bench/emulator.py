"""Requests a second that the emulator carries when its model answers at once."""

from __future__ import annotations

import json
import multiprocessing
import socket
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from cupola.emulator.serve import serve

from .result import Result

MOST_MILLISECONDS = 0.5
"""What a request may cost: 2,000 a second."""

CONNECTIONS = 8
REQUESTS = 1_500
ROUNDS = 5
_LAST_CHUNK = b"\r\n0\r\n\r\n"
_DEPLOYMENT = "emulator-instant"


@dataclass(frozen=True, slots=True)
class Cost:
    """What one request cost, in milliseconds."""

    wall: float
    emulator: float
    """The emulator's own processor time."""
    client: float
    """The client's, which shares the cores."""


def measure() -> list[Result]:
    """Milliseconds per request over kept connections: by the wall, and of either side's own processor time.

    The emulator's share is what the floor is held against where other programs use the machine at the same time; each
    figure is the median of several rounds.
    """
    with tempfile.TemporaryDirectory() as home, _served(Path(home)) as (port, key, asking):
        chat = _cost(port, asking, _chat_request(port, key))
        streamed = _cost(port, asking, _chat_request(port, key, stream=True))
        page = _cost(port, asking, _get_request(port, key, "/openai/v1/models"))
    return [
        Result("emulator: a chat request, its processor time", chat.emulator, "ms", MOST_MILLISECONDS),
        Result("emulator: a chat request, the client's processor time", chat.client, "ms"),
        Result("emulator: a chat request", chat.wall, "ms"),
        Result("emulator: chat requests a second, by the wall", 1000 / chat.wall, "/s"),
        Result("emulator: a streamed chat request, its processor time", streamed.emulator, "ms"),
        Result("emulator: a list of models, its processor time", page.emulator, "ms"),
    ]


def _cost(port: int, asking: Connection, request: bytes) -> Cost:
    _drive(port, request, REQUESTS // 2)
    rounds = [_round(port, asking, request) for _ in range(ROUNDS)]
    return Cost(*(statistics.median(getattr(one, name) for one in rounds) for name in Cost.__slots__))


def _round(port: int, asking: Connection, request: bytes) -> Cost:
    theirs, mine = _processor_seconds(asking), time.process_time()
    wall = _drive(port, request, REQUESTS)
    mine = time.process_time() - mine
    theirs = _processor_seconds(asking) - theirs
    return Cost(wall, theirs / REQUESTS * 1000, mine / REQUESTS * 1000)


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


def _chat_request(port: int, key: str, *, stream: bool = False) -> bytes:
    messages = [{"role": "system", "content": "You are Cora."}, {"role": "user", "content": "When do you open?"}]
    body = json.dumps({"messages": messages, "temperature": 0.0, "max_tokens": 64, "stream": stream}).encode()
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
    """The body of an answer, as it came; anything but a 200 is an error."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += _more(opened)
    head, _, body = received.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200"):
        raise RuntimeError(received.decode())
    length = next((line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")), None)
    while not body.endswith(_LAST_CHUNK) if length is None else len(body) < int(length.split(b":")[1]):
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
