"""The rules of images in training data: where they may stand, their form and their colours.

Images over the size limit are no fault: the service passes over an example that holds one, without a word.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

MOST_IN_EXAMPLE = 64
MOST_EXAMPLES = 50_000
"""Examples with images in one file."""

MOST_BYTES = 10 * 1024 * 1024
"""Of one image; an example with a larger one is skipped."""

DETAILS = ("low", "high", "auto")

_EMBEDDED = re.compile(r"data:(image/[a-z0-9.+-]+);base64,", re.IGNORECASE)
_KINDS = ("image/jpeg", "image/jpg", "image/png", "image/webp")
_PNG_COLOURS = (2, 3, 6)
"""True colour, palette, true colour with alpha."""

_HEADER_BYTES = 256 * 1024
_JPEG_NOT_FRAMES = (0xC4, 0xC8, 0xCC)


def check_image(role: str, image: Any, where: str) -> None:
    """Check an `image_url` part. Raises ValueError in the service's words."""
    if role != "user":
        raise ValueError(f"'{where}': images are allowed in user messages only.")
    url = image.get("url") if isinstance(image, dict) else None
    if not isinstance(image, dict) or not isinstance(url, str):
        raise ValueError(f"'{where}.url' must be a string.")
    if image.get("detail") is not None and image["detail"] not in DETAILS:
        raise ValueError(f"'{where}.detail' must be one of {', '.join(DETAILS)}.")
    if url[:5].lower() == "data:":
        _check_embedded(url, f"{where}.url")
    elif not _is_https(url):
        raise ValueError(f"'{where}.url' must be an https URL or a base64 data URL.")


def _is_https(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme == "https" and bool(parts.netloc) and not any(character.isspace() for character in url)


def _size(url: str, start: int) -> int:
    return (len(url) - start) * 3 // 4 - url[-2:].count("=")


def _check_embedded(url: str, where: str) -> None:
    head = _EMBEDDED.match(url)
    if head is None:
        raise ValueError(f"'{where}' must be an https URL or a base64 data URL.")
    if head[1].lower() not in _KINDS:
        raise ValueError(f"'{where}' must be a JPEG, PNG or WEBP image.")
    if _size(url, head.end()) > MOST_BYTES:
        return
    try:
        content = base64.b64decode(url[head.end() :], validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError(f"'{where}' is not valid base64.") from error
    if not _in_colour(content, where):
        raise ValueError(f"'{where}' must be an RGB or RGBA image.")


def _in_colour(content: bytes, where: str) -> bool:
    """Whether an image's header says RGB or RGBA. Raises ValueError for what is none of the three kinds."""
    if content.startswith(b"\x89PNG\r\n\x1a\n") and len(content) > 25:
        return content[25] in _PNG_COLOURS
    if content.startswith(b"\xff\xd8\xff"):
        return _jpeg_components(content[:_HEADER_BYTES]) in (None, 3)
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return True
    raise ValueError(f"'{where}' must be a JPEG, PNG or WEBP image.")


def _jpeg_components(content: bytes) -> int | None:
    """The number of colour components in a JPEG's frame header; None where it has none so far."""
    at = 2
    while at + 9 < len(content) and content[at] == 0xFF:
        marker = content[at + 1]
        if 0xC0 <= marker <= 0xCF and marker not in _JPEG_NOT_FRAMES:
            return content[at + 9]
        at += 2 + int.from_bytes(content[at + 2 : at + 4], "big")
    return None


def image_urls(row: Mapping[str, Any]) -> Iterator[str]:
    """The addresses of the images in a checked chat row."""
    for message in row.get("messages") or ():
        content = message.get("content")
        for part in content if isinstance(content, list) else ():
            if part["type"] == "image_url":
                yield part["image_url"]["url"]


def is_skipped(row: Mapping[str, Any]) -> bool:
    """Whether training passes over a checked chat row because one of its images is too large."""
    heads = ((url, _EMBEDDED.match(url)) for url in image_urls(row))
    return any(head is not None and _size(url, head.end()) > MOST_BYTES for url, head in heads)
