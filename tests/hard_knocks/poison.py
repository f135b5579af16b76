"""Turns every text in a store into an attack on the terminal that shows it."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from pathlib import Path
from typing import Any

MARK = "7777"
"""In every sequence of the attack, and in none that Cupola writes."""

SEQUENCES = (
    f"\x1b[{MARK};{MARK}H",
    f"\x1b]0;{MARK}\x07",
    f"\x1b]2;{MARK}\x1b\\",
    f"\x9b{MARK}m",
    f"\x1b]52;c;{MARK}\x1b\\",
    f"\x1b_G{MARK}\x1b\\",
    f"\x1bP{MARK}\x1b\\",
)
"""Each would move the cursor, name the window, colour, fill the clipboard, draw or speak to the terminal."""

_SINGLE = "\x00\x08\t\r\x0e\x7f\x85\u2028\u202e\u2066\u061c\u200f\U000e0041"
ATTACK = f"{''.join(SEQUENCES)}{_SINGLE}[bold {MARK}]m[/]"

OWN_WORDS = {
    ("revisions", "topic"),
    ("fetched", "digest"),
    ("intents", "state"),
    ("benchmarks", "definition"),
    ("benchmarks", "split"),
    ("splits", "hash"),
    ("items", "split"),
    ("items", "fields"),
    ("runs", "digest"),
    ("runs", "definition"),
    ("runs", "split"),
    ("runs", "prompts"),
    ("runs", "graders"),
    ("runs", "engine"),
    ("runs", "state"),
    ("asks", "request"),
    ("answers", "request"),
    ("answers", "purpose"),
    ("answers", "state"),
    ("grades", "request"),
    ("grades", "item"),
    ("grades", "grader"),
    ("boards", "name"),
    ("labels", "request"),
    ("labels", "item"),
    ("labels", "grader"),
    ("decisions", "arm"),
    ("uploads", "state"),
    ("downloads", "state"),
    ("evaluation_runs", "name"),
    ("evaluation_runs", "id"),
    ("evaluation_items", "run_id"),
    ("evaluation_items", "id"),
    ("evaluation_items", "outcome"),
    ("evaluation_items", "row"),
    ("evaluation_items", "prompt"),
    ("evaluation_bodies", "run_id"),
    ("evaluation_bodies", "id"),
    ("evaluation_columns", "run_id"),
    ("evaluation_columns", "digest"),
    ("evaluation_keys", "digest"),
    ("workflows", "kind"),
    ("workflows", "state"),
    ("workflows", "gates"),
    ("workflows", "definition"),
    ("stages", "state"),
    ("stages", "name"),
    ("deployments", "state"),
    ("deployment_steps", "state"),
    ("watches", "kind"),
    ("notices", "kind"),
    ("notices", "told_by"),
    ("second_graders", "hash"),
    ("second_graders", "definition"),
    ("regrades", "grader"),
    ("regrades", "run_id"),
    ("regrades", "item_id"),
}
"""Columns that only Cupola fills, with words, hashes or ids of its own, and those of texts that the hashes are of."""


_RAW = '{"said": "so"}'


def attacked(text: str) -> str:
    """A text with the attack in it; equal texts stay equal."""
    return f"{text[:2]}{ATTACK}{text[2:]}" if text else text


def poison(path: Path) -> set[tuple[str, str]]:
    """Attack every text column of every table but those of `OWN_WORDS`; return the columns that held a text."""
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        with contextlib.closing(connection.cursor()) as cursor:
            tables = [row[0] for row in cursor.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {found for table in tables for found in _poison_table(connection, table)}
    finally:
        connection.close()


def _poison_table(connection: sqlite3.Connection, table: str) -> set[tuple[str, str]]:
    columns = [row[1] for row in connection.execute(f'PRAGMA table_info("{table}")') if row[2] == "TEXT"]
    poisoned = set()
    for column in columns:
        if (table, column) in OWN_WORDS:
            continue
        for (value,) in connection.execute(f'SELECT DISTINCT "{column}" FROM "{table}"').fetchall():
            if isinstance(value, str) and (value not in ("", "{}", "[]") or column == "raw"):
                evil = _evil(_RAW if column == "raw" and value == "{}" else value)
                connection.execute(f'UPDATE "{table}" SET "{column}" = ? WHERE "{column}" = ?', (evil, value))
                poisoned.add((table, column))
    return poisoned


def _evil(value: str) -> str:
    with contextlib.suppress(ValueError):
        known = json.loads(value)
        if isinstance(known, dict | list):
            return json.dumps(_leaves(known))
    return attacked(value)


def _leaves(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _leaves(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [_leaves(entry) for entry in value]
    return attacked(value) + "\ud800" if isinstance(value, str) else value
