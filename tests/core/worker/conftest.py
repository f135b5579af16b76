from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx2
import pytest
import pytest_asyncio

from cupola.azure.client import Service, connect
from cupola.azure.credentials import KeyCredential
from cupola.settings import Profile
from cupola.store.database import Database, open_store

from .cloud import Cloud


@pytest.fixture
def cloud() -> Cloud:
    return Cloud()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Database]:
    database = open_store(tmp_path / "store.sqlite3")
    yield database
    database.close()


@pytest.fixture
def face(store: Database) -> Iterator[Database]:
    """A second connection to the same store, as a face has it."""
    database = open_store(store.path)
    yield database
    database.close()


@pytest_asyncio.fixture
async def service(cloud: Cloud) -> AsyncIterator[Service]:
    async with connect(
        Profile("test", "http://127.0.0.1:1"),
        KeyCredential("key", "test"),
        transport=httpx2.MockTransport(cloud),
        read_attempts=1,
        clock=lambda: 1_000.0,
    ) as opened:
        yield opened
