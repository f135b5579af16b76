"""Content hashes: the same content, the same name."""

from __future__ import annotations

import hashlib
import json
from typing import Any

_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def canonical(value: Any) -> str:
    """The JSON text that equal values share: keys sorted, no white space."""
    return _CANONICAL.encode(value)


def digest(value: Any) -> str:
    """128 bits of BLAKE2b over the canonical JSON, in hex."""
    return digest_text(canonical(value))


def digest_text(text: str) -> str:
    """128 bits of BLAKE2b over a text, in hex; half characters are hashed as they are."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
