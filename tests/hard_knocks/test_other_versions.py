"""A store that changes under whoever has it open: made read-only, migrated by a newer Cupola, set back in time."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from tests.core.worker.cloud import Cloud

from cupola.azure.client import connect
from cupola.azure.credentials import KeyCredential
from cupola.errors import StoreTooNewError
from cupola.models import Job
from cupola.settings import Profile
from cupola.store import events, jobs
from cupola.store.database import Database, open_store
from cupola.store.schema import MIGRATIONS
from cupola.worker.loop import Loop
from cupola.worker.poll import LOCAL

READ_ONLY = """
import os, pathlib, sys
from cupola.errors import StoreError
from cupola.models import Job
from cupola.store import jobs
from cupola.store.database import keep_good_copy, open_store
path = pathlib.Path(sys.argv[1])
os.chmod(path, 0o444)
os.chmod(path.parent, 0o555)
if os.getuid() == 0:
    os.setuid(65534)  # Rights do not bind root.
try:
    database = open_store(path)
    assert len(jobs.newest(database)) == 1
except StoreError as error:
    print("refused:", error.what, error.remedy)
    sys.exit()
for act in (lambda: jobs.save(database, [Job("ftjob-2", "m", "s", "running", 1)]), lambda: keep_good_copy(database)):
    try:
        act()
    except StoreError as error:
        print("refused:", error.what, error.remedy)
"""


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_store(tmp_path / "store.sqlite3")
    jobs.save(opened, [Job("ftjob-1", "m", "supervised", "running", 1)])
    yield opened
    opened.close()


def test_a_disk_that_may_not_be_written_is_an_error_in_words_and_the_store_stays_whole() -> None:
    # Not in the tests' own folder, which others than its owner may not enter.
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "store.sqlite3"
        opened = open_store(path)
        jobs.save(opened, [Job("ftjob-1", "m", "supervised", "running", 1)])
        opened.close()
        command = [sys.executable, "-c", READ_ONLY, str(path)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        Path(name).chmod(0o755)
        assert done.returncode == 0, done.stderr
        assert "Check the disk" in done.stdout
        opened = open_store(path)
        assert [job.id for job in jobs.newest(opened)] == ["ftjob-1"]
        assert opened.rows("PRAGMA integrity_check(1)")[0][0] == "ok"
        opened.close()


async def test_a_worker_whose_store_a_newer_cupola_migrates_ends_in_words_and_harms_nothing(database: Database) -> None:
    newer = open_store(database.path)
    newer.connection.execute("ALTER TABLE jobs ADD COLUMN colour TEXT NOT NULL DEFAULT 'red'")
    newer.connection.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    cloud = Cloud()
    cloud.add("ftjob-new", status="running")
    transport = httpx2.MockTransport(cloud)
    async with connect(
        Profile("test", "http://127.0.0.1:1"), KeyCredential("key", "test"), transport=transport
    ) as service:
        with pytest.raises(StoreTooNewError, match="newer Cupola"):
            await Loop(service, database, LOCAL).run()
    kept = {row["id"]: row["colour"] for row in newer.rows("SELECT id, colour FROM jobs")}
    assert kept["ftjob-1"] == "red"
    assert kept.keys() == {"ftjob-1"}
    newer.close()


async def test_a_clock_that_jumps_a_year_back_and_forth_loses_no_event_and_doubles_none(database: Database) -> None:
    cloud, clock = Cloud(), [1_800_000_000.0]
    cloud.add("ftjob-new", status="running")
    transport = httpx2.MockTransport(cloud)
    profile, key = Profile("test", "http://127.0.0.1:1"), KeyCredential("key", "test")
    async with connect(profile, key, transport=transport, clock=lambda: clock[0]) as service:
        loop = Loop(service, database, LOCAL)
        for number, jump in enumerate((0.0, -31_536_000.0, 63_072_000.0, -63_072_000.0, 31_536_000.0)):
            clock[0] += jump
            cloud.events["ftjob-new"] = [f"Step {step}: training loss=0.5" for step in range(1, number + 2)]
            loop.next_look = 0.0
            await loop.turn()
    assert [one.message for one in events.of_job(database, "ftjob-new")] == cloud.events["ftjob-new"]
