"""Exceptions of the SDK and the network in plain words with a remedy."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import CupolaError, NotAllowedError, NotFoundError, ServiceError, ThrottledError, UnreachableError
from .secrets import without_secrets

_RAW_KEPT = 4_000


@dataclass(frozen=True, slots=True)
class _Quirk:
    """A known text of the service, and what it means."""

    text: str
    why: str
    remedy: str


_QUIRKS = (
    _Quirk(
        "with standard trainingtype",
        "This model is not trained on the Standard tier in this region.",
        "Submit with --training-type globalStandard.",
    ),
    _Quirk(
        "does not support fine-tuning",
        "The model or the region cannot be tuned, or the training type is missing or wrong.",
        "Try --training-type globalStandard, or another region.",
    ),
    _Quirk(
        "rai checks",
        "The safety check found harmful content in the training data. Nothing is charged.",
        "Edit or remove the rows of the harm types named; dense personal data also triggers it.",
    ),
    _Quirk(
        "scores above acceptable thresholds",
        "The tuned model failed the safety evaluation. Nothing is charged.",
        "Edit the training data for the harm types named and submit again.",
    ),
    _Quirk("api-version not allowed", "The v1 route takes no api-version.", "Set route = 'v1' in the profile."),
    _Quirk(
        "api version not supported", "The route and the API version do not fit.", "Set route = 'v1', or api_version."
    ),
    _Quirk(
        "deployment for this resource does not exist",
        "A new deployment takes up to five minutes to answer.",
        "Wait and try again, or check the deployment's name.",
    ),
    _Quirk(
        "invalid subscription key or wrong api endpoint",
        "The key does not belong to this endpoint.",
        "Check the endpoint and the key with `cupola profile show`.",
    ),
    _Quirk(
        "suffix", "'.' is reserved, and the dated API takes up to 40 letters, digits, - and _.", "Change the suffix."
    ),
)

_CODES: Mapping[str, tuple[str, str]] = {
    "quotaexceeded": (
        "A limit of the resource is reached: running or queued jobs, 100 jobs, 100 files or 1 GB of files.",
        "Wait for a job to end, or delete old jobs or files.",
    ),
    "toomanyrequests": ("The resource is asked too often.", "Wait a little; Cupola tries again by itself."),
    "unexpectedentitystate": ("Its present state does not allow that.", "Look at the state and try what it allows."),
    "jsonlvalidationfailed": (
        "The file is not valid JSONL for this method.",
        "Mend the line it names and upload again.",
    ),
    "fileimportfailed": ("The service could not read the file.", "Check it and upload it again."),
    "contentfilter": ("The content filter stopped it.", "Change the text, or the filter of the deployment."),
    "content_filter": ("The content filter stopped it.", "Change the text, or the filter of the deployment."),
    "deploymentnotfound": ("There is no such deployment, or it is new.", "Wait five minutes, or check its name."),
}


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
    lower = said.lower()
    for quirk in _QUIRKS:
        if quirk.text in lower:
            return quirk.why, quirk.remedy
    if (code or "").lower() in _CODES:
        return _CODES[(code or "").lower()]
    return _by_status(status)


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
