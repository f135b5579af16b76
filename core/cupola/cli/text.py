"""Text from outside, made harmless for a terminal."""

from __future__ import annotations

import unicodedata

_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")

_TAGS = range(0xE0000, 0xE0080)
"""Letters that nobody sees."""


def clean(text: str) -> str:
    """One line without control characters: C0 and DEL as their symbols, what else could steer a terminal as �."""
    return text if text.isascii() and text.isprintable() else "".join(map(_harmless, text))


def clean_lines(text: str) -> str:
    """Like `clean`, but line breaks stay."""
    return "\n".join(clean(line) for line in text.split("\n"))


def _harmless(character: str) -> str:
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    if character in _BIDI or code in _TAGS or unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp"):
        return "\ufffd"
    return character
