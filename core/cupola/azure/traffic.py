"""Watching the wire: each call is told to a listener without its secrets, and no answer grows without bound."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import ServiceError
from ..models import Call
from .equal import equal_command
from .secrets import masked_body, without_secrets

if TYPE_CHECKING:
    import httpx2

LARGEST_ANSWER = 512 * 2**20
"""Bytes; the largest file that the service takes."""

_BODY_KEPT = 20_000
_ID_KEPT = 200
_STARTED = "cupola.started"


@dataclass(frozen=True, slots=True)
class Traffic:
    """The event hooks of one HTTP client."""

    on_call: Callable[[Call], None] | None = None
    secrets: tuple[str, ...] = ()
    clock: Callable[[], float] = time.time
    largest_answer: int = LARGEST_ANSWER

    async def sent(self, request: httpx2.Request) -> None:
        """Note when a request goes out."""
        request.extensions[_STARTED] = (self.clock(), time.perf_counter())

    async def answered(self, response: httpx2.Response) -> None:
        """Tell of an answered call and put the bound on its body."""
        import httpx2

        from .bounded import Bounded

        self._tell(response.request, response)
        if response.headers.get("content-encoding", "identity") != "identity":
            raise ServiceError("The service sent a compressed answer although it was asked not to.")
        if isinstance(response.stream, httpx2.AsyncByteStream):
            response.stream = Bounded(response.stream, self.largest_answer)

    def unanswered(self, request: httpx2.Request) -> None:
        """Tell of a call that got no answer."""
        self._tell(request, None)

    def _tell(self, request: httpx2.Request, response: httpx2.Response | None) -> None:
        if self.on_call is None:
            return
        at, started = request.extensions.get(_STARTED, (self.clock(), time.perf_counter()))
        path = request.url.raw_path.decode("ascii", "replace")
        self.on_call(
            Call(
                id=0,
                at=at,
                method=request.method,
                path=without_secrets(path, self.secrets),
                status=response.status_code if response else None,
                milliseconds=(time.perf_counter() - started) * 1_000,
                body=self._body(request),
                cli=equal_command(request.method, request.url.path),
                request_id=_request_id(response, self.secrets) if response else None,
            )
        )

    def _body(self, request: httpx2.Request) -> str | None:
        kind, _, _ = request.headers.get("content-type", "").partition(";")
        if request.method == "GET" or not kind:
            return None
        if kind != "application/json":
            return f"({kind}, {request.headers.get('content-length', 'unknown')} bytes)"
        return masked_body(request.content, self.secrets)[:_BODY_KEPT]


def _request_id(response: httpx2.Response, secrets: tuple[str, ...]) -> str | None:
    told = response.headers.get("apim-request-id") or response.headers.get("x-request-id")
    return without_secrets(told, secrets)[:_ID_KEPT] if told else None
