"""Starting: chunks and questions into the store, and a workflow that the worker sees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ...benchmarks.hashing import canonical
from ...benchmarks.items import split_hash
from ...datasets.chunks import Chunk
from ...errors import UsageError
from ...store import splits
from ...store.database import Database
from ...store.workflows import Gates
from ..beginning import begin
from ..kinds import Kind
from .definition import Raft, checked, to_json_text

_FEWEST_CHUNKS = 2


def store_parts(
    database: Database, definition: Raft, chunks: Sequence[Chunk], questions: Sequence[str], now: float
) -> Raft:
    """Store chunks and questions (each row's fields as canonical JSON); return the definition that names them.

    Raises:
        UsageError: there are too few chunks to have a distractor.
    """
    if len(chunks) < _FEWEST_CHUNKS:
        raise UsageError("The documents give one chunk alone.", remedy="Give more, or a smaller chunk size.")
    rows = [
        canonical({"place": one.place, "source": one.source, "title": one.title, "text": one.text, "shown": one.shown})
        for one in chunks
    ]
    named = replace(definition, chunks=_stored(database, f"{definition.name}: chunks", rows, now))
    if questions:
        named = replace(named, questions=_stored(database, f"{definition.name}: own questions", questions, now))
    return checked(named)


def start(
    database: Database,
    definition: Raft,
    kind: Kind,
    place: Path,
    now: float,
    *,
    soft: float | None = None,
    hard: float | None = None,
    gates: Gates = Gates.ONCE,
) -> int:
    """Start a workflow whose parts are stored; return its number. The worker does the rest.

    Args:
        database: Where it is written.
        definition: What to do.
        kind: RAFT, or RAFT_DATA for the training file alone.
        place: The directory for files that it makes.
        now: When.
        soft: Dollars from which on it asks before each stage that spends.
        hard: Dollars that it never passes.
        gates: Whether every stage that spends asks.
    """
    told = to_json_text(checked(definition))
    return begin(database, kind, definition.name, told, now, soft=soft, hard=hard, gates=gates, place=str(place))


def _stored(database: Database, name: str, rows: Sequence[str], now: float) -> str:
    split = split_hash(rows)
    splits.save(database, split, name, rows, now)
    return split
