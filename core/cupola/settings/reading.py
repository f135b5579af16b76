"""Reading the configuration file."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import UsageError


@dataclass(frozen=True, slots=True)
class Settings:
    """The configuration file, read."""

    default_profile: str
    profiles: Mapping[str, Mapping[str, Any]]
    file: Path
    defaults: Mapping[str, Any] = field(default_factory=dict)
    """What holds for every profile that does not say otherwise."""
    document: Mapping[str, Any] = field(default_factory=dict)
    """All that stands in the file."""


def read_settings(file: Path) -> Settings:
    """Read the configuration file; a missing one is empty.

    Raises:
        UsageError: the file is not TOML, or a profile in it is not a table.
    """
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        return Settings("default", {}, file)
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file} cannot be read.", str(error), "Mend or move the file.") from error
    return parse_settings(text, file)


def parse_settings(text: str, file: Path) -> Settings:
    """The settings that a text says; `file` is where it stands or will stand.

    Raises:
        UsageError: it is not TOML, or a table is something else.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{file} is not valid TOML.", str(error), "Mend the line it names.") from error
    profiles = document.get("profiles", {})
    if not isinstance(profiles, dict) or not all(isinstance(table, dict) for table in profiles.values()):
        raise UsageError(f"In {file}, each profile must be a table.", remedy="Write it as [profiles.NAME].")
    defaults = document.get("defaults", {})
    if not isinstance(defaults, dict):
        raise UsageError(f"In {file}, defaults must be a table.", remedy="Write it as [defaults].")
    return Settings(str(document.get("default", "default")), profiles, file, defaults, document)
