"""Facts about what lies on this machine: the store, the disk under it, the worker."""

from __future__ import annotations

import shutil
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from ..paths import Paths
from ..store.database import good_copy
from ..store.schema import MIGRATIONS
from ..worker import process
from ..worker.build import build
from .fact import Fact, State, good

_NETWORK = ("nfs", "cifs", "smb", "fuse.sshfs", "9p", "afs", "lustre", "gpfs", "ceph", "glusterfs", "beegfs", "davfs")
_LEAST_FREE = 200 * 2**20


def store_facts(path: Path, now: float, mounts: str | None = None) -> Iterator[Fact]:
    """Whether the store is whole and lies where SQLite is safe; nothing is changed.

    Args:
        path: The store's file.
        now: In unix seconds.
        mounts: The lines of /proc/mounts; this machine's if left out.
    """
    yield from _file_system(path, _mounts() if mounts is None else mounts)
    free = shutil.disk_usage(path.parent).free
    if free < _LEAST_FREE:
        yield Fact("disk", State.BAD, f"{free // 2**20} MB are free at {path.parent}.", remedy="Make room.")
    if not path.exists():
        yield good("store", "Nothing is stored yet.", path=str(path))
        return
    try:
        version, verdict = _looked(path)
    except sqlite3.DatabaseError as error:
        remedy = "Start Cupola: it sets the file aside and takes the last good copy."
        yield Fact("store", State.BAD, "The store cannot be read.", f"{error}.", remedy, {"path": str(path)})
        return
    if version > len(MIGRATIONS):
        why = f"Its schema is {version}, this Cupola knows {len(MIGRATIONS)}."
        yield Fact("store", State.BAD, "A newer Cupola wrote the store.", why, "Update this one.")
    elif verdict != "ok":
        remedy = "Start Cupola: it sets the file aside and takes the last good copy."
        yield Fact("store", State.BAD, "The store is damaged.", verdict, remedy, {"path": str(path)})
    else:
        size = path.stat().st_size
        yield good(
            "store", f"The store is whole ({size / 2**20:.1f} MB{_copied(path, now)}).", path=str(path), bytes=size
        )


def worker_facts(profile: str, paths: Paths) -> Iterator[Fact]:
    """Whether a worker runs, and whether it runs this code."""
    status = process.status(profile, paths)
    holder = status.holder
    if holder is None:
        why = "The last one was killed, or its machine went down." if status.killed else ""
        yield Fact("worker", State.NOTE, "No worker runs.", why, "The screen starts one; so does: cupola worker start")
    elif holder.build and holder.build != build():
        why = f"It runs {holder.build.partition('.')[0]}..., this is another build."
        remedy = "cupola worker stop, then cupola worker start; nothing is lost"
        yield Fact("worker", State.NOTE, f"The worker (process {holder.pid}) runs other code.", why, remedy)
    else:
        hours = (time.time() - holder.started_at) / 3_600
        yield good("worker", f"The worker runs as process {holder.pid}, for {hours:.1f} h.", pid=holder.pid)


def file_system_of(path: Path, mounts: str) -> str:
    """The kind of file system that a path lies on, by the lines of /proc/mounts; "" where they do not say."""
    found, longest = "", -1
    for entry in mounts.splitlines():
        parts = entry.split(" ")
        if len(parts) < 3:
            continue
        # Blanks and the like are written in octal.
        place = parts[1].encode("latin-1", "replace").decode("unicode_escape", "replace")
        if len(place) > longest and (path == Path(place) or Path(place) in path.parents):
            found, longest = parts[2], len(place)
    return found


def _file_system(path: Path, mounts: str) -> Iterator[Fact]:
    kind = file_system_of(path.absolute(), mounts)
    if any(kind == name or kind.startswith(name) for name in _NETWORK):
        why = "SQLite's locks are not safe across machines there: two machines could damage the store."
        remedy = "Set CUPOLA_HOME to a disk of this machine, or use one machine only."
        yield Fact("disk", State.BAD, f"The store lies on a network file system ({kind}).", why, remedy, {"kind": kind})
    elif kind:
        yield good("disk", f"The store lies on a disk of this machine ({kind}).", kind=kind)


def _looked(path: Path) -> tuple[int, str]:
    connection = sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, timeout=5.0)
    try:
        version = int(connection.execute("PRAGMA user_version").fetchone()[0])
        return version, str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
    finally:
        connection.close()


def _copied(path: Path, now: float) -> str:
    copy = good_copy(path)
    if not copy.exists():
        return ", no copy yet"
    return f", copied {(now - copy.stat().st_mtime) / 3_600:.0f} h ago"


def _mounts() -> str:
    try:
        return Path("/proc/mounts").read_text("utf-8", "replace")
    except OSError:
        return ""
