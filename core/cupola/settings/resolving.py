"""Putting a profile together from flags, environment, its table, the file's defaults and what is built in."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from ..errors import UsageError
from .names import DEMO_PROFILE, find_names
from .profile import Profile, checked
from .reading import Settings

_PROJECT = re.compile(r"/api/projects/([^/]+)")


def resolve_profile(
    settings: Settings, name: str | None = None, environment: Mapping[str, str] = os.environ, **flags: str
) -> Profile:
    """Put a profile together: flag before environment before profile before the file's defaults before built-in.

    Who names a profile, by `name` or CUPOLA_PROFILE, means it as it is written: the environment then fills in only what
    it leaves open. Where nobody did and the environment names another endpoint than the default profile, that is
    another resource with a name of its own: neither the profile's key nor its store must meet it. The environment says
    nothing about the demo, which must never meet a real resource.

    Raises:
        UsageError: the named profile does not exist, or a value in it is of the wrong kind.
    """
    chosen = name or environment.get("CUPOLA_PROFILE") or settings.default_profile
    if name and name not in (*settings.profiles, settings.default_profile, DEMO_PROFILE):
        known = ", ".join(sorted(settings.profiles)) or "none yet"
        raise UsageError(
            f"There is no profile {name!r}.", f"Known profiles: {known}.", f"Add it: cupola profile add {name}"
        )
    found = {} if chosen == DEMO_PROFILE else {hit.setting: hit for hit in find_names(environment)}
    surrounding = {setting: (hit.value, f"environment {hit.variable}") for setting, hit in found.items()}
    table = settings.profiles.get(chosen, {})
    named = bool(name or environment.get("CUPOLA_PROFILE"))
    if not named and "endpoint" in found and _differ(found["endpoint"].value, table.get("endpoint")):
        chosen, table = urlsplit(found["endpoint"].value).hostname or "environment", {}
    written = _all_from(checked(table, f"Profile {chosen}"), f"profile {chosen} in {settings.file}")
    layers = [
        _all_from(checked(settings.defaults, f"[defaults] in {settings.file}"), f"[defaults] in {settings.file}"),
        *((surrounding, written) if named else (written, surrounding)),
        _all_from(checked({key: value for key, value in flags.items() if value}, "The command line"), "command line"),
    ]
    merged = {key: entry for layer in layers for key, entry in layer.items()}
    merged = {**_read_off(merged), **merged}
    origins = {key: origin for key, (_, origin) in merged.items()}
    return Profile(chosen, origins=origins, **{key: value for key, (value, _) in merged.items()})


def _all_from(values: Mapping[str, Any], origin: str) -> dict[str, tuple[Any, str]]:
    return {key: (value, origin) for key, value in values.items()}


def _differ(one: str, other: object) -> bool:
    """Whether both are endpoints, and of different resources."""
    return isinstance(other, str) and bool(other) and _bare(one) != _bare(other)


def _bare(endpoint: str) -> str:
    return re.sub(r"(/openai)?(/v1)?/*$", "", endpoint.strip()).casefold()


def _read_off(merged: Mapping[str, tuple[Any, str]]) -> dict[str, tuple[Any, str]]:
    """What the endpoint itself tells: a project's address and one that ends in /openai/v1 serve the v1 route only."""
    path = urlsplit(str(merged["endpoint"][0])).path if "endpoint" in merged else ""
    project = _PROJECT.search(path)
    told: dict[str, Any] = {}
    if project or path.rstrip("/").endswith("/openai/v1"):
        told["route"] = "v1"
    if project:
        told["project"] = unquote(project[1])
    return _all_from(told, "the endpoint")
