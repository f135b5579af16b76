"""Opening the store: journal mode, migrations, and what to do with a damaged or newer file."""

from __future__ import annotations

import logging
import os
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from ..errors import ReadOnlyError, StoreCorruptError, StoreError, StoreTooNewError
from .schema import MIGRATIONS

Stored = sqlite3.Row | Mapping[str, Any]
"""A row as it stands in the store, by its columns."""

_BUSY_SECONDS = 10.0

log = logging.getLogger("cupola.store")


class Database:
    """One connection to the store; belongs to the thread that opened it."""

    def __init__(self, connection: sqlite3.Connection, path: Path, *, read_only: bool = False) -> None:
        self.connection = connection
        self.path = path
        self.read_only = read_only
        """Nothing is written, and so nothing wished for: SQLite itself holds to it."""
        if read_only:
            connection.execute("PRAGMA query_only = ON")

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Write all or nothing.

        Raises:
            ReadOnlyError: the connection was opened for reading alone.
            StoreError: the disk is full or read-only, or the file is damaged.
        """
        if self.read_only:
            raise ReadOnlyError(
                "Nothing was changed and nothing asked for: this is read-only.",
                remedy="Leave out --readonly, unset CUPOLA_READONLY, or set `readonly = false` in the profile.",
            )
        try:
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                yield self.connection
            except BaseException:
                self.connection.rollback()
                raise
            self.connection.commit()
        except sqlite3.DatabaseError as error:
            raise _in_words(error, self.path) from error

    def rows(self, query: str, parameters: tuple[object, ...] = ()) -> list[sqlite3.Row]:
        """All rows of a query.

        Raises:
            StoreError: the file cannot be read.
        """
        try:
            return self.connection.execute(query, parameters).fetchall()
        except sqlite3.DatabaseError as error:
            raise _in_words(error, self.path) from error

    def data_version(self) -> int:
        """A number that changes when another connection has committed; costs microseconds.

        Raises:
            StoreTooNewError: a newer Cupola has changed the tables under this one.
            StoreError: the file cannot be read.
        """
        try:
            _version(self.connection, self.path)
        except sqlite3.DatabaseError as error:
            raise _in_words(error, self.path) from error
        return int(self.rows("PRAGMA data_version")[0][0])

    def revisions(self) -> dict[str, int]:
        """How often each topic has changed; a topic names a family of records, or one job's part of it."""
        return {row["topic"]: row["number"] for row in self.rows("SELECT topic, number FROM revisions")}

    def close(self) -> None:
        """Close the connection."""
        self.connection.close()


def touch(connection: sqlite3.Connection, *topics: str) -> None:
    """Say, inside the transaction that did it, that these topics changed."""
    connection.executemany(
        "INSERT INTO revisions VALUES (?, 1) ON CONFLICT (topic) DO UPDATE SET number = number + 1",
        [(topic,) for topic in topics],
    )


def open_store(path: Path, now: float | None = None, *, read_only: bool = False) -> Database:
    """Open a profile's store, making or migrating it as needed.

    A damaged file is set aside, never deleted, and the last good copy is put in its place if there is one.

    Args:
        path: The file.
        now: In unix seconds; the name of a file that is set aside tells it.
        read_only: Once it is open, let nothing be written through it.

    Raises:
        StoreTooNewError: a newer Cupola wrote the file.
        StoreCorruptError: the file is damaged and there is no good copy; the next opening starts afresh.
        StoreError: the file cannot be opened at all.
    """
    try:
        return _open(path, read_only)
    except StoreCorruptError as error:
        aside = path.with_name(f"{path.name}.damaged-{int(now if now is not None else time.time())}")
        _move_with_journal(path, aside)
        _suspicion(path).unlink(missing_ok=True)
        copy = good_copy(path)
        if not copy.exists():
            raise StoreCorruptError(
                "The store was damaged and there is no good copy of it.",
                f"It was set aside as {aside.name}.",
                "Start again: what the service still knows is fetched anew.",
            ) from error
        age = time.time() - copy.stat().st_mtime
        copy.replace(path)
        log.warning("The store was damaged: its copy of %.0f s ago is in its place, itself it is %s.", age, aside)
        return _open(path, read_only)


def good_copy(path: Path) -> Path:
    """Where the last good copy of a store lies."""
    return path.with_name(f"{path.name}.good")


def _suspicion(path: Path) -> Path:
    """A file that stands beside a store in which damage was met: the next opening looks through all of it."""
    return path.with_name(f"{path.name}.suspect")


def keep_good_copy(database: Database) -> None:
    """Copy the store as it is now, after checking it; readers and writers are not held up.

    Raises:
        StoreCorruptError: the check found damage; the earlier copy stays.
        StoreError: the copy cannot be written.
    """
    if database.rows("PRAGMA quick_check(1)")[0][0] != "ok":
        raise StoreCorruptError("The store is damaged.", remedy="Restart Cupola: it goes back to the last good copy.")
    part = good_copy(database.path).with_suffix(".part")
    part.unlink(missing_ok=True)
    target = sqlite3.connect(part)
    try:
        database.connection.backup(target)
    except sqlite3.DatabaseError as error:
        raise _in_words(error, part) from error
    finally:
        target.close()
    part.chmod(0o600)
    part.replace(good_copy(database.path))


def _open(path: Path, read_only: bool) -> Database:
    try:
        if not path.exists():
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None)
    except (OSError, sqlite3.Error) as error:
        raise StoreError(f"The store {path} cannot be opened.", str(error), "Check the disk and its rights.") from error
    connection.row_factory = sqlite3.Row
    try:
        _version(connection, path)
        if _suspicion(path).exists():
            if connection.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
                raise StoreCorruptError(f"The store {path} is damaged.", remedy="Restart Cupola.")
            _suspicion(path).unlink(missing_ok=True)
        # WAL needs shared memory, which network file systems lack; SQLite then stays in the mode it was in.
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        _migrate(connection, path)
    except sqlite3.DatabaseError as error:
        connection.close()
        raise _in_words(error, path) from error
    except StoreError:
        connection.close()
        raise
    return Database(connection, path, read_only=read_only)


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    if _version(connection, path) == len(MIGRATIONS):
        return
    # Two processes may open a new store at once: the second waits here and then finds nothing left to do.
    connection.execute("BEGIN IMMEDIATE")
    try:
        for number in range(_version(connection, path), len(MIGRATIONS)):
            for statement in MIGRATIONS[number].split(";"):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {number + 1}")
        connection.commit()
    except BaseException:
        connection.rollback()
        raise


def _version(connection: sqlite3.Connection, path: Path) -> int:
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version > len(MIGRATIONS):
        raise StoreTooNewError(
            f"The store {path} was written by a newer Cupola.",
            f"It has schema {version}; this Cupola knows schema {len(MIGRATIONS)}.",
            "Upgrade Cupola, or use another profile or CUPOLA_HOME.",
        )
    return version


def _move_with_journal(path: Path, aside: Path) -> None:
    for ending in ("", "-wal", "-shm"):
        part = path.with_name(path.name + ending)
        if part.exists():
            part.rename(aside.with_name(aside.name + ending))


def _in_words(error: sqlite3.DatabaseError, path: Path) -> StoreError:
    text = str(error)
    if "malformed" in text or "not a database" in text:
        with suppress(OSError):
            _suspicion(path).touch(mode=0o600)
        return StoreCorruptError(f"The store {path} is damaged.", text, "Restart Cupola.")
    if "full" in text:
        return StoreError("The disk is full.", f"{path} could not be written.", "Free some space; Cupola goes on then.")
    if "readonly" in text:
        return StoreError("The store is read-only.", f"{path} could not be written.", "Check the disk and its rights.")
    if "locked" in text:
        return StoreError(
            "The store is busy.", f"Another process has held {path} for {_BUSY_SECONDS:.0f} s.", "Try again."
        )
    return StoreError(f"The store {path} could not be used.", text, "Check the disk; `cupola store check` tells more.")
