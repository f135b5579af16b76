"""The roles that whoever signs in has, and what they allow on the control plane; switched while the emulator runs.

The definitions are the built-in roles' as far as Cognitive Services goes, from memory of the service's documentation.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

from .account import Account

PERSON = "developer@zava.example"
"""Who signs in: the emulator knows one person."""

_SERVICES = "Microsoft.CognitiveServices"
_READ = (f"{_SERVICES}/*/read", "Microsoft.Authorization/*/read")


@dataclass(frozen=True, slots=True)
class Role:
    """A built-in role."""

    name: str
    id: str
    actions: tuple[str, ...]
    data_actions: tuple[str, ...] = ()
    on_subscription: bool = False
    """Whether it is assigned on the subscription; else on the account, where it says nothing of quota."""
    other_name: str = ""
    """What it was called before."""


ROLES: tuple[Role, ...] = (
    Role("Owner", "8e3af657-a8ff-443c-a75c-2fe8c4bcb635", ("*",), on_subscription=True),
    Role(
        "Foundry User",
        "53ca6127-db72-4b80-b1b0-d745d6d5456d",
        (*_READ, f"{_SERVICES}/accounts/listkeys/action"),
        (f"{_SERVICES}/*",),
        other_name="Azure AI User",
    ),
    Role("Cognitive Services Contributor", "25fbc0a9-bd7c-42a3-aa1a-3b75d497ee68", (f"{_SERVICES}/*", *_READ)),
    Role(
        "Cognitive Services OpenAI Contributor",
        "a001fd3d-188f-4b5d-821b-7da978bf7442",
        (*_READ, f"{_SERVICES}/accounts/deployments/write", f"{_SERVICES}/accounts/deployments/delete"),
        (f"{_SERVICES}/accounts/OpenAI/*",),
    ),
    Role(
        "Cognitive Services User",
        "a97b65f3-24c7-4388-baec-2e87135dc908",
        (*_READ, f"{_SERVICES}/accounts/listkeys/action"),
        (f"{_SERVICES}/*",),
    ),
    Role(
        "Cognitive Services Usages Reader",
        "bba48692-92b0-4667-a9ad-c31c7b334ac2",
        (f"{_SERVICES}/locations/usages/read",),
        on_subscription=True,
    ),
    Role("Reader", "acdd72a7-3385-48ef-bd42-f606fba81ae7", ("*/read",)),
)

_BY_NAME = {name.casefold(): role for role in ROLES for name in (role.name, role.other_name) if name}


def find_role(name: str) -> Role | None:
    """The role of that name, in any case, old names included."""
    return _BY_NAME.get(name.casefold())


def principal_id(account: Account) -> str:
    """The object id of the person."""
    return str(uuid.uuid5(uuid.UUID(account.tenant_id), PERSON))


class Assignments:
    """The roles that are assigned."""

    def __init__(self, names: Iterable[str] = ("Owner", "Foundry User")) -> None:
        self.roles = tuple(role for role in map(find_role, names) if role is not None)

    def reaching(self, *, subscription: bool) -> Iterator[Role]:
        """The roles that count at the account's scope, or at the subscription's."""
        return (role for role in self.roles if role.on_subscription or not subscription)

    def allow(self, action: str, *, subscription: bool) -> bool:
        """Whether an action is allowed; actions are the same in any case."""
        wanted = action.casefold()
        roles = self.reaching(subscription=subscription)
        return any(fnmatchcase(wanted, allowed.casefold()) for role in roles for allowed in role.actions)
