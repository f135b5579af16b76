"""How Cupola proves who it is: a key from the environment or the keyring, or Entra. A secret is never shown."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ..errors import NotAllowedError, ServiceError
from ..settings import KEY_NAMES, Profile
from .keyring_secrets import look, read_secret
from .sign_in import Chain, chain_for

if TYPE_CHECKING:
    import httpx2

_REFRESH_BEFORE_SECONDS = 300.0
_REFRESH_BEFORE_SHARE = 0.2
"""A token that lives shortly is not thrown away as soon as it comes."""


@dataclass(frozen=True, slots=True)
class KeyCredential:
    """An API key; its repr does not hold it."""

    key: str = field(repr=False)
    origin: str
    """Where the key was found."""


@dataclass(slots=True)
class EntraCredential:
    """Tokens of Microsoft Entra for one scope, fetched in a thread and kept in memory until shortly before they end."""

    scope: str
    get_token: Callable[[str], Any] = field(repr=False)
    """`azure.identity`'s: scope to an object with `token` and `expires_on` (unix seconds)."""
    now: Callable[[], float] = time.time
    _token: str = field(default="", repr=False)
    _expires_at: float = 0.0
    _refresh_at: float = 0.0
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock, repr=False)

    @property
    def who(self) -> str:
        """Which login gave the last token; "" where that is not known."""
        return self.get_token.who if isinstance(self.get_token, Chain) else ""

    async def token(self) -> str:
        """A token that is still good. While Entra is away, the old one serves until it ends.

        Raises:
            NotAllowedError: nobody is signed in.
            UnreachableError: Entra cannot be reached.
        """
        async with self._lock:
            if not self._token or self.now() > self._refresh_at:
                try:
                    await self._refresh()
                except ServiceError:
                    if not self._token or self.now() >= self._expires_at:
                        raise
            return self._token

    def forget(self) -> None:
        """Drop the token: the service refused it, so this machine's clock or the login has changed."""
        self._token = ""

    async def _refresh(self) -> None:
        asked_at = self.now()
        fetched = await asyncio.to_thread(self._fetch)
        self._token, self._expires_at = fetched.token, float(fetched.expires_on)
        life = max(0.0, self._expires_at - asked_at)
        self._refresh_at = self._expires_at - min(_REFRESH_BEFORE_SECONDS, life * _REFRESH_BEFORE_SHARE)

    def _fetch(self) -> Any:
        from azure.core.exceptions import ClientAuthenticationError

        try:
            return self.get_token(self.scope)
        except ClientAuthenticationError as error:
            raise NotAllowedError(
                "Microsoft Entra gave no token.",
                "Nobody is signed in on this machine, as far as az, azd, the environment and managed identity know.",
                "Sign in with `az login --use-device-code`.",
                raw=str(error.message)[:4_000],
            ) from None


Credential = KeyCredential | EntraCredential


def forgetting(credential: object) -> list[Callable[[httpx2.Response], Awaitable[None]]]:
    """What an HTTP client does with answers so that a token that was refused is not sent again."""
    if not isinstance(credential, EntraCredential):
        return []

    async def answered(response: httpx2.Response) -> None:
        if response.status_code == 401:
            credential.forget()

    return [answered]


def find_credential(
    profile: Profile,
    environment: Mapping[str, str] = os.environ,
    keyring_lookup: Callable[[str], str | None] | None = None,
) -> Credential:
    """The credential of a profile: Entra if it says so, else a key from the environment, else from the keyring.

    Raises:
        NotAllowedError: there is no key.
    """
    if profile.credential != "key":
        scope = profile.token_scope or scope_of(profile.endpoint, environment)
        return EntraCredential(scope, chain_for(profile, environment))
    for name in KEY_NAMES:
        if environment.get(name):
            return KeyCredential(environment[name].strip(), f"environment {name}")
    key = keyring_lookup(profile.name) if keyring_lookup else read_secret(profile.name, environment=environment)
    if key:
        return KeyCredential(key, "keyring")
    state = look(environment=environment) if keyring_lookup is None else None
    raise NotAllowedError(
        f"There is no key for profile {profile.name!r}.",
        "It is neither in the environment nor in the keyring"
        + (f", which is {state.kind}. {state.why}".rstrip() if state and not state.usable else "."),
        (state.choices if state else "")
        or f"Keep one with `cupola profile key {profile.name}`, set {KEY_NAMES[0]}, or let the profile sign in: "
        f"cupola config set profiles.{profile.name}.credential entra",
    )


def scope_of(endpoint: str, environment: Mapping[str, str] = os.environ) -> str:
    """The Entra scope that fits an endpoint; `AZURE_FINETUNING_TOKEN_SCOPE` overrides it."""
    if environment.get("AZURE_FINETUNING_TOKEN_SCOPE"):
        return environment["AZURE_FINETUNING_TOKEN_SCOPE"]
    host = urlsplit(endpoint).hostname or ""
    if host.endswith(".services.ai.azure.com"):
        return "https://ai.azure.com/.default"
    return "https://cognitiveservices.azure.com/.default"
