"""The connection to one resource: the SDK's client with bounded answers, no redirects, and every call told."""

from __future__ import annotations

import asyncio
import random
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ..errors import CupolaError, ThrottledError, UnreachableError, UsageError
from ..models import Call
from ..settings import Profile
from .credentials import Credential, EntraCredential, KeyCredential, forgetting
from .errors import in_words
from .traffic import Traffic

if TYPE_CHECKING:
    import httpx2
    from openai import AsyncOpenAI

_CONNECT_SECONDS = 5.0
_ANSWER_SECONDS = 60.0
"""Of silence."""
_WHOLE_SECONDS = 600.0
"""For a whole answer: one that comes byte by byte is never silent, and would never end."""
_PATIENCE_SECONDS = 5.0
"""A read is not held up longer than this for a Retry-After; the caller decides then."""

Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Service:
    """An open connection; all of `cupola.azure` takes one."""

    client: AsyncOpenAI = field(repr=False)
    profile: Profile
    secrets: tuple[str, ...] = field(default=(), repr=False)
    traffic: Traffic = field(default_factory=Traffic, repr=False)
    read_attempts: int = 2
    sleep: Sleep = asyncio.sleep
    clock: Callable[[], float] = time.time
    whole_seconds: float = _WHOLE_SECONDS

    async def get(self, path: str, parameters: Mapping[str, Any] | None = None) -> bytes:
        """Read something; a read that found nobody or was throttled shortly is tried again.

        Raises:
            ServiceError: the service refused, failed or cannot be reached.
        """
        for attempt in range(1, self.read_attempts + 1):
            try:
                return await self.once("GET", path, parameters=parameters)
            except (UnreachableError, ThrottledError) as error:
                wait = max(error.retry_after or 0.0, 0.4 * 2**attempt * random.uniform(0.75, 1.25))
                if attempt == self.read_attempts or wait > _PATIENCE_SECONDS:
                    raise
                await self.sleep(wait)
        raise AssertionError("unreachable")

    async def post(self, path: str, body: Mapping[str, Any] | None = None) -> bytes:
        """Create or change something; never tried a second time.

        Raises:
            ServiceError: the service refused, failed or cannot be reached.
        """
        return await self.once("POST", path, body=body)

    async def once(
        self,
        method: str,
        path: str,
        *,
        parameters: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> bytes:
        """Send one request and return the answer's body.

        Raises:
            ServiceError: the service refused, failed or cannot be reached.
        """
        import httpx2

        options: Any = {"params": dict(parameters or {})}
        try:
            async with self.telling(), asyncio.timeout(self.whole_seconds):
                if method == "GET":
                    response = await self.client.get(path, cast_to=httpx2.Response, options=options)
                else:
                    response = await self.client.post(
                        path, cast_to=httpx2.Response, body=dict(body or {}), options=options
                    )
                return response.content
        except TimeoutError:
            raise UnreachableError(
                f"The service's answer did not end within {self.whole_seconds:g} s.",
                remedy="Check the network and the endpoint; Cupola tries again by itself.",
            ) from None

    @asynccontextmanager
    async def telling(self) -> AsyncIterator[None]:
        """Turn what the SDK raises inside into `cupola.errors`, and tell of a call that got no answer."""
        import openai

        try:
            yield
        except CupolaError:
            raise
        except openai.OpenAIError as error:
            if isinstance(error, openai.APIConnectionError):
                self.traffic.unanswered(error.request)
            raise in_words(error, self.secrets) from None


@asynccontextmanager
async def connect(
    profile: Profile,
    credential: Credential,
    *,
    transport: httpx2.AsyncBaseTransport | None = None,
    on_call: Callable[[Call], None] | None = None,
    read_attempts: int = 2,
    sleep: Sleep = asyncio.sleep,
    clock: Callable[[], float] = time.time,
) -> AsyncIterator[Service]:
    """Open a connection to the profile's resource for as long as the block lasts.

    Raises:
        UsageError: the profile's endpoint is missing or unsafe.
    """
    import httpx2

    endpoint = checked_endpoint(profile)
    secrets = (credential.key,) if isinstance(credential, KeyCredential) else ()
    traffic = Traffic(on_call, secrets, clock)
    http = httpx2.AsyncClient(
        transport=transport,
        timeout=httpx2.Timeout(_ANSWER_SECONDS, connect=_CONNECT_SECONDS),
        follow_redirects=False,
        # A proxy has no way to this machine's own services.
        trust_env=not profile.is_local,
        event_hooks={"request": [traffic.sent], "response": [traffic.answered, *forgetting(credential)]},
    )
    async with http:
        client = _client(profile, endpoint, credential, http)
        yield Service(client, profile, secrets, traffic, read_attempts, sleep, clock)


def checked_endpoint(profile: Profile) -> str:
    """The endpoint without a trailing slash or route.

    Raises:
        UsageError: it is missing, not a URL, or would carry the key in the clear.
    """
    remedy = "Set `endpoint` in the profile, or AZURE_OPENAI_ENDPOINT."
    if not profile.endpoint:
        look = "To look around without one: `cupola demo`."
        raise UsageError(f"Profile {profile.name!r} has no endpoint.", remedy=f"{remedy} {look}")
    parts = urlsplit(profile.endpoint)
    if parts.scheme not in ("https", "http") or not parts.hostname or parts.username or parts.query or parts.fragment:
        raise UsageError(f"The endpoint of profile {profile.name!r} is not a plain https:// address.", remedy=remedy)
    if parts.scheme == "http" and not profile.is_local:
        raise UsageError(
            f"The endpoint of profile {profile.name!r} is http://, which would send the key in the clear.",
            remedy="Write https://.",
        )
    return re.sub(r"(/openai)?(/v1)?/*$", "", profile.endpoint)


def path_segment(name: str) -> str:
    """An id as part of a path.

    Raises:
        UsageError: it is not an id of the service.
    """
    if not is_path_segment(name):
        raise UsageError(
            f"{name[:80]!r} is not an id of the service.", remedy="Ids look like ftjob-0a1b... or file-0a1b..."
        )
    return name


def is_path_segment(name: str) -> bool:
    """Whether an id is safe to stand in a path."""
    return re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._:@-]{0,299}", name) is not None


def _client(profile: Profile, endpoint: str, credential: Credential, http: httpx2.AsyncClient) -> AsyncOpenAI:
    import openai

    # Answers are not compressed, so that their bound holds; every retry is ours, since a create must not be sent twice.
    common: Any = {
        "http_client": http,
        "max_retries": 0,
        "default_headers": {"Accept-Encoding": "identity"},
        "timeout": http.timeout,
    }
    if profile.route == "v1":
        key = credential.token if isinstance(credential, EntraCredential) else credential.key
        return openai.AsyncOpenAI(base_url=f"{endpoint}/openai/v1/", api_key=key, **common)
    if isinstance(credential, EntraCredential):
        common["azure_ad_token_provider"] = credential.token
    else:
        common["api_key"] = credential.key
    return openai.AsyncAzureOpenAI(azure_endpoint=endpoint, api_version=profile.api_version, **common)
