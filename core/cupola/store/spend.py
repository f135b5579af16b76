"""What has been paid for, as the store tells it: answers by the quarter hour, and how long deployments stood."""

from __future__ import annotations

from dataclasses import dataclass

from .database import Database

BUCKET_SECONDS = 900
"""Every time zone's days begin at the edge of such a bucket."""


@dataclass(frozen=True, slots=True)
class Answered:
    """The answers of one model through one deployment in one quarter of an hour."""

    bucket: int
    """Its beginning, in unix seconds."""
    deployment: str
    model: str
    """As the service named what answered; "" where it did not."""
    usd: float
    """Of those whose price was known."""
    lost_usd: float
    """At most so much more for attempts whose answer never came."""
    unpriced: int
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int


@dataclass(frozen=True, slots=True)
class Standing:
    """A time for which a deployment stood. Unix seconds."""

    name: str
    model: str
    sku: str
    began_at: float
    ended_at: float | None
    """None while it stands."""


def answered(database: Database, since: float = 0.0) -> list[Answered]:
    """All answers that came since, oldest first."""
    rows = database.rows(
        f"SELECT CAST(answered_at / {BUCKET_SECONDS} AS INTEGER) * {BUCKET_SECONDS} AS bucket, deployment,"
        " coalesce(model, '') AS model, TOTAL(usd) AS usd, TOTAL(usd * lost) AS lost_usd, SUM(usd IS NULL) AS unpriced,"
        " TOTAL(prompt_tokens) AS prompt, TOTAL(cached_tokens) AS cached, TOTAL(completion_tokens) AS completion"
        " FROM answers WHERE answered_at >= ? AND state = 'answered' GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
        (since,),
    )
    return [
        Answered(
            row["bucket"],
            row["deployment"],
            row["model"],
            row["usd"],
            row["lost_usd"],
            row["unpriced"],
            int(row["prompt"]),
            int(row["cached"]),
            int(row["completion"]),
        )
        for row in rows
    ]


def note_hosting(database: Database) -> None:
    """Keep for how long deployments stand: a name that is used again loses its first deployment's record elsewhere."""
    stale = database.rows(
        "SELECT 1 FROM deployments AS d LEFT JOIN hosting AS h USING (name, wanted_at)"
        " WHERE d.created_at IS NOT NULL AND (h.name IS NULL OR h.ended_at IS NOT d.gone_at) LIMIT 1"
    )
    if not stale:
        return
    with database.transaction() as connection:
        connection.execute(
            "INSERT INTO hosting (name, wanted_at, model, sku, capacity, began_at, ended_at)"
            " SELECT name, wanted_at, model, sku, capacity, created_at, gone_at FROM deployments"
            " WHERE created_at IS NOT NULL"
            " ON CONFLICT (name, wanted_at) DO UPDATE SET ended_at = excluded.ended_at, sku = excluded.sku"
        )


def standings(database: Database) -> list[Standing]:
    """Every time for which a deployment stood, those included that nobody has noted yet."""
    rows = database.rows(
        "SELECT name, model, sku, began_at, ended_at FROM hosting AS h WHERE NOT EXISTS"
        " (SELECT 1 FROM deployments AS d WHERE d.name = h.name AND d.wanted_at = h.wanted_at)"
        " UNION ALL SELECT name, model, sku, created_at, gone_at FROM deployments WHERE created_at IS NOT NULL"
        " ORDER BY 4, 1"
    )
    return [Standing(**dict(row)) for row in rows]
