"""Why the service does not answer, in a few plain words for a line with little room."""

from __future__ import annotations

import re

from .models import Problem

_LONGEST = 44

_WORDS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), words)
    for pattern, words in (
        (r"^There is no key\b", "no key"),
        (r"^Microsoft Entra gave no token", "not signed in"),
        (r"^Microsoft Entra refused", "sign-in refused"),
        (r"refused \(401.*\bexpired\b", "sign-in expired"),
        (r"refused \(401", "key or sign-in not accepted"),
        (r"refused \(403", "not allowed"),
        (r"refused \(429", "asked to wait"),
        (r"refused \(5\d\d", "service down"),
        (r"refused \(404", "not found at this address"),
        (r"^The service refused", "refused"),
        (r"did not answer in time", "no answer in time"),
        (r"name or service not known|name resolution|nodename nor servname|getaddrinfo|no address assoc", "no DNS"),
        (r"network is unreachable|no route to host|network is down", "no network"),
        (r"certificate|\bSSL\b|\bTLS\b", "no trusted connection"),
        (r"proxy", "stopped at the proxy"),
        (r"cannot be reached", "out of reach"),
        (r"^The worker has failed", "worker failed"),
    )
)
"""What is found in a problem's own words, and its cause, and what it is called; the first that fits."""


def in_short(problem: Problem) -> str:
    """Such as `no key`, `no DNS`, `service down`; the problem's own beginning where it is of another kind."""
    # The remedy names proxies and certificates for everything that is out of reach: it tells no cause.
    said = f"{problem.what} {problem.why}"
    for pattern, words in _WORDS:
        if pattern.search(said):
            return words
    short = problem.what.rstrip(".")
    return short if len(short) <= _LONGEST else f"{short[: _LONGEST - 1].rstrip()}…"
