from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from typing import Any, Protocol

import httpx2
import pytest

from cupola.azure.client import Service, connect
from cupola.azure.credentials import KeyCredential
from cupola.models import Call
from cupola.settings import Profile

SECRET = "k-1234567890-secret"

Answer = Callable[[httpx2.Request], httpx2.Response]


class Connect(Protocol):
    def __call__(
        self, answer: Answer, calls: list[Call] | None = None, **profile: Any
    ) -> AbstractAsyncContextManager[Service]: ...


@pytest.fixture
def connected() -> Connect:
    """Connect to a service that answers as the test says; waits take no time."""

    async def no_wait(seconds: float) -> None:
        pass

    def open_(answer: Answer, calls: list[Call] | None = None, **profile: Any) -> AbstractAsyncContextManager[Service]:
        return connect(
            replace(Profile("test", "https://res.openai.azure.com"), **profile),
            KeyCredential(SECRET, "test"),
            transport=httpx2.MockTransport(answer),
            on_call=calls.append if calls is not None else None,
            sleep=no_wait,
            clock=lambda: 1_750_000_000.0,
        )

    return open_
