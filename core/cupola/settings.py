"""Profiles from TOML and environment, with where each value came from."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from .errors import UsageError

DEMO_PROFILE = "demo"
"""The profile that `cupola demo` uses; it points at the local emulator."""

DATED_API_VERSION = "2025-04-01-preview"

ENVIRONMENT_NAMES: Mapping[str, tuple[str, ...]] = {
    "endpoint": ("AZURE_OPENAI_ENDPOINT", "AZURE_API_ENDPOINT", "AZURE_ENDPOINT", "OPENAI_BASE_URL"),
    "api_version": ("AZURE_API_VERSION", "API_VERSION", "OPENAI_API_VERSION"),
    "subscription_id": ("AZURE_SUBSCRIPTION_ID", "SUBSCRIPTION_ID"),
    "resource_group": ("AZURE_RESOURCE_GROUP", "AZURE_RESOURCE_GROUP_NAME", "RESOURCE_GROUP"),
    "account": ("AZURE_AOAI_ACCOUNT", "AOAI_RESOURCE", "AZURE_ACCOUNT_NAME"),
    "region": ("AZURE_LOCATION",),
}
"""The spellings in use in Microsoft's own samples; the first that is set wins."""

KEY_NAMES = ("AZURE_OPENAI_API_KEY", "AZURE_API_KEY", "AOAI_KEY")


@dataclass(frozen=True, slots=True)
class Profile:
    """One resource to work with. It never holds a secret."""

    name: str
    endpoint: str = ""
    route: str = "dated"
    """`dated` (`/openai/...?api-version=`) or `v1` (`/openai/v1/...`)."""
    api_version: str = DATED_API_VERSION
    credential: str = "key"
    """`key` (from the environment or the keyring) or `entra`."""
    subscription_id: str = ""
    resource_group: str = ""
    account: str = ""
    region: str = ""
    arm_endpoint: str = "https://management.azure.com"
    danger: bool = False
    """Shown in red: think twice here."""
    origins: Mapping[str, str] = field(default_factory=dict)
    """Where each value that is not built in came from."""

    @property
    def is_local(self) -> bool:
        """The endpoint is on this machine."""
        return (urlsplit(self.endpoint).hostname or "") in ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class Settings:
    """The configuration file, read."""

    default_profile: str
    profiles: Mapping[str, Mapping[str, Any]]
    file: Path


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
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{file} is not valid TOML.", str(error), "Mend the line it names.") from error
    profiles = document.get("profiles", {})
    if not isinstance(profiles, dict) or not all(isinstance(table, dict) for table in profiles.values()):
        raise UsageError(f"In {file}, each profile must be a table.", remedy="Write it as [profiles.NAME].")
    return Settings(str(document.get("default", "default")), profiles, file)


def resolve_profile(
    settings: Settings, name: str | None = None, environment: Mapping[str, str] = os.environ, **flags: str
) -> Profile:
    """Put a profile together: flag before environment before file before built-in.

    The environment fills in only what a named profile leaves open, so that a profile means the same everywhere. It says
    nothing about the demo, which must never meet a real resource.

    Raises:
        UsageError: the named profile does not exist, or a value in it is of the wrong kind.
    """
    chosen = name or environment.get("CUPOLA_PROFILE") or settings.default_profile
    if name and name not in (*settings.profiles, settings.default_profile, DEMO_PROFILE):
        known = ", ".join(sorted(settings.profiles)) or "none yet"
        raise UsageError(f"There is no profile {name!r}.", f"Known profiles: {known}.", f"Add it to {settings.file}.")
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for key, names in ENVIRONMENT_NAMES.items() if chosen != DEMO_PROFILE else ():
        hit = next((variable for variable in names if environment.get(variable)), None)
        if hit:
            values[key], origins[key] = environment[hit], f"environment {hit}"
    for key, value in settings.profiles.get(chosen, {}).items():
        values[key], origins[key] = value, f"profile {chosen} in {settings.file}"
    for key, value in flags.items():
        if value:
            values[key], origins[key] = value, "command line"
    return Profile(chosen, origins=origins, **_checked(values, chosen))


def _checked(values: Mapping[str, Any], profile: str) -> dict[str, Any]:
    kinds = {f.name: f.type for f in fields(Profile) if f.name not in ("name", "origins")}
    for key, value in values.items():
        if key not in kinds:
            known = ", ".join(sorted(kinds))
            raise UsageError(f"Profile {profile!r} has an unknown setting {key!r}.", f"Known settings: {known}.")
        wanted = bool if kinds[key] == "bool" else str
        if not isinstance(value, wanted):
            raise UsageError(
                f"In profile {profile!r}, {key} must be a {'true or false' if wanted is bool else 'text'}."
            )
    if values.get("route", "dated") not in ("dated", "v1"):
        raise UsageError(f"In profile {profile!r}, route must be 'dated' or 'v1'.")
    if values.get("credential", "key") not in ("key", "entra"):
        raise UsageError(f"In profile {profile!r}, credential must be 'key' or 'entra'.")
    return dict(values)
