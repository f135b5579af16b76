"""Signing in with a code from another device, and how long tokens last: kept in memory, gone with the process."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from enum import StrEnum

from .auth import TOKEN_SECONDS

CODE_SECONDS = 900
"""How long a code may be entered."""

MOST_WAITING = 1_000
_LETTERS = "BCDFGHJKLMNPQRSTVWXZ23456789"
"""Without those that are easily mistaken for each other, or make words."""


class Decision(StrEnum):
    """What a person said to a code."""

    PENDING = "pending"
    APPROVED = "approved"
    DECLINED = "declined"


@dataclass(slots=True)
class SignIn:
    """A program waiting for somebody to enter its code."""

    user_code: str
    device_code: str
    client_id: str
    scope: str
    expires_at: float
    decision: Decision = Decision.PENDING


class SignIns:
    """The programs that wait, and the settings of the token endpoints."""

    def __init__(self) -> None:
        self.lifetime_seconds = TOKEN_SECONDS
        """Of the tokens issued from now on."""
        self.approves_at_once = False
        """Whether codes count as entered without anybody entering them."""
        self._waiting: dict[str, SignIn] = {}

    def begin(self, client_id: str, scope: str, now: float) -> SignIn:
        """Give a program its codes; beyond a bound the one that waits longest is forgotten."""
        if len(self._waiting) >= MOST_WAITING:
            del self._waiting[next(iter(self._waiting))]
        user_code = "".join(secrets.choice(_LETTERS) for _ in range(9))
        decision = Decision.APPROVED if self.approves_at_once else Decision.PENDING
        entry = SignIn(user_code, secrets.token_urlsafe(48), client_id, scope, now + CODE_SECONDS, decision)
        self._waiting[entry.device_code] = entry
        return entry

    def decide(self, user_code: str, decision: Decision, now: float) -> bool:
        """Approve or decline a code; whether anybody waits for it."""
        wanted = user_code.strip().upper()
        for entry in self._waiting.values():
            if secrets.compare_digest(entry.user_code, wanted if wanted.isascii() else "") and entry.expires_at > now:
                entry.decision = decision
                return True
        return False

    def find(self, device_code: str) -> SignIn | None:
        """What waits under a device code."""
        return self._waiting.get(device_code)

    def forget(self, entry: SignIn) -> None:
        """End the waiting: a code serves once."""
        self._waiting.pop(entry.device_code, None)
