"""The command line as a child of the connect screen: the screen itself never talks to the service."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_LONGEST_LINE = 2**20

SAID = "cupola.said/1"
"""The schema of what a child said on its error stream as it failed."""


@dataclass(frozen=True, slots=True)
class Connecting:
    """What the connect screen needs of the world."""

    environment: Mapping[str, str] = field(repr=False)
    file: Path
    """The configuration file."""
    has_profiles: bool = True
    """Whether any profile is stored yet."""
    command: Sequence[str] = (sys.executable, "-m", "cupola.cli")


async def told_by(
    connecting: Connecting, words: Sequence[str], more: Mapping[str, str], secret: str = "", *, notes: bool = False
) -> AsyncIterator[dict[str, Any]]:
    """What a command prints as JSON lines, as it prints them; if it fails, what it says of that comes last.

    Args:
        connecting: How the command line is run.
        words: Noun, verb and arguments; never a secret, since all users of the machine see them.
        more: Variables added to the environment, which other users do not see.
        secret: Goes in by standard input.
        notes: What it says comes last too if it does not fail.
    """
    process = await asyncio.create_subprocess_exec(
        *connecting.command,
        *words,
        "-o",
        "jsonl",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**connecting.environment, **more},
        limit=_LONGEST_LINE,
    )
    assert process.stdin is not None and process.stdout is not None and process.stderr is not None
    talk = asyncio.create_task(process.stderr.read())
    try:
        with contextlib.suppress(ConnectionError):
            if secret:
                process.stdin.write(f"{secret}\n".encode())
                await process.stdin.drain()
            process.stdin.close()
        async for row in process.stdout:
            with contextlib.suppress(ValueError):
                told = json.loads(row)
                if isinstance(told, dict):
                    yield told
        said = (await talk).decode("utf-8", "replace").strip()
        if await process.wait() not in (0, 1) or (said and (process.returncode or notes)):
            yield {"schema": SAID, "what": said.removeprefix("cupola: ") or "The command failed without a word."}
    finally:
        talk.cancel()
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
