"""A file's images: what they count for in tokens, and which the service would pass over without a word."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .image_tokens import Formula
from .images import MOST_BYTES, ImageFacts, image_facts
from .lines import iterate
from .tokens import image_tokens

POLICY = ("people", "faces", "children", "CAPTCHAs")
"""What an image may not show: the service drops the whole example in silence. Nobody can tell from here."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """An example that would not be trained on."""

    line: int
    path: str
    """JSON path within the line."""
    reason: str


@dataclass(frozen=True, slots=True)
class ImageCost:
    """The images of a file."""

    rows: int
    """Rows with images."""
    images: int
    details: Mapping[str, int]
    remote: int
    """Images named by address: their size is not known, and the service drops the row if it cannot fetch one."""
    low: int
    high: int
    """Tokens of all images, at least and at most; both 0 without a formula."""
    counted: int
    """What the check of a dataset counts for them: gpt-4.1's tiles, 1,024 x 1,024 where the size is not known."""
    skipped: tuple[Skipped, ...]


def image_cost(path: Path, formula: Formula | None) -> ImageCost:
    """Go through a file's images; rows that are no chat or preference rows are passed over.

    Args:
        path: A JSON Lines file.
        formula: Of the model; None counts no tokens.

    Raises:
        DatasetError: the file cannot be read.
    """
    rows = images = remote = low = high = counted = 0
    details: Counter[str] = Counter()
    skipped: list[Skipped] = []
    for line in iterate(path):
        found = list(_images(line.content))
        rows += bool(found)
        for where, url, detail in found:
            images += 1
            details[detail] += 1
            remote += url[:5].lower() != "data:"
            counted += image_tokens(_facts(url), detail)
            if reason := reason_to_skip(url):
                skipped.append(Skipped(line.number, where, reason))
            elif formula is not None:
                least, most = tokens_between(formula, url, detail)
                low, high = low + least, high + most
    return ImageCost(rows, images, dict(details), remote, low, high, counted, tuple(skipped))


def tokens_between(formula: Formula, url: str, detail: str) -> tuple[int, int]:
    """The least and the most tokens of one image; the same where its size can be read.

    In `auto` detail the service chooses, so that it may be as few as in low detail.
    """
    facts = _facts(url)
    least, _ = _between(formula, facts, "low" if detail == "auto" else detail)
    return least, _between(formula, facts, detail)[1]


def reason_to_skip(url: str) -> str:
    """Why the service passes over an example that holds this image, as far as can be told from here; "" if not."""
    if url[:5].lower() != "data:":
        return ""
    encoded = len(url) - url.find(",") - 1
    size = encoded * 3 // 4 - url[-2:].count("=")
    if size > MOST_BYTES:
        return f"{size / 2**20:.1f} MB, and the limit is {MOST_BYTES / 2**20:.0f} MB"
    return ""


def share_not_trained(trained: int, low: int, high: int, epochs: int) -> tuple[float, float]:
    """What share of a file's tokens was not trained on, at least and at most, by the tokens that a job was billed.

    Args:
        trained: Tokens that the job reports.
        low: Tokens of the file at least, text and images.
        high: And at most.
        epochs: How often the job went through it.
    """
    shares = [max(0.0, 1.0 - trained / (tokens * epochs)) if tokens else 0.0 for tokens in (low, high)]
    return shares[0], shares[1]


def _facts(url: str) -> ImageFacts | None:
    return image_facts(url) if url[:5].lower() == "data:" else None


def _between(formula: Formula, facts: ImageFacts | None, detail: str) -> tuple[int, int]:
    if facts is None or facts.width is None or facts.height is None:
        return formula.bounds(detail)
    tokens = formula.tokens(max(facts.width, 1), max(facts.height, 1), detail)
    return tokens, tokens


def _images(content: bytes) -> Iterator[tuple[str, str, str]]:
    """Path, address and detail of each image in a row."""
    try:
        row = json.loads(content)
    except (ValueError, RecursionError):
        return
    for at, messages in _message_lists(row):
        for index, message in enumerate(messages):
            parts = message.get("content") if isinstance(message, dict) else None
            for place, part in enumerate(parts if isinstance(parts, list) else ()):
                image = part.get("image_url") if isinstance(part, dict) else None
                url = image.get("url") if isinstance(image, dict) else None
                if isinstance(image, dict) and isinstance(url, str):
                    detail = image.get("detail")
                    shown = detail if detail in ("low", "high") else "auto"
                    yield f"{at}[{index}].content[{place}].image_url", url, shown


def _message_lists(row: Any) -> Iterator[tuple[str, list[Any]]]:
    holders = [("", row)]
    if isinstance(row, dict):
        holders += [("input.", row.get("input")), ("item.", row.get("item"))]
    for at, holder in holders:
        messages = holder.get("messages") if isinstance(holder, dict) else None
        if isinstance(messages, list):
            yield f"{at}messages", messages
