"""The connection to Azure Resource Manager: plain REST under one account, with the data plane's bounds and errors."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from ..errors import ServiceError, UnreachableError, UsageError
from ..models import Call
from ..settings import Profile
from .client import Sleep, checked_endpoint
from .credentials import EntraCredential, find_credential, forgetting
from .errors import in_words
from .traffic import Traffic
from .wire.reading import Json, mapping, objects, parse, text

if TYPE_CHECKING:
    import httpx2

API_VERSION = "2024-10-01"
_SUBSCRIPTIONS_VERSION = "2022-12-01"
_PROVIDER = "providers/Microsoft.CognitiveServices"
_MOST_PAGES = 500
_LARGEST_ANSWER = 16 * 2**20
_TIMEOUT_SECONDS, _CONNECT_SECONDS = 60.0, 5.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What Resource Manager answered."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def json(self) -> Json:
        """The body; an empty one is an empty object.

        Raises:
            ServiceError: it is something else.
        """
        return parse(self.content) if self.content.strip() else {}


@dataclass(frozen=True, slots=True)
class Place:
    """One account in Azure's tree."""

    subscription: str
    group: str
    account: str
    location: str = ""
    """"" until it was asked for."""

    @property
    def path(self) -> str:
        """The account's path."""
        subscription, group = quote(self.subscription, safe=""), quote(self.group, safe="")
        account = quote(self.account, safe="")
        return f"/subscriptions/{subscription}/resourceGroups/{group}/{_PROVIDER}/accounts/{account}"

    @property
    def location_path(self) -> str:
        """The path of the account's location under its subscription."""
        location = quote(self.location, safe="")
        return f"/subscriptions/{quote(self.subscription, safe='')}/{_PROVIDER}/locations/{location}"


@dataclass(frozen=True, slots=True)
class ControlPlane:
    """An open connection to the control plane of one account."""

    endpoint: str
    place: Place
    http: httpx2.AsyncClient = field(repr=False)
    token: EntraCredential | str = field(repr=False)
    """Who signs in; a bare word is for a service on this machine, which takes any."""
    traffic: Traffic = field(repr=False)
    clock: Callable[[], float] = time.time
    sleep: Sleep = asyncio.sleep

    async def get(self, path: str, version: str = API_VERSION) -> Json:
        """Read something.

        Raises:
            ServiceError: the service refused, failed or cannot be reached.
        """
        return (await self.once("GET", path, version=version)).json

    async def every(self, path: str) -> list[Json]:
        """All entries of a list; links to further pages are followed within this service only."""
        found: list[Json] = []
        next_path: str | None = path
        for _ in range(_MOST_PAGES):
            if next_path is None:
                break
            answer = await self.get(next_path)
            found += objects(answer.get("value"))
            link = text(answer.get("nextLink"))
            next_path = self.own_path(link) or None if link else None
        return found

    def own_path(self, link: str) -> str:
        """A link of the service as path and query; "" if it leads elsewhere, where the token must not go."""
        parts, own = urlsplit(link), urlsplit(self.endpoint)
        if (parts.scheme, parts.netloc) != (own.scheme, own.netloc):
            return ""
        return f"{parts.path}?{parts.query}" if parts.query else parts.path

    async def once(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, version: str = API_VERSION
    ) -> Answer:
        """Send one request; never tried a second time.

        Raises:
            ServiceError: the service refused, failed or cannot be reached.
        """
        import httpx2

        bearer = self.token if isinstance(self.token, str) else await self.token.token()
        asked = path if "api-version=" in path else f"{path}{'&' if '?' in path else '?'}api-version={version}"
        request = self.http.build_request(
            method,
            f"{self.endpoint}{asked}",
            json=None if body is None else dict(body),
            headers={"Authorization": f"Bearer {bearer}", "Accept-Encoding": "identity"},
        )
        try:
            response = await self.http.send(request)
        except httpx2.TransportError as error:
            self.traffic.unanswered(request)
            raise UnreachableError(
                "Azure Resource Manager cannot be reached.",
                f"{type(error).__name__}: {error}".rstrip(":. ") + ".",
                "Check the network and any proxy (HTTPS_PROXY); what answers already goes on answering.",
            ) from None
        if response.status_code >= 300:
            raise _refusal(response)
        return Answer(response.status_code, response.headers, response.content)


def missing_settings(profile: Profile) -> tuple[str, ...]:
    """The settings without which the control plane cannot be asked; none for a service on this machine."""
    needed = ("subscription_id", "resource_group", "account")
    return () if profile.is_local else tuple(name for name in needed if not getattr(profile, name))


@asynccontextmanager
async def connect_control_plane(
    profile: Profile,
    *,
    credential: EntraCredential | None = None,
    transport: httpx2.AsyncBaseTransport | None = None,
    on_call: Callable[[Call], None] | None = None,
    environment: Mapping[str, str] = os.environ,
    sleep: Sleep = asyncio.sleep,
    clock: Callable[[], float] = time.time,
) -> AsyncIterator[ControlPlane]:
    """Open a connection to the profile's account for as long as the block lasts.

    Raises:
        UsageError: the profile lacks the settings that say which account, or its address is unsafe.
        NotAllowedError, ServiceError: nobody is signed in, or the account cannot be found.
    """
    missing = missing_settings(profile)
    if missing:
        raise UsageError(
            f"Profile {profile.name!r} does not say where its deployments are managed.",
            f"Missing: {', '.join(missing)}.",
            "Add them to the profile, or set AZURE_SUBSCRIPTION_ID, AZURE_RESOURCE_GROUP and AZURE_AOAI_ACCOUNT.",
        )
    async with open_control_plane(
        profile,
        credential=credential,
        transport=transport,
        on_call=on_call,
        environment=environment,
        sleep=sleep,
        clock=clock,
    ) as plane:
        yield replace(plane, place=await _found(plane))


@asynccontextmanager
async def open_control_plane(
    profile: Profile,
    *,
    credential: EntraCredential | None = None,
    transport: httpx2.AsyncBaseTransport | None = None,
    on_call: Callable[[Call], None] | None = None,
    environment: Mapping[str, str] = os.environ,
    sleep: Sleep = asyncio.sleep,
    clock: Callable[[], float] = time.time,
) -> AsyncIterator[ControlPlane]:
    """A connection whose account may not be known yet: nothing has been asked, and its place is as the profile says.

    Raises:
        UsageError: the address is unsafe.
    """
    import httpx2

    endpoint = _endpoint(profile)
    traffic = Traffic(on_call, (), clock, largest_answer=_LARGEST_ANSWER)
    token = "local" if profile.is_local else credential or _entra(profile, endpoint, environment)
    async with httpx2.AsyncClient(
        transport=transport,
        timeout=httpx2.Timeout(_TIMEOUT_SECONDS, connect=_CONNECT_SECONDS),
        follow_redirects=False,
        trust_env=not profile.is_local,
        event_hooks={"request": [traffic.sent], "response": [traffic.answered, *forgetting(token)]},
    ) as http:
        place = Place(profile.subscription_id, profile.resource_group, profile.account)
        yield ControlPlane(endpoint, place, http, token, traffic, clock, sleep)


async def _found(plane: ControlPlane) -> Place:
    """The place with its location; on this machine, of the only account there is."""
    place = plane.place
    if not (place.subscription and place.group and place.account):
        listed = objects((await plane.get("/subscriptions", _SUBSCRIPTIONS_VERSION)).get("value"))
        subscription = next((own for entry in listed if (own := text(entry.get("subscriptionId")))), "")
        accounts = await plane.every(f"/subscriptions/{quote(subscription, safe='')}/{_PROVIDER}/accounts")
        names = [text(entry.get("id")) or "" for entry in accounts]
        place = next((found for name in names if (found := _place_of(name)) is not None), place)
        if not place.account:
            raise ServiceError("The local service has no control plane.", remedy="Start it anew with `cupola demo`.")
    account = await plane.get(place.path)
    return replace(place, location=text(account.get("location")) or "")


def _place_of(resource_id: str) -> Place | None:
    parts = resource_id.strip("/").split("/")
    return Place(parts[1], parts[3], parts[7]) if len(parts) == 8 else None


def _endpoint(profile: Profile) -> str:
    if profile.is_local:
        return checked_endpoint(profile)
    parts = urlsplit(profile.arm_endpoint)
    if parts.scheme != "https" or not parts.hostname or parts.username or parts.query or parts.fragment:
        raise UsageError(
            f"The arm_endpoint of profile {profile.name!r} is not a plain https:// address.",
            remedy="Leave it out for Azure's own, https://management.azure.com.",
        )
    return profile.arm_endpoint.rstrip("/")


def _entra(profile: Profile, endpoint: str, environment: Mapping[str, str]) -> EntraCredential:
    """Who is signed in at Entra, whatever the data plane takes: the control plane knows no keys."""
    entra = replace(profile, credential="entra") if profile.credential == "key" else profile
    signed_in = find_credential(entra, environment)
    assert isinstance(signed_in, EntraCredential)
    return EntraCredential(f"{endpoint}/.default", signed_in.get_token)


def _refusal(response: httpx2.Response) -> ServiceError:
    import openai

    try:
        body: Any = mapping(response.json())
    except ValueError:
        body = None
    error = in_words(openai.APIStatusError("", response=response, body=body))
    assert isinstance(error, ServiceError)
    return error
