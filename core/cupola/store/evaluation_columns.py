"""The items of evaluation runs as columns, so that a table of many passes is read in a few milliseconds a pass."""

from __future__ import annotations

import hashlib
import math
import sqlite3
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from ..models import EvaluationItem
from .database import Database

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

OUTCOMES = ("pass", "fail", "refused", "filtered", "truncated", "error")
"""What the codes of `RunColumns.outcomes` stand for."""

_ABSENT = -1
"""A number of tokens that is not told."""


@dataclass(frozen=True, slots=True)
class ItemKeys:
    """What the items of a run are, in order; passes over the same rows share one."""

    digest: str
    rows: tuple[str, ...]
    """Hashes of the items' content."""
    prompts: tuple[str, ...]
    """Hashes of what the model is asked."""


@dataclass(frozen=True, slots=True, eq=False)
class RunColumns:
    """The items of one run, in the order of the data source; every array is (items,)."""

    run_id: str
    keys: ItemKeys
    ids: bytes
    """The items' ids, a line each."""
    outcomes: npt.NDArray[np.uint8]
    """Places in `OUTCOMES`."""
    scores: npt.NDArray[np.float64]
    """NaN where there is none."""
    completion_tokens: npt.NDArray[np.int32]
    """-1 where they are not told."""
    reasoning_tokens: npt.NDArray[np.int32]

    def item_ids(self) -> list[str]:
        """The items' ids."""
        return self.ids.decode().split("\n") if self.ids else []


def columns_of(run_id: str, items: Sequence[EvaluationItem]) -> RunColumns:
    """The items of a run, in their order, as columns."""
    import numpy as np

    codes = {name: code for code, name in enumerate(OUTCOMES)}
    rows, prompts = tuple(item.row for item in items), tuple(item.prompt for item in items)
    return RunColumns(
        run_id=run_id,
        keys=ItemKeys(_digest(rows, prompts), rows, prompts),
        ids="\n".join(item.id for item in items).encode(),
        outcomes=np.array([codes[item.outcome] for item in items], np.uint8),
        scores=np.array([math.nan if item.score is None else item.score for item in items], np.float64),
        completion_tokens=_tokens([item.completion_tokens for item in items]),
        reasoning_tokens=_tokens([item.reasoning_tokens for item in items]),
    )


def enter(connection: sqlite3.Connection, columns: RunColumns) -> None:
    """Write a run's columns in a transaction that is open already, in place of what there was."""
    content = zlib.compress("\n".join((*columns.keys.rows, *columns.keys.prompts)).encode(), 3)
    connection.execute("INSERT OR IGNORE INTO evaluation_keys VALUES (?, ?)", (columns.keys.digest, content))
    connection.execute(
        "INSERT OR REPLACE INTO evaluation_columns VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            *(columns.run_id, columns.keys.digest, columns.ids, columns.outcomes.tobytes()),
            columns.scores.astype("<f8").tobytes(),
            columns.completion_tokens.astype("<i4").tobytes(),
            columns.reasoning_tokens.astype("<i4").tobytes(),
        ),
    )


def read(database: Database, run_id: str) -> RunColumns | None:
    """A run's columns; None if none are stored, as of runs that an earlier Cupola has fetched."""
    import numpy as np

    rows = database.rows("SELECT * FROM evaluation_columns WHERE run_id = ?", (run_id,))
    if not rows:
        return None
    row = rows[0]
    content = database.rows("SELECT content FROM evaluation_keys WHERE digest = ?", (row["digest"],))
    if not content:
        return None
    return RunColumns(
        run_id=run_id,
        keys=_keys(row["digest"], content[0]["content"]),
        ids=row["ids"],
        outcomes=np.frombuffer(row["outcomes"], np.uint8),
        scores=np.frombuffer(row["scores"], "<f8"),
        completion_tokens=np.frombuffer(row["completion_tokens"], "<i4"),
        reasoning_tokens=np.frombuffer(row["reasoning_tokens"], "<i4"),
    )


@lru_cache(maxsize=8)
def _keys(digest: str, content: bytes) -> ItemKeys:
    told = zlib.decompress(content).decode().split("\n")
    half = len(told) // 2
    return ItemKeys(digest, tuple(told[:half]), tuple(told[half:]))


def _digest(rows: Sequence[str], prompts: Sequence[str]) -> str:
    return hashlib.blake2b("\n".join((*rows, *prompts)).encode(), digest_size=16).hexdigest()


def _tokens(told: Sequence[int | None]) -> npt.NDArray[np.int32]:
    import numpy as np

    most = np.iinfo(np.int32).max
    return np.array([_ABSENT if value is None or value < 0 else min(value, most) for value in told], np.int32)
