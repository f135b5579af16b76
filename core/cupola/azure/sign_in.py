"""Microsoft Entra's ways to a token, each through azure-identity: who answers is remembered and can be told."""

from __future__ import annotations

import json
import logging
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from ..errors import NotAllowedError, UnreachableError, UsageError
from ..settings import Profile
from .keyring_secrets import keep_secret, read_secret
from .secrets import without_secrets

SESSION_VARIABLE = "CUPOLA_SIGN_IN"
"""Hands a device-code sign-in down to the worker where no keyring keeps it."""

_RAW_KEPT = 4_000
_CODE_SECONDS = 900

GetToken = Callable[[str], Any]
"""Scope to an object with `token` and `expires_on` (unix seconds)."""


@dataclass(frozen=True, slots=True)
class Code:
    """What a person enters on another device."""

    address: str
    code: str
    seconds: float
    """How long it may be entered."""


@dataclass(slots=True)
class Chain:
    """Asks one source after the other; the first that has a login gives the token, and is asked first from then on."""

    sources: Sequence[tuple[str, Callable[[], Any]]] = field(repr=False)
    """Names with makers of azure-identity's credentials."""
    who: str = ""
    """The source that answered last."""
    _made: dict[str, Any] = field(default_factory=dict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def __call__(self, scope: str) -> Any:
        """A token for the scope.

        Raises:
            NotAllowedError: no source has a login, or one that has was refused.
            UnreachableError: Entra cannot be reached.
        """
        from azure.core.exceptions import AzureError, ClientAuthenticationError
        from azure.identity import CredentialUnavailableError

        tried = []
        with self._lock:
            for name, make in sorted(self.sources, key=lambda source: source[0] != self.who):
                try:
                    token = self._credential(name, make).get_token(scope)
                except CredentialUnavailableError as error:
                    tried.append(f"{name}: {_first_sentence(error)}")
                except ClientAuthenticationError as error:
                    raise _refused(name, error) from None
                except AzureError as error:
                    raise UnreachableError(
                        "Microsoft Entra cannot be reached.",
                        f"{name}: {_first_sentence(error)}",
                        "Check the network and any proxy (HTTPS_PROXY, REQUESTS_CA_BUNDLE).",
                    ) from None
                else:
                    self.who = name
                    return token
        raise NotAllowedError(
            "Microsoft Entra gave no token.",
            "Nobody is signed in. " + " ".join(tried),
            "Sign in with `az login --use-device-code`, or `cupola profile sign-in` if az is not installed.",
        )

    def _credential(self, name: str, make: Callable[[], Any]) -> Any:
        if name not in self._made:
            try:
                self._made[name] = make()
            except ValueError as error:
                raise UsageError(f"The sign-in by {name} is set up wrongly.", _first_sentence(error)) from None
        return self._made[name]


def chain_for(profile: Profile, environment: Mapping[str, str] = os.environ) -> Chain:
    """The sources that a profile's credential kind names. Nothing is asked yet."""
    # Without a handler its warnings would land on stderr.
    logging.getLogger("azure").addHandler(logging.NullHandler())
    makers: dict[str, Callable[[], Any]] = {
        "service-principal": lambda: _service_principal(profile, environment),
        "workload-identity": lambda: _workload_identity(profile, environment),
        "managed-identity": lambda: _managed_identity(environment),
        "az": lambda: _az(profile),
        "azd": lambda: _azd(profile),
        "device-code": lambda: _signed_in(profile, environment),
    }
    kind = profile.credential
    names = [kind] if kind in makers else _order(environment)
    return Chain([(name, makers[name]) for name in names])


def sign_in_by_code(
    profile: Profile, scope: str, tell: Callable[[Code], None], keep: Callable[[str, str], None] = keep_secret
) -> str:
    """Let a person sign in on another device; blocks until it is done.

    Args:
        profile: Its tenant and place in the cloud count; the result is kept under its name.
        scope: What the first token is for; others follow without asking.
        tell: Shows the code and the address.
        keep: Puts name and secret where they stay; the keyring by default.

    Returns:
        The sign-in itself, a secret, for a session that has nowhere to keep it.

    Raises:
        NotAllowedError: the code was declined or not entered in time, or `keep` refused.
    """
    from azure.core.exceptions import AzureError
    from azure.identity import DeviceCodeCredential
    from msal import SerializableTokenCache

    cache = SerializableTokenCache()

    def prompt(address: str, code: str, expires: Any) -> None:
        tell(Code(address, code, _CODE_SECONDS))

    credential = DeviceCodeCredential(
        tenant_id=profile.tenant_id or "organizations",
        prompt_callback=prompt,
        timeout=_CODE_SECONDS,
        _cache=cache,
        **_place(profile),
    )
    try:
        record = credential.authenticate(scopes=[scope])
    except AzureError as error:
        raise _refused("device-code", error) from None
    kept = json.dumps({"record": record.serialize(), "cache": cache.serialize()})
    keep(sign_in_name(profile.name), kept)
    return kept


def sign_in_name(profile: str) -> str:
    """Under which name a profile's sign-in lies in the keyring."""
    return f"{profile} sign-in"


def _order(environment: Mapping[str, str]) -> list[str]:
    """What was set up for this process before what a person did, before asking the network who this machine is."""
    found = []
    if environment.get("AZURE_CLIENT_ID") and environment.get("AZURE_TENANT_ID"):
        if environment.get("AZURE_CLIENT_SECRET") or environment.get("AZURE_CLIENT_CERTIFICATE_PATH"):
            found.append("service-principal")
        if environment.get("AZURE_FEDERATED_TOKEN_FILE"):
            found.append("workload-identity")
    people = ["az", "azd"]
    here = "managed-identity"
    return [*found, here, *people] if _has_identity(environment) else [*found, *people, here]


def _service_principal(profile: Profile, environment: Mapping[str, str]) -> Any:
    from azure.identity import CertificateCredential, ClientSecretCredential

    tenant, client = _needed(environment, "AZURE_TENANT_ID"), _needed(environment, "AZURE_CLIENT_ID")
    if environment.get("AZURE_CLIENT_CERTIFICATE_PATH"):
        password = environment.get("AZURE_CLIENT_CERTIFICATE_PASSWORD")
        path = environment["AZURE_CLIENT_CERTIFICATE_PATH"]
        return CertificateCredential(tenant, client, path, password=password, **_place(profile))
    return ClientSecretCredential(tenant, client, _needed(environment, "AZURE_CLIENT_SECRET"), **_place(profile))


def _workload_identity(profile: Profile, environment: Mapping[str, str]) -> Any:
    from azure.identity import WorkloadIdentityCredential

    return WorkloadIdentityCredential(
        tenant_id=_needed(environment, "AZURE_TENANT_ID"),
        client_id=_needed(environment, "AZURE_CLIENT_ID"),
        token_file_path=_needed(environment, "AZURE_FEDERATED_TOKEN_FILE"),
        **_place(profile),
    )


def _managed_identity(environment: Mapping[str, str]) -> Any:
    from azure.identity import ManagedIdentityCredential

    client = environment.get("AZURE_CLIENT_ID")
    if _has_identity(environment):
        return ManagedIdentityCredential(client_id=client)
    return _Probed(client)


def _has_identity(environment: Mapping[str, str]) -> bool:
    """Whether the machine was told where its identity is, as App Service and Functions do."""
    return any(environment.get(name) for name in ("IDENTITY_ENDPOINT", "MSI_ENDPOINT"))


class _Probed:
    """The identity of a virtual machine. ManagedIdentityCredential alone asks for minutes where there is none."""

    def __init__(self, client_id: str | None) -> None:
        from azure.identity import DefaultAzureCredential

        self._credential = DefaultAzureCredential(
            managed_identity_client_id=client_id,
            exclude_environment_credential=True,
            exclude_workload_identity_credential=True,
            exclude_shared_token_cache_credential=True,
            exclude_visual_studio_code_credential=True,
            exclude_cli_credential=True,
            exclude_powershell_credential=True,
            exclude_developer_cli_credential=True,
            exclude_interactive_browser_credential=True,
            exclude_broker_credential=True,
        )

    def get_token(self, scope: str) -> Any:
        from azure.core.exceptions import ClientAuthenticationError
        from azure.identity import CredentialUnavailableError

        try:
            return self._credential.get_token(scope)
        except ClientAuthenticationError as error:
            raise CredentialUnavailableError("This machine has no identity in Azure that answers.") from error


def _az(profile: Profile) -> Any:
    from azure.identity import AzureCliCredential

    return AzureCliCredential(tenant_id=profile.tenant_id)


def _azd(profile: Profile) -> Any:
    from azure.identity import AzureDeveloperCliCredential

    return AzureDeveloperCliCredential(tenant_id=profile.tenant_id)


def _signed_in(profile: Profile, environment: Mapping[str, str]) -> Any:
    """A sign-in by code that was made before. It never asks anew: nobody may be there to see the code."""
    from azure.identity import AuthenticationRecord, CredentialUnavailableError, DeviceCodeCredential
    from msal import SerializableTokenCache

    kept = environment.get(SESSION_VARIABLE) or read_secret(sign_in_name(profile.name), environment=environment)
    if not kept:
        raise CredentialUnavailableError(f"Nobody has signed in for profile {profile.name}.")
    try:
        told = json.loads(kept)
        cache = SerializableTokenCache()
        cache.deserialize(told["cache"])
        record = AuthenticationRecord.deserialize(told["record"])
    except (ValueError, KeyError, TypeError):
        raise CredentialUnavailableError(f"The sign-in kept for profile {profile.name} cannot be read.") from None
    # The record names authority and tenant itself.
    place = {name: value for name, value in _place(profile).items() if name != "authority"}
    return DeviceCodeCredential(
        authentication_record=record, disable_automatic_authentication=True, _cache=cache, **place
    )


def _place(profile: Profile) -> dict[str, Any]:
    """Where Entra is: Microsoft's own, or for a service on this machine that service, by plain http."""
    if not profile.is_local:
        return {}
    from .loopback import loopback_transport

    host = urlsplit(profile.endpoint).netloc
    return {
        "authority": f"https://{host}",
        "disable_instance_discovery": True,
        "transport": loopback_transport(host),
    }


def _needed(environment: Mapping[str, str], name: str) -> str:
    value = environment.get(name, "")
    if not value:
        raise ValueError(f"{name} is not set.")
    return value


def _refused(name: str, error: Exception) -> NotAllowedError:
    from azure.identity import AuthenticationRequiredError

    said = without_secrets(str(getattr(error, "message", error)))
    again = isinstance(error, AuthenticationRequiredError) or name == "device-code"
    return NotAllowedError(
        f"Microsoft Entra refused the sign-in by {name}.",
        _first_sentence(said),
        "Sign in again: cupola profile sign-in" if again else "Check that login: its secret or session may have ended.",
        raw=said[:_RAW_KEPT],
    )


def _first_sentence(error: object) -> str:
    said = " ".join(without_secrets(str(getattr(error, "message", error))).split())
    return said.partition(". ")[0].rstrip(".")[:300] + "."
