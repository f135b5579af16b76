"""Opening: new, damaged, newer, read-only and contested stores."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from cupola.errors import StoreCorruptError, StoreError, StoreTooNewError
from cupola.models import Job
from cupola.store import jobs
from cupola.store.database import keep_good_copy, open_store
from cupola.store.schema import MIGRATIONS

JOB = Job("ftjob-1", "gpt-4.1-nano", "supervised", "running", 100)


def test_a_new_store_is_private_and_current(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    store = open_store(path)
    assert path.stat().st_mode & 0o077 == 0
    assert store.rows("PRAGMA user_version")[0][0] == len(MIGRATIONS)
    store.close()


def test_a_store_written_by_a_newer_cupola_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(StoreTooNewError, match="newer Cupola"):
        open_store(path)
    assert path.read_bytes() == before


def test_a_damaged_store_goes_back_to_its_last_good_copy_and_is_kept_aside(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    store = open_store(path)
    jobs.save(store, [JOB])
    keep_good_copy(store)
    store.close()
    path.write_bytes(b"this is not a database" * 1000)
    store = open_store(path, now=7)
    assert jobs.get(store, JOB.id) == JOB
    store.close()
    assert path.with_name("store.sqlite3.damaged-7").exists()


def test_a_damaged_store_without_a_copy_is_set_aside_and_said(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    path.write_bytes(b"this is not a database" * 1000)
    with pytest.raises(StoreCorruptError, match="set aside"):
        open_store(path)
    open_store(path).close()


def test_a_store_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    store = open_store(path)
    store.connection.execute("PRAGMA query_only = ON")
    with pytest.raises(StoreError, match="read-only"):
        jobs.save(store, [JOB])
    store.close()


def test_a_full_disk_is_said_and_what_was_there_stays(tmp_path: Path) -> None:
    store = open_store(tmp_path / "store.sqlite3")
    jobs.save(store, [JOB])
    pages = store.rows("PRAGMA page_count")[0][0]
    store.connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StoreError, match="disk is full"):
        jobs.save(store, [Job(f"ftjob-{n}", "m", "s", "running", n, raw="x" * 4000) for n in range(100)])
    assert jobs.newest(store) == [JOB]
    store.close()


def test_another_connection_sees_that_something_changed(tmp_path: Path) -> None:
    writer, reader = (open_store(tmp_path / "store.sqlite3") for _ in range(2))
    before = reader.data_version()
    jobs.save(writer, [JOB])
    assert reader.data_version() != before
    assert reader.revisions() == {"jobs": 1}
    writer.close()
    reader.close()


def test_two_processes_may_make_the_same_store_at_once(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    code = f"from pathlib import Path; from cupola.store.database import open_store; open_store(Path({str(path)!r}))"
    processes = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(4)]
    assert [process.wait() for process in processes] == [0] * 4


def test_a_writer_killed_in_the_midst_of_a_transaction_leaves_the_store_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    store = open_store(path)
    jobs.save(store, [JOB])
    code = (
        "import os, signal; from pathlib import Path; from cupola.store.database import open_store\n"
        f"store = open_store(Path({str(path)!r}))\n"
        "with store.transaction() as connection:\n"
        "    connection.execute('DELETE FROM jobs')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -9
    assert jobs.newest(store) == [JOB]
    store.close()
