"""Bounds of the tokens that a job will be billed for, before the service tells them."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass

from cupola_data.models import catalogue

from ..datasets.tokens import encoding_for
from ..models import Job

TOKENS_KEY = "cupola_tokens"
"""Metadata key under which a job that Cupola submits carries its file's tokens as they were counted."""

_KNOWN, _OTHERS = 1.5, 3.0
"""The service's tokens for each that was counted, at most, by a known encoding and by another: declared factors."""

_PAIR_PASSES = 2
"""A preference pair may be gone through as two conversations, each with the whole prompt."""


@dataclass(frozen=True, slots=True)
class TokenBounds:
    """Tokens of all epochs."""

    low: int
    """0 where nothing was counted."""
    high: int


def token_bounds(job: Job, file_bytes: int | None) -> TokenBounds | None:
    """Between how many tokens a job trains on; None where that is not known.

    By the tokens that were counted when it was submitted, give or take what another tokenizer may make of them; else
    by the size of its file: no token of a text is shorter than a byte, and JSON writes more around a message than
    tokens frame it. A model that sees images may be given them by their address, so that a size bounds nothing.

    Args:
        job: Which is billed by tokens.
        file_bytes: The size of its training file, if that is known.
    """
    epochs = job.hyperparameters.get("n_epochs")
    if not isinstance(epochs, int | float) or isinstance(epochs, bool) or not 1 <= epochs < 1_000:
        return None
    passes = _PAIR_PASSES if job.method == "dpo" else 1
    model = job.model.partition(".ft-")[0]
    counted = _counted(job)
    if counted is not None:
        factor = _KNOWN if encoding_for(model).exact else _OTHERS
        return TokenBounds(int(counted / factor * epochs), math.ceil(counted * factor * epochs * passes))
    base = catalogue().find(model)
    if file_bytes is None or base is None or base.vision:
        return None
    return TokenBounds(0, math.ceil(file_bytes * epochs * passes))


def _counted(job: Job) -> int | None:
    told = json.loads(job.raw)
    metadata = told.get("metadata") if isinstance(told, dict) else None
    text = metadata.get(TOKENS_KEY) if isinstance(metadata, dict) else None
    # A file has no more tokens than bytes, and the service takes none of a terabyte.
    return int(text) if isinstance(text, str) and text.isascii() and text.isdecimal() and len(text) < 13 else None
