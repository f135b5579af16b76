"""What `--offline` means for every command: whatever would be sent is refused before it leaves this machine."""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from ..errors import UsageError
from ..store import control_plane, health
from .context import Context, session_of, store_of
from .output import when

if TYPE_CHECKING:
    import httpx2

_FROM_THE_SERVICE = frozenset(
    {"bench", "checkpoint", "cost", "dataset list", "deploy", "distill", "file", "job", "model", "raft"}
)
"""Nouns, or noun and verb, of what is read from the store and was told by the service."""


def forbidding(context: Context) -> Context:
    """The same world with nothing in it that can be reached."""
    return replace(context, transport=cast("httpx2.AsyncBaseTransport", _Forbidden()), offline=True)


def tell_age(options: argparse.Namespace, context: Context) -> None:
    """Say of when what the store knows of the service dates, where the command reads what the service once told."""
    named = f"{options.noun} {getattr(options, 'verb', '')}".strip()
    if options.noun not in _FROM_THE_SERVICE and named not in _FROM_THE_SERVICE:
        return
    profile = session_of(context, options.profile).profile
    if not context.paths.store(profile.name).exists():
        return
    with store_of(context, profile) as database:
        known = control_plane.trouble(database) if options.noun == "deploy" else health.get(database)
    if known.checked_at is not None:
        context.say(age(known.checked_at))


def age(checked_at: float, now: float | None = None) -> str:
    """Of when what is printed dates, and how long ago that is."""
    seconds = max(0.0, (now if now is not None else time.time()) - checked_at)
    for unit, name in ((86_400.0, "day"), (3_600.0, "hour"), (60.0, "minute")):
        if seconds >= unit:
            count = int(seconds // unit)
            return f"Offline; as of {when(checked_at)}, {count} {name}{'' if count == 1 else 's'} ago."
    return f"Offline; as of {when(checked_at)}."


class _Forbidden:
    """A transport that sends nothing. It takes the shape of httpx's without its import, which costs 50 ms."""

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        raise UsageError("This would ask the service, and --offline forbids that.", remedy="Leave --offline out.")

    async def aclose(self) -> None:
        """There is nothing to close."""

    async def __aenter__(self) -> _Forbidden:
        return self

    async def __aexit__(self, *_: object) -> None:
        return None
