"""Who may come in.

The data plane takes the account's key in `api-key` on every surface, and as `Authorization: Bearer KEY` where the
plain OpenAI client calls (v1 and project routes). Every surface also takes a bearer token in the shape of an Entra
token that this emulator has issued for it and that has not expired. The control plane knows no keys: there any bearer
token passes that does not say itself that it has expired or is meant for somebody else, so that a developer's real
`az login` works against the emulator.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any, Literal

from .account import Account
from .errors import ApiError

Surface = Literal["dated", "v1", "arm"]

TOKEN_SECONDS = 3600

COGNITIVE_SERVICES = "https://cognitiveservices.azure.com"
FOUNDRY = "https://ai.azure.com"
MANAGEMENT = ("https://management.azure.com", "https://management.core.windows.net")

AUDIENCES: Mapping[Surface, tuple[str, ...]] = {
    "dated": (COGNITIVE_SERVICES,),
    "v1": (COGNITIVE_SERVICES, FOUNDRY),
    "arm": MANAGEMENT,
}
"""Whom a token may be meant for, by surface; a closing slash counts for nothing."""


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _signature(account: Account, signed: str) -> str:
    return _encode(hmac.new(account.token_secret.encode(), signed.encode(), hashlib.sha256).digest())


def issue_token(
    account: Account, audience: str, now: float, lifetime: int = TOKEN_SECONDS, more: Mapping[str, Any] | None = None
) -> str:
    """A bearer token in JWT form, good for `lifetime` seconds, with `more` claims."""
    header = _encode(json.dumps({"typ": "JWT", "alg": "HS256"}).encode())
    claims = {"aud": audience, "tid": account.tenant_id, "iat": int(now), "exp": int(now) + lifetime, **(more or {})}
    signed = f"{header}.{_encode(json.dumps(claims).encode())}"
    return f"{signed}.{_signature(account, signed)}"


def _is_issued_token(account: Account, token: str) -> bool:
    signed, _, signature = token.rpartition(".")
    return bool(signed) and hmac.compare_digest(signature.encode(), _signature(account, signed).encode())


def _claims(token: str) -> dict[str, Any]:
    """What a token says of itself; nothing for one that cannot be read."""
    parts = token.split(".")
    if len(parts) != 3:
        return {}
    try:
        claims = json.loads(_decode(parts[1]))
    except (ValueError, binascii.Error, RecursionError):
        return {}
    return claims if isinstance(claims, dict) else {}


def _expiry(claims: Mapping[str, Any]) -> float | None:
    """When a token expires, in unix seconds; None where it does not say so."""
    expiry = claims.get("exp")
    return float(expiry) if isinstance(expiry, int) and 0 <= expiry < 2**40 else None


def _is_meant_for(surface: Surface, claims: Mapping[str, Any]) -> bool:
    audience = claims.get("aud")
    return isinstance(audience, str) and audience.rstrip("/") in AUDIENCES[surface]


def read_own_token(account: Account, token: str, audience: str, now: float) -> dict[str, Any] | None:
    """The claims of a token that this emulator issued for an audience and that is still good, else None."""
    claims = _claims(token) if _is_issued_token(account, token) else {}
    good = claims.get("aud") == audience and (_expiry(claims) or 0) > now
    return claims if good else None


def _same(left: str, right: str) -> bool:
    return hmac.compare_digest(left.encode(), right.encode())


def is_key(account: Account, key: str) -> bool:
    """Whether this is one of the two keys of the account."""
    return bool(key) and (_same(key, account.api_key) or _same(key, account.second_key))


def access_denied() -> ApiError:
    """The service's answer to a wrong key."""
    return ApiError(
        401,
        "401",
        "Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid key for an"
        " active subscription and use a correct regional API endpoint for your resource.",
    )


def _arm_refusal(code: str, message: str, description: str) -> ApiError:
    challenge = f'Bearer authorization_uri="https://login.windows.net/common", error="invalid_token", {description}'
    return ApiError(401, code, message, headers={"WWW-Authenticate": challenge})


def _unauthorized() -> ApiError:
    message = (
        "Unauthorized. Access token is missing, invalid, audience is incorrect"
        f" ({COGNITIVE_SERVICES}), or have expired."
    )
    return ApiError(401, "401", message)


def _wrong_audience(audience: str) -> ApiError:
    allowed = ",".join(f"'{name}{slash}'" for name in reversed(MANAGEMENT) for slash in ("/", ""))
    message = (
        f"The access token has been obtained for wrong audience or resource '{audience}'."
        f" It should exactly match with one of the allowed audiences {allowed}."
    )
    return _arm_refusal("InvalidAuthenticationTokenAudience", message, f'error_description="{message}"')


def expired_token(surface: Surface, expiry: float, now: float) -> ApiError:
    """The service's answer to a bearer token whose time is over."""
    if surface != "arm":
        return _unauthorized()
    then, present = (f"{dt.datetime.fromtimestamp(time, dt.UTC):%m/%d/%Y %H:%M:%S}" for time in (expiry, now))
    message = f"The access token expiry UTC time '{then}' is earlier than current UTC time '{present}'."
    return _arm_refusal("ExpiredAuthenticationToken", message, f'error_description="{message}"')


def _check_control_plane(token: str, now: float) -> None:
    if not token:
        message = "Authentication failed. The 'Authorization' header is missing."
        description = "The authentication failed because of missing 'Authorization' header."
        raise _arm_refusal("AuthenticationFailed", message, f'error_description="{description}"')
    claims = _claims(token)
    expiry, audience = _expiry(claims), claims.get("aud")
    if isinstance(audience, str) and not _is_meant_for("arm", claims):
        raise _wrong_audience("".join(letter for letter in audience if " " < letter <= "~" and letter not in '"\\'))
    if expiry is not None and expiry <= now:
        raise expired_token("arm", expiry, now)


def check_access(account: Account, surface: Surface, headers: Mapping[str, str], now: float) -> None:
    """Let a request pass, or raise the service's 401."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    token = token.strip() if scheme.lower() == "bearer" else ""
    if surface == "arm":
        _check_control_plane(token, now)
        return
    if is_key(account, headers.get("api-key", "")):
        return
    if token and surface == "v1" and is_key(account, token):
        return
    if not token or not _is_issued_token(account, token):
        raise access_denied()
    claims = _claims(token)
    if not _is_meant_for(surface, claims):
        raise _unauthorized()
    expiry = _expiry(claims)
    if expiry is None or expiry <= now:
        raise expired_token(surface, expiry or 0.0, now)
