"""What one pass over a part of a file leaves behind: counts, and a few numbers a row."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from .findings import Tally, merge_tally
from .signatures import BANDS

MOST_TEXTS = 2_000
"""Different system prompts or short answers that are counted apart; beyond that they count as varied."""

ROW = np.dtype(
    [
        ("offset", np.int64),
        ("line", np.uint32),
        ("characters", np.uint32),
        ("tokens", np.uint32),
        ("answer", np.uint32),
        ("turns", np.uint16),
        ("row_hash", np.uint64),
        ("prompt_hash", np.uint64),
        ("bands", np.uint32, (BANDS,)),
    ]
)
"""One row: where it is, how long, and what it can be recognised by. A prompt_hash of 0 marks a broken row."""

Rows = npt.NDArray[np.void]
Key = TypeVar("Key")


@dataclass(frozen=True, slots=True)
class Seen:
    """A text met in the file: how often, where first, and its beginning."""

    count: int
    line: int
    text: str


@dataclass(slots=True)
class Part:
    """Counts over a part of a file. Lines are counted from the part's own start."""

    lines: int = 0
    blank: int = 0
    carriage_returns: int = 0
    broken_rows: int = 0
    rows: Rows = field(default_factory=lambda: np.empty(0, ROW))
    """The table of rows, with room at its end; `row_count` of it are there."""
    row_count: int = 0
    tally: Tally = field(default_factory=dict)
    roles: Counter[str] = field(default_factory=Counter)
    systems: dict[bytes, Seen] = field(default_factory=dict)
    answers: dict[str, int] = field(default_factory=dict)
    """Short answers with their number; the empty text stands for all longer ones."""
    keys: dict[tuple[str, ...], Seen] = field(default_factory=dict)
    """Sets of fields beside the messages."""
    values: dict[str, Seen] = field(default_factory=dict)
    """The fields whose value has been the same on every row so far; text is the value, empty once it differs."""
    languages: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Of some rows: how often a field (system, prompt, answer) is in a language; "" for one that cannot be told."""
    rows_with_images: int = 0
    wrapped: int = 0
    pairs: int = 0
    longer_preferred: int = 0
    shorter_preferred: int = 0
    pair_hashes: list[tuple[bytes, bytes, int]] = field(default_factory=list)
    """Of each preference pair: its hash, that of the reverse, and its line."""
    truncated: int = 0
    """Bytes of the file that were not read."""

    def add_rows(self, rows: Rows) -> None:
        """Add rows to the table; it grows in place, so that it is never there twice."""
        needed = self.row_count + len(rows)
        if needed > len(self.rows):
            self.rows.resize(max(needed, len(self.rows) * 5 // 4), refcheck=False)
        self.rows[self.row_count : needed] = rows
        self.row_count = needed

    def table(self) -> Rows:
        """All rows as one array of type `ROW`."""
        self.rows.resize(self.row_count, refcheck=False)
        return self.rows


def append(whole: Part, part: Part) -> None:
    """Add the part that follows in the file."""
    offset = whole.lines
    merge_tally(whole.tally, part.tally, offset)
    rows = part.table()
    rows["line"] += offset
    whole.add_rows(rows)
    for name in ("lines", "blank", "carriage_returns", "broken_rows", "rows_with_images", "wrapped", "pairs"):
        setattr(whole, name, getattr(whole, name) + getattr(part, name))
    whole.longer_preferred += part.longer_preferred
    whole.shorter_preferred += part.shorter_preferred
    whole.roles.update(part.roles)
    whole.languages.update(part.languages)
    whole.pair_hashes.extend((one, other, line + offset) for one, other, line in part.pair_hashes)
    for key, seen in part.systems.items():
        add_seen(whole.systems, key, Seen(seen.count, seen.line + offset, seen.text))
    for keys, seen in part.keys.items():
        add_seen(whole.keys, keys, Seen(seen.count, seen.line + offset, seen.text))
    for answer, count in part.answers.items():
        known = answer if answer in whole.answers or len(whole.answers) < MOST_TEXTS else ""
        whole.answers[known] = whole.answers.get(known, 0) + count
    for name, seen in part.values.items():
        add_value(whole.values, name, Seen(seen.count, seen.line + offset, seen.text))


def add_seen(table: dict[Key, Seen], key: Key, seen: Seen) -> None:
    """Count a text, if there is room for another one."""
    known = table.get(key)
    if known is not None:
        table[key] = Seen(known.count + seen.count, known.line, known.text)
    elif len(table) < MOST_TEXTS:
        table[key] = seen


def add_value(table: dict[str, Seen], name: str, seen: Seen) -> None:
    """Count a field's value; once two differ, the text is emptied."""
    known = table.get(name)
    if known is None:
        if len(table) < MOST_TEXTS:
            table[name] = seen
        return
    text = known.text if known.text == seen.text else ""
    table[name] = Seen(known.count + seen.count, known.line, text)
