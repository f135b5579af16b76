"""The two spellings of the service: ids, states and nulls as Azure writes them, or as OpenAI does."""

from __future__ import annotations

import secrets
import string
import uuid
from typing import Literal

Dialect = Literal["azure", "openai"]

_BASE62 = (string.ascii_letters + string.digits).encode()
_TO_BASE62 = bytes(_BASE62[byte % 62] for byte in range(256))
"""Maps random bytes to letters and digits; an id is to be unique, not evenly drawn."""


def new_id(prefix: str, dialect: Dialect, length: int = 24) -> str:
    """A fresh id such as `file-<32 hex>` (azure) or `file-<24 base62>` (openai)."""
    if dialect == "azure":
        return f"{prefix}-{uuid.uuid4().hex}"
    return f"{prefix}-{secrets.token_bytes(length).translate(_TO_BASE62).decode()}"


def new_timed_id(prefix: str, created_at: float) -> str:
    """A fresh id of the evaluations, in both dialects; its first eight hex digits are the time in unix seconds."""
    return f"{prefix}_{int(created_at):08x}{secrets.token_hex(12)}"


def new_eval_id(created_at: float) -> str:
    """A fresh id of an evaluation."""
    return new_timed_id("eval", created_at)
