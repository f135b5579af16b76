"""Images in a row: what their header says, and small pictures of them on request. Nothing is fetched."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from cupola.datasets.images import ImageFacts, image_facts

from . import tasks

Room = tuple[int, int]
"""Columns and lines of a screen that one picture may take."""

_MOST_DRAWN = 8
"""Pictures of one message."""
_LONGEST_NAME = 120


def image_url(part: object) -> str | None:
    """The address in an image part; None if it is none."""
    image = part.get("image_url") if isinstance(part, Mapping) else None
    url = image.get("url") if isinstance(image, Mapping) else None
    return url if isinstance(url, str) else None


def picture_of(url: str, number: int, room: Room | None) -> tasks.Picture:
    """An image by its address or content, drawn where there is room for it; `number` counts from 1."""
    if url[:5].lower() != "data:":
        return tasks.Picture(_name(url), None, "by its address", None, None, undrawn="not fetched" if room else "")
    facts = image_facts(url)
    size = (len(url) - url.find(",") - 1) * 3 // 4
    if facts is None:
        return tasks.Picture(f"image {number}", size, "unreadable", None, None)
    kind = facts.type.removeprefix("image/")
    drawn, undrawn = _drawn(url, facts, number, room) if room else (None, "")
    return tasks.Picture(f"image {number}", size, kind, facts.width, facts.height, drawn, undrawn)


def _drawn(url: str, facts: ImageFacts, number: int, room: Room) -> tuple[tasks.Thumbnail | None, str]:
    from .png import MOST_PIXELS, thumbnail

    if number > _MOST_DRAWN:
        return None, f"only the first {_MOST_DRAWN} are drawn"
    if facts.type != "image/png":
        return None, "only PNG is drawn"
    if (facts.width or 0) * (facts.height or 0) > MOST_PIXELS:
        return None, f"larger than {MOST_PIXELS // 1_000_000} million pixels"
    drawn = thumbnail(url, *room)
    return drawn, "" if drawn else "broken or interlaced"


def _name(url: str) -> str:
    try:
        name = urlsplit(url).path.rsplit("/", 1)[-1]
    except ValueError:
        name = ""
    name = name or url
    return (
        name
        if len(name) <= _LONGEST_NAME
        else f"{name[:_LONGEST_NAME]} … {len(name) - _LONGEST_NAME:,} more characters"
    )
