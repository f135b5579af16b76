"""The rules of image parts, read from the image's own header without decoding its pixels."""

from __future__ import annotations

import base64
import binascii
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from .reading import Broken

MOST_BYTES = 10 * 1024 * 1024
MOST_A_ROW = 64
MANY_A_ROW = 10
"""One page of the service's documentation names 10 as the limit."""
DETAILS = ("low", "high", "auto")

_DATA_URL = re.compile(r"data:(image/[a-z0-9.+-]+);base64,", re.IGNORECASE)
_TYPES = {"image/jpeg", "image/jpg", "image/png", "image/webp"}
_START_OF_FRAME = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_HEADER_CHARACTERS = 4 * 65_536


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """What an image's header says."""

    type: str
    width: int | None
    height: int | None
    colour: bool
    """Whether it is RGB or RGBA."""


def check_parts(role: str, parts: list[Any], broken: Broken, at: str) -> None:
    """Check the parts of a message's content."""
    if not parts:
        broken.append(("content.empty", at, parts))
    for index, part in enumerate(parts):
        kind = part.get("type") if isinstance(part, dict) else None
        where = f"{at}[{index}]"
        if kind == "text":
            if not isinstance(part.get("text"), str):
                broken.append(("content.part", f"{where}.text", part.get("text")))
        elif kind == "image_url":
            if role != "user":
                broken.append(("image.role", where, role))
            _check_image(part.get("image_url"), broken, f"{where}.image_url")
        elif kind == "refusal" and role == "assistant":
            continue
        else:
            broken.append(("content.part", where, kind if isinstance(kind, str) else part))


def check_count(images: int, broken: Broken) -> None:
    """Check how many images one row holds."""
    if images > MOST_A_ROW:
        broken.append(("image.too_many", "messages", f"{images} images"))
    elif images > MANY_A_ROW:
        broken.append(("image.many", "messages", f"{images} images"))


def _check_image(image: object, broken: Broken, at: str) -> None:
    url = image.get("url") if isinstance(image, Mapping) else None
    if not isinstance(image, Mapping) or not isinstance(url, str):
        broken.append(("image.url", f"{at}.url", url))
        return
    detail = image.get("detail")
    if detail is not None and detail not in DETAILS:
        broken.append(("image.detail", f"{at}.detail", detail))
    if url[:5].lower() == "data:":
        _check_data_url(url, broken, f"{at}.url")
    elif not _is_https(url):
        broken.append(("image.url", f"{at}.url", url))


def _is_https(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme.lower() == "https" and bool(parts.netloc) and not re.search(r"\s", url)


def _check_data_url(url: str, broken: Broken, at: str) -> None:
    match = _DATA_URL.match(url)
    if not match:
        broken.append(("image.data", at, url[:60]))
        return
    stated = match[1].lower()
    if stated not in _TYPES:
        broken.append(("image.type", at, stated))
        return
    encoded = len(url) - match.end()
    size = encoded * 3 // 4 - url.count("=", len(url) - 2)
    if size > MOST_BYTES:
        broken.append(("image.size", at, f"{size / 2**20:.1f} MB"))
        return
    facts = image_facts(url)
    if facts is None:
        broken.append(("image.data", at, url[:60]))
    elif facts.type != stated.replace("jpg", "jpeg"):
        broken.append(("image.mismatch", at, f"says {stated}, is {facts.type}"))
    elif not facts.colour:
        broken.append(("image.colour", at, stated))


def image_facts(data_url: str) -> ImageFacts | None:
    """Read type, size in pixels and colours from a data URL; None if it is no JPEG, PNG or WEBP in base64."""
    start = data_url.find(",") + 1
    try:
        # The whole is decoded, so that a broken tail is found too; headers lie within the first part.
        content = base64.b64decode(data_url[start:], validate=True)
    except (binascii.Error, ValueError):
        return None
    return _facts(content[:_HEADER_CHARACTERS])


def _facts(content: bytes) -> ImageFacts | None:
    if content.startswith(b"\x89PNG\r\n\x1a\n") and len(content) >= 26:
        width, height, _, colour = struct.unpack(">IIBB", content[16:26])
        return ImageFacts("image/png", width, height, colour in (2, 3, 6))
    if content.startswith(b"\xff\xd8\xff"):
        return _jpeg(content)
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return _webp(content)
    return None


def _jpeg(content: bytes) -> ImageFacts:
    position = 2
    while position + 9 < len(content) and content[position] == 0xFF:
        marker = content[position + 1]
        if marker in _START_OF_FRAME:
            height, width, components = struct.unpack(">HHB", content[position + 5 : position + 10])
            return ImageFacts("image/jpeg", width, height, components == 3)
        position += 2 + int.from_bytes(content[position + 2 : position + 4], "big")
    # The frame lies beyond the part that is read, or was cut off: nothing can be held against it.
    return ImageFacts("image/jpeg", None, None, True)


def _webp(content: bytes) -> ImageFacts:
    kind = content[12:16]
    if kind == b"VP8X" and len(content) >= 30:
        width = 1 + int.from_bytes(content[24:27], "little")
        return ImageFacts("image/webp", width, 1 + int.from_bytes(content[27:30], "little"), True)
    if kind == b"VP8L" and len(content) >= 25:
        bits = int.from_bytes(content[21:25], "little")
        return ImageFacts("image/webp", 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF), True)
    if kind == b"VP8 " and len(content) >= 30:
        width, height = struct.unpack("<HH", content[26:30])
        return ImageFacts("image/webp", width & 0x3FFF, height & 0x3FFF, True)
    return ImageFacts("image/webp", None, None, True)
