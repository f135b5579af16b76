"""One resource to work with, as a record without secrets, and what values its settings may have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any
from urllib.parse import urlsplit

from ..errors import UsageError

DATED_API_VERSION = "2025-04-01-preview"

CREDENTIALS: Mapping[str, str] = {
    "key": "an API key, from the environment or the keyring",
    "entra": "whoever is signed in: the environment's service principal, workload identity, az, azd, managed identity",
    "az": "the login of the az command line",
    "azd": "the login of azd",
    "device-code": "a person who enters a code on another device: `cupola profile sign-in`",
    "service-principal": "AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET or a certificate",
    "managed-identity": "the identity of the machine this runs on",
    "workload-identity": "AZURE_FEDERATED_TOKEN_FILE, as Kubernetes and CI systems set it",
}
"""Ways to prove who one is."""

_CHOICES: Mapping[str, tuple[str, ...]] = {"route": ("dated", "v1"), "credential": tuple(CREDENTIALS)}


@dataclass(frozen=True, slots=True)
class Profile:
    """One resource to work with. It never holds a secret."""

    name: str
    endpoint: str = ""
    route: str = "dated"
    """`dated` (`/openai/...?api-version=`) or `v1` (`/openai/v1/...`)."""
    api_version: str = DATED_API_VERSION
    project: str = ""
    credential: str = "key"
    """One of `CREDENTIALS`; all but `key` are Microsoft Entra's."""
    tenant_id: str = ""
    token_scope: str = ""
    """The Entra scope of the data plane; "" for the one that fits the endpoint."""
    subscription_id: str = ""
    resource_group: str = ""
    account: str = ""
    region: str = ""
    arm_endpoint: str = "https://management.azure.com"
    budget_soft: float = 0.0
    """Dollars after which Cupola warns; 0 for no such bound."""
    budget_hard: float = 0.0
    """Dollars after which Cupola pays for nothing more; 0 for no such bound."""
    budget_month_soft: float = 0.0
    """The same by calendar month of this place."""
    budget_month_hard: float = 0.0
    budget_day_soft: float = 0.0
    """The same by day of this place."""
    budget_day_hard: float = 0.0
    danger: bool = False
    """Shown in red: think twice here."""
    readonly: bool = False
    """Only looked at: what changes something or is paid for is refused, on the screen and the command line."""
    origins: Mapping[str, str] = field(default_factory=dict)
    """Where each value that is not built in came from."""

    @property
    def is_local(self) -> bool:
        """The endpoint is on this machine."""
        return (urlsplit(self.endpoint).hostname or "") in ("127.0.0.1", "localhost", "::1")


SETTINGS: Mapping[str, str] = {f.name: str(f.type) for f in fields(Profile) if f.name not in ("name", "origins")}
"""The settings of a profile with their kinds: str, float, bool."""

_KINDS = {"str": "text", "float": "a number that is not negative", "bool": "true or false"}


def checked(values: Mapping[str, Any], where: str) -> dict[str, Any]:
    """The settings, each of the right kind.

    Raises:
        UsageError: a setting does not exist, or its value is of the wrong kind; `where` says in which table.
    """
    return {name: _checked(name, value, where) for name, value in values.items()}


def _checked(name: str, value: Any, where: str) -> Any:
    kind = SETTINGS.get(name)
    if kind is None:
        raise UsageError(f"{where} has an unknown setting {name!r}.", f"Known settings: {', '.join(sorted(SETTINGS))}.")
    if kind == "float" and type(value) in (int, float) and 0 <= value < float("inf"):
        return float(value)
    if type(value).__name__ != kind or kind == "float":
        raise UsageError(f"{name} must be {_KINDS[kind]}.", f"It stands in: {where}.")
    choices = _CHOICES.get(name)
    if choices is not None and value not in choices:
        raise UsageError(f"{name} must be one of {', '.join(choices)}.", f"{where} says {str(value)[:60]!r}.")
    return value
