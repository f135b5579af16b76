"""Serve the emulator on a local port until it is told to stop."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import uvicorn

from .account import open_account
from .app import create_app
from .connection import droppable_protocol
from .dialect import Dialect
from .engines import SHIPPED
from .lock import exclusive


def announcement(host: str, port: int, state_dir: Path) -> str:
    """The one line that tells a client where the emulator is and how to come in."""
    account = open_account(state_dir)
    endpoint = f"http://{host}:{port}"
    return json.dumps(
        {
            "endpoint": endpoint,
            "api_key": account.api_key,
            "arm_endpoint": endpoint,
            "subscription_id": account.subscription_id,
            "resource_group": account.resource_group,
            "account": account.name,
        }
    )


def _listening(host: str, port: int) -> socket.socket:
    # Named as TCP, or asyncio would leave Nagle's algorithm on and each answer would wait 40 ms for an acknowledgement.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    return listener


def _to_standard_output(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


class _Server(uvicorn.Server):
    """A uvicorn server that says when it is ready and, once stopped by a signal, returns quietly."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started and not self.should_exit:
            self._ready()


def serve(
    host: str,
    port: int,
    state_dir: Path,
    speed: float = 1.0,
    dialect: Dialect = "azure",
    *,
    engines: str = SHIPPED,
    announce: Callable[[str], None] = _to_standard_output,
) -> None:
    """Serve until SIGTERM or SIGINT; `announce` gets exactly one line of JSON when requests are answered.

    Port 0 takes a free one. Raises StateInUseError when another emulator works on the directory, OSError when the
    port cannot be had.
    """
    state_dir = state_dir.resolve()
    state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    with exclusive(state_dir):
        pass
    listener = _listening(host, port)
    app = create_app(state_dir, speed, dialect, engines=engines)
    config = uvicorn.Config(
        app,
        lifespan="on",
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=1,
        ws="none",
        # Nothing stands between a client and the emulator that could speak for it.
        proxy_headers=False,
        server_header=False,
        # The application tells its own time and may drop its own connections.
        date_header=False,
        http=cast(Any, droppable_protocol),
    )
    server = _Server(config, lambda: announce(announcement(host, listener.getsockname()[1], state_dir)))
    asyncio.run(server.serve([listener]))
