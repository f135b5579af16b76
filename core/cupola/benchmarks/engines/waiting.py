"""Waiting for the service, and stopping it when nobody wants the run any more."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from ...azure.client import Service
from ...errors import CupolaError, ThrottledError, UnreachableError

T = TypeVar("T")

LOCAL_SECONDS = 0.3
REMOTE_SECONDS = 60.0


class NotWantedError(CupolaError):
    """The run was cancelled while the service was at it."""


async def until(
    service: Service, look: Callable[[], Awaitable[T]], ended: Callable[[T], bool], wanted: Callable[[], bool]
) -> T:
    """Look again and again until it has ended; an outage is sat out.

    Raises:
        NotWantedError: the run is not wanted any more.
        ServiceError: the service refuses to tell.
    """
    pause = LOCAL_SECONDS if service.profile.is_local else REMOTE_SECONDS
    while True:
        try:
            now = await look()
            if ended(now):
                return now
            wait = pause
        except (UnreachableError, ThrottledError) as error:
            wait = max(pause, error.retry_after or 0.0)
        if not wanted():
            raise NotWantedError("The run was cancelled.")
        await service.sleep(wait)
