"""Where things live on disk; the only module that knows.

`CUPOLA_HOME` overrides all of it. Results lie in the data directory, not the cache: a baseline of a retired model
cannot be fetched again.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import platformdirs


@dataclass(frozen=True, slots=True)
class Paths:
    """The directories of one installation. Nothing is created before it is asked for."""

    config: Path
    data: Path
    state: Path

    @property
    def config_file(self) -> Path:
        """Profiles and preferences; holds no secret."""
        return self.config / "config.toml"

    def profile_directory(self, profile: str) -> Path:
        """What is known under one profile."""
        return private_directory(self.data / "profiles" / file_name(profile))

    def store(self, profile: str) -> Path:
        """The profile's SQLite file."""
        return self.profile_directory(profile) / "store.sqlite3"

    def worker_lock(self, profile: str) -> Path:
        """Locked by the profile's worker for as long as it lives; holds its process id."""
        return private_directory(self.state / "workers") / f"{file_name(profile)}.lock"

    def log(self, name: str) -> Path:
        """A log file."""
        return private_directory(self.state / "logs") / f"{file_name(name)}.log"

    @property
    def tour_seen(self) -> Path:
        """Exists once the screen's tour was taken or skipped."""
        return private_directory(self.state) / "tour-seen"

    @property
    def emulator_state(self) -> Path:
        """The demo emulator's own state."""
        return private_directory(self.data / "emulator")


def default_paths(environment: Mapping[str, str] = os.environ) -> Paths:
    """The directories of this user, `CUPOLA_HOME` first, then the platform's customs."""
    home = environment.get("CUPOLA_HOME")
    if home:
        root = Path(home).expanduser().absolute()
        return Paths(root / "config", root / "data", root / "state")
    return Paths(
        platformdirs.user_config_path("cupola"),
        platformdirs.user_data_path("cupola"),
        platformdirs.user_state_path("cupola"),
    )


def private_directory(path: Path) -> Path:
    """Make a directory that only its owner can read, with its parents; return it."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def file_name(text: str) -> str:
    """A safe file name for any text: plain names stay as they are, others get a hash so that none collide."""
    plain = re.sub(r"[^A-Za-z0-9_-]+", "-", text).strip("-")[:48]
    if plain == text:
        return plain
    return f"{plain or 'x'}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"
