"""What `--offline` means for every command: whatever would be sent is refused before it leaves this machine."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from ..errors import UsageError
from .context import Context
from .output import when

if TYPE_CHECKING:
    import httpx2


def forbidding(context: Context) -> Context:
    """The same world with nothing in it that can be reached."""
    return replace(context, transport=_transport(), offline=True)


def age(checked_at: float, now: float | None = None) -> str:
    """Of when what is printed dates, and how long ago that is."""
    seconds = max(0.0, (now if now is not None else time.time()) - checked_at)
    for unit, name in ((86_400.0, "day"), (3_600.0, "hour"), (60.0, "minute")):
        if seconds >= unit:
            count = int(seconds // unit)
            return f"Offline; as of {when(checked_at)}, {count} {name}{'' if count == 1 else 's'} ago."
    return f"Offline; as of {when(checked_at)}."


def _transport() -> httpx2.AsyncBaseTransport:
    import httpx2

    class Forbidden(httpx2.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
            raise UsageError("This would ask the service, and --offline forbids that.", remedy="Leave --offline out.")

    return Forbidden()
