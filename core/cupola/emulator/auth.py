"""Who may come in.

The data plane takes the account's key in `api-key` on every surface, and as `Authorization: Bearer KEY` where the
plain OpenAI client calls (v1 and project routes). Every surface also takes a bearer token in the shape of an Entra
token that this emulator's own token endpoint has issued and that has not expired. The control plane knows no keys:
there any non-empty bearer token passes, so that a developer's real `az login` works against the emulator.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Literal

from .account import Account
from .errors import ApiError

Surface = Literal["dated", "v1", "arm"]

TOKEN_SECONDS = 3600


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _signature(account: Account, signed: str) -> str:
    return _encode(hmac.new(account.token_secret.encode(), signed.encode(), hashlib.sha256).digest())


def issue_token(account: Account, audience: str, now: float) -> str:
    """A bearer token in JWT form, good for an hour."""
    header = _encode(json.dumps({"typ": "JWT", "alg": "HS256"}).encode())
    claims = {"aud": audience, "tid": account.tenant_id, "iat": int(now), "exp": int(now) + TOKEN_SECONDS}
    signed = f"{header}.{_encode(json.dumps(claims).encode())}"
    return f"{signed}.{_signature(account, signed)}"


def _is_issued_token(account: Account, token: str, now: float) -> bool:
    signed, _, signature = token.rpartition(".")
    if not signed or not hmac.compare_digest(signature.encode(), _signature(account, signed).encode()):
        return False
    claims = json.loads(_decode(signed.split(".")[1]))
    return bool(claims["exp"] > now)


def _same(left: str, right: str) -> bool:
    return hmac.compare_digest(left.encode(), right.encode())


def access_denied() -> ApiError:
    """The service's answer to a wrong key."""
    return ApiError(
        401,
        "401",
        "Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid key for an"
        " active subscription and use a correct regional API endpoint for your resource.",
    )


def check_access(account: Account, surface: Surface, headers: Mapping[str, str], now: float) -> None:
    """Let a request pass, or raise the service's 401."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    token = token.strip() if scheme.lower() == "bearer" else ""
    if surface == "arm":
        if not token:
            raise ApiError(401, "AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing.")
        return
    if _same(headers.get("api-key", ""), account.api_key):
        return
    if token and surface == "v1" and _same(token, account.api_key):
        return
    if token and _is_issued_token(account, token, now):
        return
    raise access_denied()
