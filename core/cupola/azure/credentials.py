"""How Cupola proves who it is: a key from the environment or the keyring, or Entra. A secret is never shown."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from ..errors import NotAllowedError
from ..settings import KEY_NAMES, Profile

KEYRING_SERVICE = "cupola"
_KEYRING_SECONDS = 3.0
_TRUSTED_BACKENDS = ("SecretService", "libsecret", "kwallet", "macOS", "Windows")
"""Others keep secrets in the open, or lose them without a word."""

_REFRESH_BEFORE_SECONDS = 300.0


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
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock, repr=False)

    async def token(self) -> str:
        """A token that is still good.

        Raises:
            NotAllowedError: nobody is signed in.
        """
        async with self._lock:
            if not self._token or self.now() > self._expires_at - _REFRESH_BEFORE_SECONDS:
                fetched = await asyncio.to_thread(self._fetch)
                self._token, self._expires_at = fetched.token, float(fetched.expires_on)
            return self._token

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


def find_credential(
    profile: Profile,
    environment: Mapping[str, str] = os.environ,
    keyring_lookup: Callable[[str], str | None] | None = None,
) -> Credential:
    """The credential of a profile: Entra if it says so, else a key from the environment, else from the keyring.

    Raises:
        NotAllowedError: there is no key.
    """
    if profile.credential == "entra":
        return EntraCredential(scope_of(profile.endpoint, environment), _azure_identity())
    for name in KEY_NAMES:
        if environment.get(name):
            return KeyCredential(environment[name].strip(), f"environment {name}")
    key = (keyring_lookup or key_in_keyring)(profile.name)
    if key:
        return KeyCredential(key, "keyring")
    raise NotAllowedError(
        f"There is no key for profile {profile.name!r}.",
        "It is neither in the environment nor in the keyring.",
        f"Set {KEY_NAMES[0]}, or set credential = 'entra' in the profile and sign in with `az login`.",
    )


def scope_of(endpoint: str, environment: Mapping[str, str] = os.environ) -> str:
    """The Entra scope that fits an endpoint; `AZURE_FINETUNING_TOKEN_SCOPE` overrides it."""
    if environment.get("AZURE_FINETUNING_TOKEN_SCOPE"):
        return environment["AZURE_FINETUNING_TOKEN_SCOPE"]
    host = urlsplit(endpoint).hostname or ""
    if host.endswith(".services.ai.azure.com"):
        return "https://ai.azure.com/.default"
    return "https://cognitiveservices.azure.com/.default"


def key_in_keyring(profile: str, seconds: float = _KEYRING_SECONDS) -> str | None:
    """The profile's key in the operating system's keyring, or None; a keyring that hangs is given up."""
    found: list[str] = []
    # A locked keyring may wait for a prompt on a screen that nobody sees.
    thread = threading.Thread(target=_read_keyring, args=(profile, found), daemon=True)
    thread.start()
    thread.join(seconds)
    return found[0] if found else None


def _read_keyring(profile: str, found: list[str]) -> None:
    import keyring

    try:
        if not any(name in type(keyring.get_keyring()).__module__ for name in _TRUSTED_BACKENDS):
            return
        key = keyring.get_password(KEYRING_SERVICE, profile)
    except Exception:  # noqa: BLE001  # backends let errors of their own transports through
        return
    if key:
        found.append(key)


def _azure_identity() -> Callable[[str], Any]:
    import logging

    from azure.identity import DefaultAzureCredential

    # Without a handler its warnings would land on stderr.
    logging.getLogger("azure").addHandler(logging.NullHandler())
    return DefaultAzureCredential().get_token
