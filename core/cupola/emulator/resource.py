"""The emulated resource: its identity, its memory and its time."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field

from cupola_data.models import Catalogue

from .account import Account
from .clock import Clock
from .dialect import Dialect
from .limits import RateLimits
from .roles import Assignments
from .sign_ins import SignIns
from .state.folders import Folders
from .state.ledger import Ledger


@dataclass(frozen=True, slots=True)
class Resource:
    """What does not change while the emulator runs, and the way to what does."""

    account: Account
    catalogue: Catalogue
    clock: Clock
    database: sqlite3.Connection
    dialect: Dialect
    folders: Folders
    engines: str
    """Where child processes find the tiny models: `module:name` or `/path/to/file.py:name`."""
    limits: RateLimits
    """The rate limits of every deployment, whoever calls it."""
    ledger: Ledger
    """Every inference call that was answered."""
    reinforcement_limit: float = 5000.0
    """US dollars that a reinforcement job may spend before it pauses by itself."""
    sign_ins: SignIns = field(default_factory=SignIns)
    """People signing in with a code, and how long tokens last."""
    roles: Assignments = field(default_factory=Assignments)
    """What whoever signs in may do on the control plane."""
