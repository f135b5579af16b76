"""The emulator in this process with a worker's desk before it, a clock to turn, and calls that can be made to fail."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx2

from cupola.azure.chat import open_chat
from cupola.azure.control_plane import connect_control_plane
from cupola.azure.credentials import KeyCredential
from cupola.emulator.app import create_app, running
from cupola.settings import Profile
from cupola.store import deployments
from cupola.store.database import Database
from cupola.store.deployments import Deployment
from cupola.worker.deployment_steps import LOCAL, Desk, Patience
from cupola.worker.deployments import Keeper
from cupola.worker.poll import pace_of

PROFILE = Profile("test", "http://127.0.0.1:8000")


Before = Callable[[httpx2.Request], httpx2.Response | None]
After = Callable[[httpx2.Request, httpx2.Response], httpx2.Response]


def pass_by(request: httpx2.Request) -> None:
    """Let a request through."""


def pass_on(request: httpx2.Request, response: httpx2.Response) -> httpx2.Response:
    """Let an answer through."""
    return response


class KilledError(BaseException):
    """The worker's process ended here."""


@dataclass
class Wire(httpx2.AsyncBaseTransport):
    """Lets requests through to the emulator, noting them; a test may answer in its place or cut in."""

    inner: httpx2.AsyncBaseTransport
    asked: list[str] = field(default_factory=list)
    before: Before = pass_by
    after: After = pass_on

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        self.asked.append(f"{request.method} {request.url.path.rpartition('/accounts/')[2] or request.url.path}")
        given = self.before(request)
        return self.after(request, await self.inner.handle_async_request(request) if given is None else given)

    def count(self, method: str) -> int:
        return sum(line.startswith(f"{method} zava/deployments/") for line in self.asked)


@dataclass
class Clock:
    """A clock that a test turns."""

    offset: float = 0.0
    start: float = 1_800_000_000.0

    def __call__(self) -> float:
        return self.start + self.offset


@dataclass
class Lab:
    """One emulator, one store, and workers that come and go."""

    database: Database
    wire: Wire
    key: str
    clock: Clock
    patience: Patience = LOCAL

    @asynccontextmanager
    async def keeper(self) -> AsyncIterator[Keeper]:
        """A worker that has just been started."""
        credential = KeyCredential(self.key, "test")
        async with (
            connect_control_plane(PROFILE, transport=self.wire, clock=self.clock) as plane,
            open_chat(PROFILE, credential, transport=self.wire) as chat,
        ):
            yield Keeper(Desk(plane, chat, self.database, self.patience, self.clock), pace_of(PROFILE))

    async def until(self, holds: Callable[[], bool], keeper: Keeper | None = None, seconds: float = 1.0) -> None:
        """Let a worker turn, the clock moving on, until something holds."""
        if keeper is None:
            async with self.keeper() as fresh:
                await self.until(holds, fresh, seconds)
            return
        for _ in range(300):
            if holds():
                return
            await keeper.turn()
            self.clock.offset += seconds
            await asyncio.sleep(0.003)
        raise AssertionError(f"never: {self.row('cora')}")

    def row(self, name: str) -> Deployment:
        found = deployments.get(self.database, name)
        assert found is not None
        return found


@asynccontextmanager
async def lab(tmp_path: Path, database: Database, speed: float = 2_000.0) -> AsyncIterator[Lab]:
    """A lab; the emulator's own time is the machine's, the worker's is the test's."""
    app = create_app(tmp_path / "state", speed=speed)
    async with running(app) as service:
        wire = Wire(httpx2.ASGITransport(app=app))
        yield Lab(database, wire, service.resource.account.api_key, Clock())
