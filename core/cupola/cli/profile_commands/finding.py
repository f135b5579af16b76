"""Looking for a resource before a profile is written: the machine first, then the accounts that the login sees."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ...errors import CupolaError
from ...settings import KEY_NAMES, Profile
from ..context import Context

if TYPE_CHECKING:
    from ...azure.discovery import Account, Suggestion

_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found."""

    suggestions: tuple[Suggestion, ...]
    accounts: tuple[Account, ...] = ()
    problem: str = ""
    """Why the accounts could not be listed; "" if they were."""
    has_key: bool = False
    signed_in: bool = False
    """Somebody is signed in to az, or to what ARM was asked with."""

    @property
    def values(self) -> dict[str, str]:
        """Settings with their values."""
        return {one.setting: one.value for one in self.suggestions}


def look_around(context: Context, given: Mapping[str, str], *, ask_arm: bool = True) -> Findings:
    """Everything that can be found; `given` settings count before what is found."""
    return asyncio.run(_look_around(context, given, ask_arm))


async def _look_around(context: Context, given: Mapping[str, str], ask_arm: bool) -> Findings:
    from ...azure.discovery import from_az, from_azd, from_environment, merged

    environment = context.environment
    az = await from_az(environment)
    found = tuple(merged(from_environment(environment), from_azd(Path.cwd()), az))
    values = {**{one.setting: one.value for one in found}, **given}
    has_key = any(environment.get(name) for name in KEY_NAMES)
    if not ask_arm:
        return Findings(found, has_key=has_key, signed_in=bool(az))
    try:
        accounts = await asyncio.wait_for(_accounts(context, values), _SECONDS)
    except (CupolaError, TimeoutError) as error:
        return Findings(found, (), str(error) or "It took too long.", has_key, bool(az))
    return Findings(found, accounts, "", has_key, True)


async def _accounts(context: Context, values: Mapping[str, str]) -> tuple[Account, ...]:
    from ...azure.control_plane import open_control_plane
    from ...azure.discovery import accounts

    kind = values.get("credential", "")
    asking = Profile(
        values.get("name", "default"),
        endpoint=values.get("endpoint", ""),
        credential=kind if kind not in ("", "key") else "entra",
        tenant_id=values.get("tenant_id", ""),
        arm_endpoint=values.get("arm_endpoint") or "https://management.azure.com",
    )
    only = "" if asking.is_local else values.get("subscription_id", "")
    async with open_control_plane(asking, transport=context.transport, environment=context.environment) as plane:
        return tuple([one async for one in accounts(plane, only)])


def completed(given: Mapping[str, str], found: Findings, wanted_account: str = "") -> dict[str, str]:
    """The settings of a new profile: what was given, else what ARM says of its account, else what else was found.

    Where an endpoint was given, nothing is taken from what is about another resource.

    Raises:
        UsageError: no account of the wanted name was found, or several.
    """
    from ...azure.discovery import named
    from ...errors import UsageError

    values = found.values
    if wanted_account:
        fitting = named(found.accounts, wanted_account)
        if len(fitting) != 1:
            known = ", ".join(f"{one.resource_group}/{one.name}" for one in found.accounts) or "none was found"
            why = found.problem or f"Accounts: {known}."
            raise UsageError(f"{len(fitting)} accounts are called {wanted_account!r}.", why, "Give GROUP/ACCOUNT.")
        values = fitting[0].settings
    else:
        if given.get("endpoint") and _host(given["endpoint"]) != _host(values.get("endpoint", "")):
            values = {name: values[name] for name in ("tenant_id",) if name in values}
        account = _account_of({**values, **given}, found.accounts)
        if account is not None:
            told = account.settings
            # The given address may be a project's; where the account is, ARM tells.
            values = {**told, "endpoint": values.get("endpoint") or told["endpoint"]}
    return {name: value for name, value in {**values, **given}.items() if value}


def _account_of(values: Mapping[str, str], accounts: tuple[Account, ...]) -> Account | None:
    """The account that an endpoint belongs to; without an endpoint the one of the named account, or the only one."""
    host = _host(values.get("endpoint", ""))
    if host:
        by_host = [one for one in accounts if host == _host(one.endpoint) or host.partition(".")[0] == one.name.lower()]
        return by_host[0] if len(by_host) == 1 else None
    named = [one for one in accounts if one.name.casefold() == values.get("account", one.name).casefold()]
    return named[0] if len(named) == 1 else None


def _host(endpoint: str) -> str:
    return (urlsplit(endpoint).netloc or "").casefold()
