"""Who the emulated resource is: its key, name and subscription, made once for each state directory."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
import uuid
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Account:
    """The identity of one emulated resource."""

    api_key: str
    token_secret: str
    """Signs the bearer tokens that the emulator issues."""
    subscription_id: str
    tenant_id: str
    resource_group: str = "cupola-emulator"
    name: str = "zava"
    location: str = "swedencentral"
    region: str = "Sweden Central"
    """The location's display name."""

    @property
    def second_key(self) -> str:
        """The other of the two keys that every account has; both open it."""
        return hmac.new(self.token_secret.encode(), b"second key", hashlib.sha256).hexdigest()


def _fresh_account() -> Account:
    return Account(
        api_key=secrets.token_hex(32),
        token_secret=secrets.token_hex(32),
        subscription_id=str(uuid.uuid4()),
        tenant_id=str(uuid.uuid4()),
    )


def open_account(state_dir: Path) -> Account:
    """The account kept in the state directory, made on first use and readable by its owner only."""
    path = state_dir / "account.json"
    if path.exists():
        return Account(**json.loads(path.read_text(encoding="utf-8")))
    account = _fresh_account()
    draft = path.with_suffix(".new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        json.dump(asdict(account), stream)
    draft.replace(path)
    return account
