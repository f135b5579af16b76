"""Exceptions of the SDK and the network in plain words with a remedy."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from ..errors import CupolaError, NotAllowedError, NotFoundError, ServiceError, ThrottledError, UnreachableError
from ..explanations import explain
from .secrets import without_secrets

_RAW_KEPT = 4_000


def in_words(error: Exception, secrets: Iterable[str] = ()) -> CupolaError:
    """Put what the SDK raised into words. Errors that are Cupola's own, also deep in the chain, come back as such."""
    import openai

    own = _own(error)
    if own is not None:
        return own
    if isinstance(error, openai.APIStatusError):
        return _answered(error, tuple(secrets))
    if isinstance(error, openai.APITimeoutError):
        return UnreachableError(
            "The service did not answer in time.", remedy="Check the network; Cupola tries again by itself."
        )
    cause = error.__cause__ or error
    return UnreachableError(
        "The service cannot be reached.",
        without_secrets(f"{type(cause).__name__}: {cause}".rstrip(":. "), secrets) + ".",
        "Check the network, the endpoint and any proxy (HTTPS_PROXY, SSL_CERT_FILE).",
    )


def _own(error: BaseException | None) -> CupolaError | None:
    while error is not None and not isinstance(error, CupolaError):
        error = error.__cause__ or error.__context__
    return error


def _answered(error: Any, secrets: tuple[str, ...]) -> ServiceError:
    status: int = error.status_code
    code, message = _code_and_message(error.body)
    said = without_secrets(message, secrets)
    why, remedy = _explained(status, code, said)
    return _kind(status, code)(
        f"The service refused ({status}{f' {code}' if code and code != str(status) else ''}){_quoted(said)}",
        why,
        remedy,
        raw=without_secrets(error.response.text, secrets)[:_RAW_KEPT],
        status=status,
        code=code,
        request_id=error.response.headers.get("apim-request-id") or error.request_id,
        retry_after=retry_after(error.response.headers, said),
    )


def retry_after(headers: Mapping[str, str], message: str = "") -> float | None:
    """How many seconds the service asks to wait: by header, else by its words."""
    for name, scale in (("retry-after-ms", 1_000.0), ("retry-after", 1.0)):
        try:
            return max(0.0, float(headers[name])) / scale
        except (KeyError, ValueError):
            continue
    told = re.search(r"retry after (\d{1,6}) second", message, re.IGNORECASE)
    return float(told[1]) if told else None


def _code_and_message(body: object) -> tuple[str | None, str]:
    # The SDK hands over the inner `error` object where there is one.
    inner = body.get("error", body) if isinstance(body, dict) else {}
    if not isinstance(inner, dict):
        return None, str(inner)
    code = inner.get("code")
    return (str(code) if code is not None else None), str(inner.get("message") or "")


def _quoted(said: str) -> str:
    text = " ".join(said.split())[:500].rstrip(".")
    return f": {text}." if text else "."


def _explained(status: int, code: str | None, said: str) -> tuple[str, str]:
    known = explain(f"{code or ''} {said}")
    return (known.why, known.remedy) if known else _by_status(status)


def _by_status(status: int) -> tuple[str, str]:
    if 300 <= status < 400:
        return "It redirects elsewhere; a key is not sent on to another address.", "Check the endpoint."
    if status in (401, 403):
        return (
            "The key is wrong, the role is missing, or the network rules keep this machine out.",
            "Check the key or sign in; a new role takes up to five minutes.",
        )
    if status == 404:
        return "It is unknown on this resource.", "Check the id, the endpoint and the route."
    if status == 413:
        return "What was sent is too large.", "Send less, or upload in parts."
    if status == 429:
        return "The service asks for patience.", "Cupola tries again by itself."
    if status >= 500:
        return "The failure is on the service's side.", "Cupola tries again by itself."
    return "", ""


def _kind(status: int, code: str | None) -> type[ServiceError]:
    if status in (401, 403):
        return NotAllowedError
    if status == 404:
        return NotFoundError
    if status == 429:
        # A full quota does not pass by waiting a little.
        return ServiceError if (code or "").lower() == "quotaexceeded" else ThrottledError
    return UnreachableError if status >= 500 or status == 408 else ServiceError
