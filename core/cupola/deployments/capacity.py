"""How much capacity a test on a deployment needs: no more than it takes, since quota is shared."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

_LEAST, _MOST = 10, 250
_GUESSED_TOKENS = 600
"""Of a prompt and its answer, where nothing is known."""
_MINUTES = 2.0
"""In which the capacity should carry the test."""


def capacity_for(items: float, sampling: Mapping[str, Any]) -> int:
    """Thousands of tokens a minute that carry a test in a few minutes.

    Args:
        items: How many requests it sends.
        sampling: Of the requests; a bound on the answer is taken as its length.
    """
    bound = sampling.get("max_completion_tokens") or sampling.get("max_tokens") or 0
    tokens = items * max(_GUESSED_TOKENS, int(bound) if isinstance(bound, int) else 0)
    # One unit of capacity brings a request a minute as well.
    wanted = max(tokens / 1_000, items) / _MINUTES
    return int(min(max(math.ceil(wanted), _LEAST), _MOST))
