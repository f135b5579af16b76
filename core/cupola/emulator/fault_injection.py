"""The middleware that makes requests go wrong where a rule says so; without rules it stands aside."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from email.utils import formatdate
from typing import Any, get_args
from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .auth import expired_token
from .errors import ApiError
from .faults import Fault, FaultRule, Faults
from .limits import NEVER_SECONDS

RESET = "cupola.reset"
"""The ASGI extension through which a server lets its connection be dropped."""

OWN_PATHS = "/emulator/"
"""Paths that no fault touches, so that faults can always be switched off."""

_SLICE_SECONDS = 0.05
_CREATION_TIMES = ("created_at", "created")
_STREAM_ERROR: dict[Fault, bool] = {fault: fault == "stream_error" for fault in get_args(Fault)}
_INFERENCE = ("/chat/completions", "/responses", "/embeddings")


@dataclass(slots=True)
class _Recorded:
    """An answer held back until it is known how it is to be spoiled."""

    start: Message
    body: bytes = b""

    def is_stream(self) -> bool:
        return Headers(scope=self.start).get("content-type", "").startswith("text/event-stream")

    def set_body(self, body: bytes) -> None:
        headers = MutableHeaders(scope=self.start)
        self.body = body
        if "content-length" in headers:
            headers["content-length"] = str(len(body))


class FaultInjection:
    """Befall requests with the faults in force."""

    def __init__(self, app: ASGIApp, faults: Faults, now: Callable[[], float]) -> None:
        self.app = app
        self.faults = faults
        self.now = now

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if not self.faults or scope["type"] != "http" or scope["path"].startswith(OWN_PATHS):
            return self.app(scope, receive, send)
        return self._befall(scope, receive, send)

    async def _befall(self, scope: Scope, receive: Receive, send: Send) -> None:
        path, after = scope["path"], _after(scope)
        can: dict[Fault, bool] = {
            "token_expired": _has_token(scope),
            "duplicate_page": after is not None,
            # Whether a request is answered by a stream is known when it is.
            "stream_error": False,
            # Decided by the control plane, for what it has begun.
            "deployment_fails": False,
        }
        fired = {rule.fault: rule for rule in self.faults.draw(scope["method"], path, can)}
        for rule in fired.values():
            refusal = _refusal(rule, path, self.now())
            if refusal is not None:
                await refusal.response()(scope, receive, send)
                return
        if "reset" in fired:
            await _reset(scope)
            return
        if "duplicate_page" in fired and after is not None and self.faults.first_duplicate(path, after):
            scope = _without_after(scope)
        streams = self.faults.has("stream_error") and path.endswith(_INFERENCE)
        if streams or fired.keys() - {"duplicate_page"}:
            recorded = await _record(self.app, scope, receive)
            if recorded.start:
                if streams and recorded.is_stream():
                    fired |= {rule.fault: rule for rule in self.faults.draw(scope["method"], path, _STREAM_ERROR)}
                _spoil(recorded, fired, self.now())
                await _deliver(scope, recorded, fired, send)
        else:
            await self.app(scope, receive, send)


def _after(scope: Scope) -> str | None:
    if scope["method"] != "GET":
        return None
    return dict(parse_qsl(scope["query_string"].decode("latin-1"))).get("after")


def _without_after(scope: Scope) -> Scope:
    query = [(key, value) for key, value in parse_qsl(scope["query_string"].decode("latin-1")) if key != "after"]
    return {**scope, "query_string": urlencode(query).encode("latin-1")}


def _has_token(scope: Scope) -> bool:
    """Whether a request carries a bearer token; on the data plane a key may stand in its place, which has no dots."""
    scheme, _, token = Headers(scope=scope).get("authorization", "").partition(" ")
    return scheme.lower() == "bearer" and (_is_control_plane(scope["path"]) or "." in token)


def _is_control_plane(path: str) -> bool:
    return path.lower().startswith("/subscriptions")


def _refusal(rule: FaultRule, path: str, now: float) -> ApiError | None:
    arm, inference = _is_control_plane(path), path.endswith(_INFERENCE)
    match rule.fault:
        case "rate_limited" | "rate_limited_for_a_day":
            seconds = NEVER_SECONDS if rule.fault == "rate_limited_for_a_day" else (rule.seconds or 1.0)
            code = "429" if inference else "TooManyRequests" if arm else "tooManyRequests"
            message = f"Rate limit is exceeded. Please retry after {seconds:g} seconds."
            headers = {"retry-after": f"{max(1, round(seconds))}", "retry-after-ms": f"{round(seconds * 1000)}"}
            return ApiError(429, code, message, headers=headers)
        case "server_error":
            code = "InternalServerError" if arm else "internalFailure"
            message = "The server had an error while processing your request. Sorry about that!"
            return ApiError(500, code, message)
        case "unavailable":
            code = "ServiceUnavailable" if arm else "serviceUnavailable"
            headers = {} if rule.seconds is None else {"retry-after": f"{max(1, round(rule.seconds))}"}
            return ApiError(503, code, "The service is temporarily unavailable. Please retry later.", headers=headers)
        case "token_expired":
            return expired_token("arm" if arm else "v1", now - 1, now)
        case _:
            return None


async def _reset(scope: Scope) -> None:
    reset: Callable[[], None] | None = scope.get("extensions", {}).get(RESET)
    if reset is None:
        raise ConnectionResetError("The connection was reset on demand.")
    reset()
    # The server learns of the loss on the loop's next turn; after that it expects no answer any more.
    await asyncio.sleep(_SLICE_SECONDS)


async def _record(app: ASGIApp, scope: Scope, receive: Receive) -> _Recorded:
    recorded = _Recorded({})

    async def keep(message: Message) -> None:
        if message["type"] == "http.response.start":
            recorded.start = {**message, "headers": list(message.get("headers", ()))}
        elif message["type"] == "http.response.body":
            recorded.body += message.get("body", b"")

    await app(scope, receive, keep)
    return recorded


def _skewed(value: Any, seconds: float) -> Any:
    if not isinstance(value, dict):
        return value
    moved: dict[str, Any] = {
        key: type(inner)(inner + seconds) if key in _CREATION_TIMES and isinstance(inner, int | float) else inner
        for key, inner in value.items()
    }
    if isinstance(moved.get("data"), list):
        moved["data"] = [_skewed(entry, seconds) for entry in moved["data"]]
    return moved


def _skew(recorded: _Recorded, seconds: float, now: float) -> None:
    headers = MutableHeaders(scope=recorded.start)
    headers["date"] = formatdate(now + seconds, usegmt=True)
    if headers.get("content-type", "").startswith("application/json") and recorded.body:
        recorded.set_body(json.dumps(_skewed(json.loads(recorded.body), seconds), ensure_ascii=False).encode())


def _broken_off(stream: bytes) -> bytes:
    """The first half of a stream's events and then the service's word that it failed.

    Chat has it as `data` with an `error` and no kind, responses as an event of the kind `error`.
    """
    events = [event for event in stream.split(b"\n\n") if event]
    kept = events[: max(1, len(events) // 2)]
    message = "The server had an error while processing your request. Sorry about that!"
    if not kept[-1].startswith(b"event:"):
        error = {"error": {"message": message, "type": "server_error", "param": None, "code": None}}
        last = b"data: " + json.dumps(error).encode()
    else:
        told = {"code": "server_error", "message": message, "param": None, "sequence_number": len(kept)}
        last = b"event: error\ndata: " + json.dumps({"type": "error", **told}).encode()
    return b"\n\n".join([*kept, last, b""])


def _spoil(recorded: _Recorded, fired: Mapping[Fault, FaultRule], now: float) -> None:
    if "clock_skew" in fired:
        seconds = fired["clock_skew"].seconds
        _skew(recorded, 300.0 if seconds is None else seconds, now)
    if "stream_error" in fired:
        recorded.set_body(_broken_off(recorded.body))
    if "truncated" in fired:
        recorded.set_body(recorded.body[: len(recorded.body) // 2])


async def _deliver(scope: Scope, recorded: _Recorded, fired: Mapping[Fault, FaultRule], send: Send) -> None:
    await send(recorded.start)
    middle = len(recorded.body) // 2
    await _send(recorded.body[:middle], fired.get("slow"), send)
    if "reset_answer" in fired:
        await _reset(scope)
        return
    if "stall" in fired:
        seconds = fired["stall"].seconds
        await asyncio.sleep(30.0 if seconds is None else seconds)
    await _send(recorded.body[middle:], fired.get("slow"), send)
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _send(body: bytes, slow: FaultRule | None, send: Send) -> None:
    size = len(body) if slow is None else max(1, int(slow.bytes_per_second * _SLICE_SECONDS))
    for start in range(0, len(body), size or 1):
        piece = body[start : start + size]
        if slow is not None:
            await asyncio.sleep(len(piece) / slow.bytes_per_second)
        await send({"type": "http.response.body", "body": piece, "more_body": True})
