"""What every request passes: the Host check, the size limit, request ids, and for each surface its key and version."""

from __future__ import annotations

import functools
import random
import re
import uuid
from collections.abc import Callable
from email.utils import formatdate
from typing import Literal

from starlette.datastructures import Headers, QueryParams
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .account import Account
from .auth import Surface, check_access
from .errors import ApiError, unknown_path

JSON_LIMIT = 32 * 1024 * 1024
"""Bytes of a JSON body."""

UPLOAD_LIMIT = 512 * 1024 * 1024
"""Bytes of an uploaded file, as the service states it."""

_MULTIPART_ROOM = 64 * 1024
_LOCAL_HOST = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?", re.IGNORECASE)
_IDS = random.Random()
"""For ids that are to be unique, not secret: the system's own randomness costs a call of the system each time."""
_DATED_VERSION = re.compile(r"\d{4}-\d{2}-\d{2}(-preview)?")


def _header(scope: Scope, name: bytes) -> bytes:
    """A header's first value, empty where it is absent. Every request asks for several: no object is made for it."""
    for key, value in scope["headers"]:
        if key == name:
            return bytes(value)
    return b""


@functools.lru_cache(maxsize=64)
def _is_local(host: bytes) -> bool:
    return _LOCAL_HOST.fullmatch(host.decode("latin-1")) is not None


class LocalHostOnly:
    """Refuse a foreign Host, so that no web page can reach the emulator by rebinding its name."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not _is_local(_header(scope, b"host")):
            refusal = ApiError(421, "MisdirectedRequest", "The emulator answers to 127.0.0.1 and localhost only.")
            await refusal.response()(scope, receive, send)
            return
        await self.app(scope, receive, send)


@functools.lru_cache(maxsize=4)
def _http_date(second: int) -> bytes:
    return formatdate(second, usegmt=True).encode()


class RequestIds:
    """Give every answer the date, the ids and the region that the service sends."""

    def __init__(self, app: ASGIApp, region: str, now: Callable[[], float]) -> None:
        self.app = app
        self.region = (b"x-ms-region", region.encode())
        self.now = now

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = str(uuid.UUID(int=_IDS.getrandbits(128), version=4)).encode()
        client_id = _header(scope, b"x-ms-client-request-id")

        async def send_with_ids(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = message.setdefault("headers", [])
                if not any(key == b"date" for key, _ in headers):
                    headers.append((b"date", _http_date(int(self.now()))))
                headers += [(b"apim-request-id", request_id), (b"x-request-id", request_id), self.region]
                if client_id:
                    headers.append((b"x-ms-client-request-id", client_id))
            await send(message)

        await self.app(scope, receive, send_with_ids)


def _too_large(limit: int) -> ApiError:
    return ApiError(413, "413", f"The request is larger than {limit} bytes.")


class BodyLimit:
    """Stop reading a body that is larger than its kind may be."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        multipart = _header(scope, b"content-type").startswith(b"multipart/form-data")
        limit = UPLOAD_LIMIT + _MULTIPART_ROOM if multipart else JSON_LIMIT
        declared = _header(scope, b"content-length")
        if declared.isdigit() and int(declared) > limit:
            await _too_large(limit).response()(scope, receive, send)
            return
        seen = 0

        async def receive_within_limit() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > limit:
                raise _too_large(limit)
            return message

        await self.app(scope, receive_within_limit, send)


@functools.lru_cache(maxsize=64)
def _check_version(surface: Literal["dated", "v1"], query: bytes) -> None:
    # Only what passes is remembered: a refusal is raised anew.
    version = QueryParams(query).get("api-version")
    if surface == "dated" and not version:
        raise unknown_path()
    allowed = _DATED_VERSION.fullmatch(version or "") if surface == "dated" else version in (None, "v1", "preview")
    if not allowed:
        raise ApiError(400, "BadRequest", "API version not supported")


class Gate:
    """Check key and api-version of one surface, and tell the routes behind it which surface they serve."""

    def __init__(
        self,
        app: ASGIApp,
        surface: Literal["dated", "v1"],
        account: Account,
        now: Callable[[], float],
        *,
        versioned: bool = True,
    ) -> None:
        self.app = app
        self.surface: Surface = surface
        self.account = account
        self.now = now
        self.versioned = versioned

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            check_access(self.account, "v1" if not self.versioned else self.surface, Headers(scope=scope), self.now())
            if self.versioned:
                _check_version("dated" if self.surface == "dated" else "v1", scope["query_string"])
            scope["cupola.surface"] = self.surface
        await self.app(scope, receive, send)
