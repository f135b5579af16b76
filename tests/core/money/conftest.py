from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cupola.store.database import Database, open_store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Database]:
    database = open_store(tmp_path / "store.sqlite3")
    yield database
    database.close()
