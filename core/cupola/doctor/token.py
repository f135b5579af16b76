"""Facts about the login: who gives tokens, for whom they are meant, how long they last."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ..azure.credentials import Credential, EntraCredential, KeyCredential
from ..errors import ServiceError
from ..settings import Profile
from .fact import Fact, State, good, of_problem

_FITTING: Mapping[str, tuple[str, ...]] = {
    "dated": ("https://cognitiveservices.azure.com",),
    "v1": ("https://cognitiveservices.azure.com", "https://ai.azure.com"),
}
"""By route, whom the data plane takes tokens for."""


async def token_facts(
    profile: Profile, credential: Credential, clock: Callable[[], float] = time.time
) -> tuple[Fact, ...]:
    """Whether there is a login, and whether its tokens are meant for the data plane. No token is told."""
    if isinstance(credential, KeyCredential):
        return (good("token", f"A key is used, from the {credential.origin}.", origin=credential.origin),)
    try:
        token = await credential.token()
    except ServiceError as error:
        return (of_problem("token", error.problem),)
    return tuple(_read(profile, credential, token, clock()))


def _read(profile: Profile, credential: EntraCredential, token: str, now: float) -> Iterator[Fact]:
    claims = claims_of(token)
    audience, expires = str(claims.get("aud", "")), claims.get("exp")
    who = str(claims.get("upn") or claims.get("unique_name") or claims.get("appid") or "somebody")
    details: dict[str, Any] = {"source": credential.who, "audience": audience, "tenant": claims.get("tid")}
    left = int(expires - now) if isinstance(expires, int | float) else None
    lasts = f", good for {_span(left)}" if left is not None else ""
    yield good("token", f"{who} is signed in by {credential.who or 'Entra'}{lasts}.", **details)
    fitting = _FITTING.get(profile.route, ())
    if not claims:
        yield Fact("token", State.UNKNOWN, "The token says nothing of itself.")
    elif audience.rstrip("/") in fitting:
        yield good("token", f"Its audience {audience} fits the {profile.route} route.", **details)
    else:
        remedy = "Set token_scope in the profile, or AZURE_FINETUNING_TOKEN_SCOPE, to one of these with /.default."
        why = f"The {profile.route} route takes {' or '.join(fitting)}."
        yield Fact("token", State.BAD, f"The token is meant for {audience or 'nobody'}.", why, remedy, details)


def claims_of(token: str) -> dict[str, Any]:
    """What a token says of itself, unverified; nothing for one that cannot be read."""
    parts = token.split(".")
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (IndexError, ValueError, RecursionError):
        return {}
    return claims if isinstance(claims, dict) else {}


def _span(seconds: int) -> str:
    return f"{seconds} s" if abs(seconds) < 120 else f"{seconds // 60} min"
