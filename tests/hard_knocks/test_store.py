"""What happens to the store: full disks, damage in the midst of it, other versions, threads and forks."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest
from tests.core.worker.cloud import Cloud

from cupola.azure.client import connect
from cupola.azure.credentials import KeyCredential
from cupola.errors import StoreCorruptError, StoreError, StoreTooNewError
from cupola.models import Event, Job
from cupola.settings import Profile
from cupola.store import checkpoints, events, intents, jobs, notices, points, workflows
from cupola.store.database import Database, good_copy, keep_good_copy, open_store
from cupola.worker.loop import Loop
from cupola.worker.poll import LOCAL

from .filled_store import LEARNING, fill

NOW = 1_800_000_000.0
READS: dict[str, Callable[[Database], object]] = {
    "jobs": jobs.newest,
    "events": lambda database: events.of_job(database, LEARNING),
    "points": lambda database: str(points.series(database, LEARNING, "train_loss")),
    "checkpoints": lambda database: checkpoints.of_job(database, LEARNING),
    "workflows": workflows.newest,
    "notices": notices.newest,
    "intents": intents.newest,
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = tmp_path / "store.sqlite3"
    fill(found, tmp_path, NOW)
    return found


@pytest.mark.parametrize("table", ["jobs", "events", "points", "checkpoints", "workflows", "notices", "intents"])
def test_damage_in_the_midst_of_the_store_is_met_and_healed_from_the_last_good_copy(path: Path, table: str) -> None:
    database = open_store(path)
    known = READS[table](database)
    keep_good_copy(database)
    root = database.rows("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,))[0][0]
    size = database.rows("PRAGMA page_size")[0][0]
    database.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    with path.open("r+b") as file:
        file.seek((root - 1) * size)
        file.write(b"\xa5" * size)
    damaged = path.read_bytes()

    database = open_store(path)
    with pytest.raises(StoreCorruptError, match="damaged"):
        READS[table](database)
    database.close()

    healed = open_store(path, now=7)
    assert READS[table](healed) == known
    assert healed.rows("PRAGMA integrity_check(1)")[0][0] == "ok"
    healed.close()
    assert path.with_name(f"{path.name}.damaged-7").read_bytes() == damaged, "what was damaged is kept as it was"


async def test_a_worker_on_a_full_disk_says_so_and_stores_all_of_it_when_there_is_room_again(tmp_path: Path) -> None:
    cloud = Cloud()
    for number in range(60):
        cloud.add(f"ftjob-{number}", status="succeeded", finished_at=1, metadata={"filler": "x" * 3_000})
        cloud.events[f"ftjob-{number}"] = [f"Step {step}: training loss=0.5" for step in range(1, 6)]
    database = open_store(tmp_path / "store.sqlite3")
    database.connection.execute("PRAGMA max_page_count = 120")
    profile = Profile("test", "http://127.0.0.1:1")
    transport = httpx2.MockTransport(cloud)
    async with connect(profile, KeyCredential("key", "test"), transport=transport, clock=lambda: 900.0) as service:
        loop = Loop(service, database, LOCAL)
        with pytest.raises(StoreError, match="disk is full"):
            await loop.turn()
        assert database.rows("PRAGMA integrity_check(1)")[0][0] == "ok"
        database.connection.execute("PRAGMA max_page_count = 100000")
        loop.next_look = 0.0
        await loop.turn()
    stored = jobs.newest(database)
    assert len(stored) == 60
    for job in stored:
        assert [event.message for event in events.of_job(database, job.id)] == cloud.events[job.id]
        assert points.last_step(database, job.id) == 5
    database.close()


LIMITED = """
import pathlib, resource, sys
from cupola.errors import StoreError
from cupola.models import Job
from cupola.store import jobs
from cupola.store.database import keep_good_copy, open_store
path = pathlib.Path(sys.argv[1])
database = open_store(path)
known = len(jobs.newest(database))
resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size // 2,) * 2)
for act in (
    lambda: jobs.save(database, [Job(f"ftjob-{n}", "m", "s", "running", n, raw="x" * 4000) for n in range(400)]),
    lambda: keep_good_copy(database),
):
    try:
        act()
    except StoreError as error:
        print("refused:", error.what)
assert len(jobs.newest(database)) == known
"""


def test_no_room_for_the_file_is_an_error_in_words_and_the_last_good_copy_stays(path: Path) -> None:
    database = open_store(path)
    keep_good_copy(database)
    database.close()
    copy = good_copy(path).read_bytes()
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(path)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("refused:") == 2, done.stdout
    assert good_copy(path).read_bytes() == copy
    database = open_store(path)
    assert database.rows("PRAGMA integrity_check(1)")[0][0] == "ok"
    database.close()


def test_an_older_cupola_leaves_a_newer_store_as_it_is(path: Path) -> None:
    database = open_store(path)
    database.connection.execute("PRAGMA user_version = 9999")
    database.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    before = path.read_bytes()
    with pytest.raises(StoreTooNewError, match="newer Cupola"):
        open_store(path)
    assert path.read_bytes() == before


def test_a_connection_belongs_to_its_thread(path: Path) -> None:
    database = open_store(path)
    met: list[BaseException] = []

    def use() -> None:
        try:
            jobs.newest(database)
        except StoreError as error:
            met.append(error)

    thread = threading.Thread(target=use)
    thread.start()
    thread.join()
    database.close()
    assert len(met) == 1


def test_many_threads_with_connections_of_their_own_lose_nothing(path: Path) -> None:
    def write(number: int) -> None:
        database = open_store(path)
        for step in range(40):
            event = Event(f"t{number}-{step}", LEARNING, step, "info", "a line")
            events.save(database, LEARNING, [event])
        database.close()

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    database = open_store(path)
    assert len([one for one in events.of_job(database, LEARNING) if one.id.startswith("t")]) == 160
    database.close()


def test_a_child_that_ends_does_not_take_the_parents_store_with_it(path: Path) -> None:
    program = (
        "import os, pathlib, sys\n"
        "from cupola.models import Job\n"
        "from cupola.store import jobs\n"
        "from cupola.store.database import open_store\n"
        "path = pathlib.Path(sys.argv[1])\n"
        "database = open_store(path)\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    mine = open_store(path)\n"
        "    jobs.save(mine, [Job('ftjob-child', 'm', 's', 'running', 1)])\n"
        "    mine.close()\n"
        "    os._exit(0)\n"
        "os.waitpid(child, 0)\n"
        "jobs.save(database, [Job('ftjob-parent', 'm', 's', 'running', 1)])\n"
        "database.close()\n"
    )
    subprocess.run([sys.executable, "-c", program, str(path)], timeout=60, check=True, env=dict(os.environ))
    database = open_store(path)
    assert jobs.get(database, "ftjob-child") is not None
    assert jobs.get(database, "ftjob-parent") is not None
    assert isinstance(jobs.get(database, LEARNING), Job)
    database.close()
