"""Vision rows: chat rows whose user messages hold images."""

from __future__ import annotations

from typing import Any

from .chat import check as check
from .chat import has_images

MOST_ROWS = 50_000
"""Rows with images that the service takes in one file."""


def recognises(row: dict[str, Any]) -> bool:
    """Whether any message holds an image."""
    return has_images(row)
