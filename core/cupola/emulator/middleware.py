"""What every request passes: the Host check, the size limit, request ids, and for each surface its key and version."""

from __future__ import annotations

import functools
import re
import uuid
from collections.abc import Callable
from email.utils import formatdate
from typing import Literal

from starlette.datastructures import Headers, MutableHeaders, QueryParams
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
_DATED_VERSION = re.compile(r"\d{4}-\d{2}-\d{2}(-preview)?")


class LocalHostOnly:
    """Refuse a foreign Host, so that no web page can reach the emulator by rebinding its name."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not _LOCAL_HOST.fullmatch(Headers(scope=scope).get("host", "")):
            refusal = ApiError(421, "MisdirectedRequest", "The emulator answers to 127.0.0.1 and localhost only.")
            await refusal.response()(scope, receive, send)
            return
        await self.app(scope, receive, send)


@functools.lru_cache(maxsize=4)
def _http_date(second: int) -> str:
    return formatdate(second, usegmt=True)


class RequestIds:
    """Give every answer the date, the ids and the region that the service sends."""

    def __init__(self, app: ASGIApp, region: str, now: Callable[[], float]) -> None:
        self.app = app
        self.region = region
        self.now = now

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = str(uuid.uuid4())
        client_id = Headers(scope=scope).get("x-ms-client-request-id")

        async def send_with_ids(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.setdefault("date", _http_date(int(self.now())))
                headers["apim-request-id"] = request_id
                headers["x-request-id"] = request_id
                headers["x-ms-region"] = self.region
                if client_id:
                    headers["x-ms-client-request-id"] = client_id
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
        headers = Headers(scope=scope)
        multipart = headers.get("content-type", "").startswith("multipart/form-data")
        limit = UPLOAD_LIMIT + _MULTIPART_ROOM if multipart else JSON_LIMIT
        declared = headers.get("content-length", "0")
        if declared.isascii() and declared.isdigit() and int(declared) > limit:
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


def _check_version(surface: Literal["dated", "v1"], version: str | None) -> None:
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
                _check_version(
                    "dated" if self.surface == "dated" else "v1", QueryParams(scope["query_string"]).get("api-version")
                )
            scope["cupola.surface"] = self.surface
        await self.app(scope, receive, send)
