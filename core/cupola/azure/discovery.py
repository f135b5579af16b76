"""Finding a resource to work with: names in the environment, az's login, azd's environment, the accounts of ARM."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from ..errors import ServiceError
from ..settings import find_names
from .control_plane import ControlPlane
from .wire.reading import Json, mapping, objects, text

_SUBSCRIPTIONS_VERSION = "2022-12-01"
_KINDS = ("OpenAI", "AIServices")
_MOST_SUBSCRIPTIONS = 50
_AZ_SECONDS = 15.0
_LARGEST_FILE = 2**20
_ASSIGNMENT = re.compile(r"""\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*("(?:[^"\\]|\\.)*"|'[^']*'|[^#\n]*)""")


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A value for one setting of a profile, and who says so."""

    setting: str
    value: str
    origin: str
    contradicted_by: tuple[str, ...] = ()
    """Other places that say something else."""


@dataclass(frozen=True, slots=True)
class Account:
    """An account that fine-tuned models can live in, as ARM tells of it."""

    name: str
    resource_group: str
    subscription_id: str
    subscription_name: str
    tenant_id: str
    region: str
    kind: str
    endpoint: str
    keys_allowed: bool | None
    """Whether API keys are taken at all; None where the service does not say."""

    @property
    def settings(self) -> dict[str, str]:
        """The settings of a profile for it."""
        return {
            "endpoint": self.endpoint,
            "subscription_id": self.subscription_id,
            "resource_group": self.resource_group,
            "account": self.name,
            "region": self.region,
            "tenant_id": self.tenant_id,
        }


def from_environment(environment: Mapping[str, str]) -> list[Suggestion]:
    """What the environment names, in any of the spellings in use; keys are not among it."""
    return [Suggestion(one.setting, one.value, one.variable, one.others) for one in find_names(environment)]


def from_azd(folder: Path) -> list[Suggestion]:
    """What the default environment of azd says, in this folder or one above it."""
    for place in (folder, *folder.parents):
        config = place / ".azure" / "config.json"
        if config.is_file():
            name = text(_json_of(_read(config)).get("defaultEnvironment")) or ""
            # The name is a folder's and must not lead elsewhere.
            if not name or Path(name).name != name:
                return []
            values = assignments(_read(place / ".azure" / name / ".env"))
            return [Suggestion(one.setting, one.value, f"azd {name}: {one.variable}") for one in find_names(values)]
    return []


async def from_az(environment: Mapping[str, str]) -> list[Suggestion]:
    """The subscription and tenant that `az` is signed in to; none where az is absent or nobody is."""
    try:
        process = await asyncio.create_subprocess_exec(
            "az",
            "account",
            "show",
            "--output",
            "json",
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=dict(environment),
        )
    except OSError:
        return []
    try:
        async with asyncio.timeout(_AZ_SECONDS):
            out, _ = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        return []
    told = _json_of(out.decode("utf-8", "replace"))
    person = text(mapping(told.get("user")).get("name")) or "az"
    pairs = (("subscription_id", told.get("id")), ("tenant_id", told.get("tenantId")))
    return [Suggestion(name, value, f"az login of {person}") for name, raw in pairs if (value := text(raw))]


def merged(*sources: Iterable[Suggestion]) -> list[Suggestion]:
    """One suggestion a setting: the first source that says something wins; who contradicts it is named."""
    found: dict[str, Suggestion] = {}
    for suggestion in (one for source in sources for one in source):
        first = found.setdefault(suggestion.setting, suggestion)
        if first.value != suggestion.value:
            others = (*first.contradicted_by, suggestion.origin)
            found[first.setting] = Suggestion(first.setting, first.value, first.origin, others)
    return list(found.values())


async def accounts(plane: ControlPlane, only: str = "") -> AsyncIterator[Account]:
    """The accounts of all subscriptions that the login sees, or of `only` one; those without rights are passed over.

    Raises:
        ServiceError: the subscriptions cannot be listed.
    """
    listed = await plane.get("/subscriptions", _SUBSCRIPTIONS_VERSION)
    subscriptions = [one for one in objects(listed.get("value")) if text(one.get("subscriptionId"))]
    for subscription in subscriptions[:_MOST_SUBSCRIPTIONS]:
        own = text(subscription.get("subscriptionId")) or ""
        if only and own.casefold() != only.casefold():
            continue
        try:
            path = f"/subscriptions/{quote(own, safe='')}/providers/Microsoft.CognitiveServices/accounts"
            entries = await plane.every(path)
        except ServiceError:
            if only:
                raise
            continue
        for entry in entries:
            account = _account(entry, subscription)
            if account is not None:
                yield account


def _account(entry: Json, subscription: Json) -> Account | None:
    parts = (text(entry.get("id")) or "").strip("/").split("/")
    kind, properties = text(entry.get("kind")) or "", mapping(entry.get("properties"))
    if len(parts) != 8 or kind not in _KINDS:
        return None
    disabled = properties.get("disableLocalAuth")
    return Account(
        name=parts[7],
        resource_group=parts[3],
        subscription_id=parts[1],
        subscription_name=text(subscription.get("displayName")) or "",
        tenant_id=text(subscription.get("tenantId")) or "",
        region=text(entry.get("location")) or "",
        kind=kind,
        endpoint=_endpoint(properties),
        keys_allowed=None if not isinstance(disabled, bool) else not disabled,
    )


def _endpoint(properties: Json) -> str:
    """The data plane's address: the one of the OpenAI API where several are listed."""
    listed = mapping(properties.get("endpoints"))
    named = [text(listed.get("OpenAI Language Model Instance API")), text(properties.get("endpoint"))]
    addresses = [one.rstrip("/") for one in named if one]
    return next((one for one in addresses if urlsplit(one).scheme in ("https", "http")), "")


def assignments(content: str) -> dict[str, str]:
    """The variables of a .env file; nothing in it is expanded or run."""
    found = {}
    for row in content.splitlines():
        match = _ASSIGNMENT.fullmatch(row.split(" #")[0] if '"' not in row and "'" not in row else row)
        if match is not None:
            found[match[1]] = _unquoted(match[2].strip())
    return found


def _unquoted(value: str) -> str:
    if len(value) >= 2 and value[0] == value[-1] == '"':
        return re.sub(r"\\(.)", r"\1", value[1:-1])
    return value[1:-1] if len(value) >= 2 and value[0] == value[-1] == "'" else value


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_LARGEST_FILE).decode("utf-8", "replace")
    except OSError:
        return ""


def _json_of(content: str) -> dict[str, Any]:
    try:
        return mapping(json.loads(content))
    except (ValueError, RecursionError):
        return {}


def named(found: Sequence[Account], name: str) -> list[Account]:
    """The accounts of that name, in any case, with or without its resource group before a slash."""
    group, _, account = name.rpartition("/")
    return [
        one
        for one in found
        if one.name.casefold() == account.casefold()
        and (not group or one.resource_group.casefold() == group.casefold())
    ]
