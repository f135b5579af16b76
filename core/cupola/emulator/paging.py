"""The service's lists: `after`, `limit`, `has_more`."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request

from .errors import invalid_payload


@dataclass(frozen=True, slots=True)
class Page:
    """What part of a list is wanted."""

    limit: int
    after: str | None = None
    descending: bool = True


def read_page(request: Request, default: int, most: int, *, descending: bool = True) -> Page:
    """Read a list's query. Raises ApiError for a limit or order the service would refuse."""
    query = request.query_params
    text = query.get("limit", str(default))
    limit = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
    if not 1 <= limit <= most:
        raise invalid_payload(f"Invalid value for limit. It must be between 1 and {most}.")
    order = query.get("order", "desc" if descending else "asc")
    if order not in ("asc", "desc"):
        raise invalid_payload("Invalid value for order. It must be 'asc' or 'desc'.")
    return Page(limit, query.get("after") or None, order == "desc")


def fetch_page(
    database: sqlite3.Connection, table: str, where: str, arguments: Sequence[Any], page: Page, by: str = "seq"
) -> tuple[list[sqlite3.Row], bool]:
    """The wanted rows of a table that has `id` and is ordered by a unique number `by`, and whether more follow.

    `table`, `where` and `by` become SQL: only our own text may stand in them.
    """
    conditions, values = where, list(arguments)
    if page.after is not None:
        row = database.execute(f"SELECT {by} FROM {table} WHERE id = ?", (page.after,)).fetchone()
        if row is None:
            raise invalid_payload("Invalid value for after: no such object.")
        conditions += f" AND {by} {'<' if page.descending else '>'} ?"
        values.append(row[by])
    order = "DESC" if page.descending else "ASC"
    sql = f"SELECT * FROM {table} WHERE {conditions} ORDER BY {by} {order} LIMIT ?"
    rows = database.execute(sql, (*values, page.limit + 1)).fetchall()
    return rows[: page.limit], len(rows) > page.limit


def list_body(data: Sequence[dict[str, Any]], has_more: bool, *, ends: bool = False) -> dict[str, Any]:
    """The JSON of a list; `ends` adds the first and last id."""
    body: dict[str, Any] = {"object": "list", "data": list(data), "has_more": has_more}
    if ends:
        body["first_id"] = data[0]["id"] if data else None
        body["last_id"] = data[-1]["id"] if data else None
    return body
