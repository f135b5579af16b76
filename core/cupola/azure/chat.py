"""Chat completions, many at once: streamed for the time to the first token, decoded with as little as will do."""

from __future__ import annotations

import json
import os
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from ..errors import CupolaError, ServiceError, UnreachableError
from ..settings import Profile
from .client import checked_endpoint, path_segment
from .credentials import Credential, KeyCredential
from .errors import in_words
from .http1 import Connections, Exchange, Response
from .wire.chat import ChatReply, ChunkReader, chat_reply, filtered_reply
from .wire.reading import parse

if TYPE_CHECKING:
    import httpx2

_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_PROXY_NAMES = ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")


@dataclass(frozen=True, slots=True)
class Chat:
    """An open way to the deployments of one resource."""

    profile: Profile
    credential: Credential = field(repr=False)
    exchange: Exchange = field(repr=False)
    monotonic: Callable[[], float] = time.perf_counter
    clock: Callable[[], float] = time.time

    async def ask(self, deployment: str, body: Mapping[str, Any]) -> ChatReply:
        """Send one chat request and return the whole answer; never tried a second time.

        Args:
            deployment: Which deployment shall answer.
            body: The request's JSON without deployment and streaming.

        Raises:
            ThrottledError: the service asks for patience.
            UnreachableError: no whole answer came, or the service failed; it may have been paid for.
            ServiceError: the service refused the request.
        """
        whole = {**body, "model": deployment, "stream": True, "stream_options": {"include_usage": True}}
        content = _JSON.encode(whole).encode("utf-8", "surrogatepass")
        started = self.monotonic()
        async with self.exchange(self._target(deployment), await self._headers(), content) as response:
            if response.status != 200:
                return self._refused(response, await _whole(response), started)
            if not response.headers.get("content-type", "").startswith("text/event-stream"):
                answer = parse(await _whole(response))
                return chat_reply(answer, self.monotonic() - started)
            return await self._streamed(response, started)

    async def _streamed(self, response: Response, started: float) -> ChatReply:
        reader = ChunkReader()
        first: float | None = None
        rest = b""
        async for piece in response.body:
            *lines, rest = (rest + piece).split(b"\n")
            for line in lines:
                reader.feed(line)
            if first is None and reader.spoke:
                first = self.monotonic() - started
        reader.feed(rest)
        return chat_reply(reader.completion(), self.monotonic() - started, first)

    def _refused(self, response: Response, content: bytes, started: float) -> ChatReply:
        secrets = (self.credential.key,) if isinstance(self.credential, KeyCredential) else ()
        error = _refusal(response, content, secrets)
        if response.status == 400 and isinstance(error, ServiceError) and error.code == "content_filter":
            return filtered_reply(content, self.monotonic() - started)
        raise error

    def _target(self, deployment: str) -> str:
        name = path_segment(deployment)
        if self.profile.route == "v1":
            return "/openai/v1/chat/completions"
        return f"/openai/deployments/{quote(name)}/chat/completions?api-version={quote(self.profile.api_version)}"

    async def _headers(self) -> dict[str, str]:
        if isinstance(self.credential, KeyCredential):
            return {"api-key": self.credential.key}
        return {"authorization": f"Bearer {await self.credential.token()}"}


@asynccontextmanager
async def open_chat(
    profile: Profile,
    credential: Credential,
    *,
    transport: httpx2.AsyncBaseTransport | None = None,
    silence_seconds: float = 120.0,
    environment: Mapping[str, str] = os.environ,
) -> AsyncIterator[Chat]:
    """Open a way to the profile's deployments for as long as the block lasts.

    Args:
        profile: The resource.
        credential: How to come in.
        transport: How the service is reached, where it is not the network.
        silence_seconds: How long a deployment may say nothing; reasoning models think for minutes.
        environment: Says whether there is a proxy to go through.

    Raises:
        UsageError: the profile's endpoint is missing or unsafe.
    """
    endpoint = checked_endpoint(profile)
    proxied = not profile.is_local and any(environment.get(name) for name in _PROXY_NAMES)
    if transport is not None or proxied:
        async with _through_client(endpoint, transport, silence_seconds) as exchange:
            yield Chat(profile, credential, exchange)
        return
    tls = None
    if endpoint.startswith("https://"):
        import httpx2

        tls = httpx2.create_ssl_context()
    connections = Connections(endpoint, tls, silence_seconds=silence_seconds)
    try:
        yield Chat(profile, credential, connections.post)
    finally:
        await connections.close()


@asynccontextmanager
async def _through_client(
    endpoint: str, transport: httpx2.AsyncBaseTransport | None, silence_seconds: float
) -> AsyncIterator[Exchange]:
    """The ordinary HTTP client, which knows proxies; slower."""
    import httpx2

    timeout = httpx2.Timeout(silence_seconds, connect=5.0)
    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=256)
    async with httpx2.AsyncClient(
        transport=transport, timeout=timeout, limits=limits, follow_redirects=False
    ) as client:

        @asynccontextmanager
        async def post(target: str, headers: Mapping[str, str], content: bytes) -> AsyncIterator[Response]:
            everything = {"content-type": "application/json", "accept-encoding": "identity", **headers}
            try:
                async with client.stream("POST", endpoint + target, headers=everything, content=content) as response:
                    yield Response(response.status_code, response.headers, response.aiter_bytes())
            except httpx2.TransportError as error:
                raise UnreachableError(
                    "The service cannot be reached.",
                    f"{type(error).__name__}: {error}".rstrip(":. ") + ".",
                    "Check the network, the endpoint and any proxy (HTTPS_PROXY, SSL_CERT_FILE).",
                ) from None

        yield post


def _refusal(response: Response, content: bytes, secrets: tuple[str, ...]) -> CupolaError:
    """A refusal in the words that every other call's has."""
    import httpx2
    import openai

    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        body = None
    # The body has been decoded already; its lengths and encodings would only mislead.
    headers = {
        name: value for name, value in response.headers.items() if not name.startswith(("content-", "transfer-"))
    }
    request = httpx2.Request("POST", "https://service/")
    answer = httpx2.Response(response.status, headers=headers, content=content, request=request)
    return in_words(openai.APIStatusError("", response=answer, body=body), secrets)


async def _whole(response: Response) -> bytes:
    parts = [piece async for piece in response.body]
    content = b"".join(parts)
    if len(content) > 64 * 2**20:
        raise ServiceError("The service's answer is too large; it was dropped.")
    return content
