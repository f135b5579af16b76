"""A child process of the emulator, seen from the server: JSON lines both ways."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

from .parent import THREAD_LIMITS

STOP_SECONDS = 5.0
"""How long a process may take to end by itself."""

_LINE_LIMIT = 256 * 1024 * 1024


class Child:
    """A running `python -m MODULE ARGUMENTS`; closing its standard input ends it."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def start(cls, module: str, *arguments: str, errors: Path) -> Child:
        """Start it in a session of its own, so that Ctrl-C in a terminal reaches the server alone."""
        with errors.open("ab") as stream:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-P",
                "-m",
                module,
                *arguments,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=stream,
                env={**os.environ, **THREAD_LIMITS},
                start_new_session=True,
                limit=_LINE_LIMIT,
            )
        return cls(process)

    def send(self, message: Mapping[str, Any]) -> None:
        """Hand it a message; one that has just died does not hear it."""
        if self._process.stdin is not None and not self._process.stdin.is_closing():
            self._process.stdin.write(json.dumps(message, separators=(",", ":")).encode() + b"\n")

    async def messages(self) -> AsyncIterator[dict[str, Any]]:
        """What it says, until it ends."""
        assert self._process.stdout is not None
        while line := await self._process.stdout.readline():
            if line.endswith(b"\n"):
                yield json.loads(line)

    async def stop(self) -> None:
        """Close its standard input, which ends it, and wait for that; kill it when it does not."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
