"""Facts that the service tells: does it answer, what may be done, what is free, where it is, what can be tuned."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from ..azure import deployments
from ..azure.client import connect
from ..azure.control_plane import ControlPlane, connect_control_plane, missing_settings
from ..azure.credentials import Credential
from ..azure.wire import files as wire
from ..azure.wire.reading import objects, parse
from ..errors import CupolaError, ServiceError, UnreachableError
from ..models import Call, ServiceModel
from ..retirement import known_models
from ..settings import Profile
from .fact import Fact, State, good, of_problem
from .roles import role_facts

if TYPE_CHECKING:
    import httpx2

_SKEW_SECONDS = 60.0
_SHOWN = 4


async def data_plane(
    profile: Profile,
    credential: Credential,
    *,
    transport: httpx2.AsyncBaseTransport | None = None,
    on_call: Callable[[Call], None] | None = None,
    clock: Callable[[], float] = time.time,
) -> AsyncIterator[Fact]:
    """Ask for the models: does the service answer, is its clock ours, what can be tuned."""
    import httpx2

    try:
        async with connect(profile, credential, transport=transport, on_call=on_call) as service:
            began = clock()
            async with service.telling():
                response = await service.client.get("/models", cast_to=httpx2.Response)
            took = clock() - began
            listed = [wire.model(entry) for entry in objects(parse(response.content).get("data"))]
    except CupolaError as error:
        yield _out_of_reach(error)
        return
    yield good("data plane", f"The data plane answers in {took * 1_000:.0f} ms.", milliseconds=round(took * 1_000))
    yield clock_fact(response.headers, began, began + took)
    today = dt.datetime.fromtimestamp(began, dt.UTC).date()
    for fact in tunable(profile, [model for model in listed if model is not None], today):
        yield fact


async def control_plane(
    profile: Profile,
    *,
    transport: httpx2.AsyncBaseTransport | None = None,
    environment: Mapping[str, str],
    on_call: Callable[[Call], None] | None = None,
) -> AsyncIterator[Fact]:
    """Ask for the account, its region, roles and quota."""
    missing = missing_settings(profile)
    if missing:
        what = f"The control plane cannot be asked: {', '.join(missing)} not given."
        why = "Deployments, quota and roles are managed there; all else works without."
        yield Fact("control plane", State.NOTE, what, why, f"cupola profile add {profile.name} --find --replace")
        return
    try:
        async with connect_control_plane(
            profile, transport=transport, environment=environment, on_call=on_call
        ) as plane:
            yield good("control plane", f"The control plane answers for account {plane.place.account}.")
            yield _region(profile, plane.place.location)
            async for fact in role_facts(plane):
                yield fact
            yield await _quota(plane)
    except CupolaError as error:
        yield of_problem("control plane", error.problem)


def clock_fact(headers: Mapping[str, str], sent_at: float, answered_at: float) -> Fact:
    """How far this machine's clock is from the service's; both times in unix seconds of this machine."""
    try:
        theirs = parsedate_to_datetime(headers.get("date", "")).timestamp()
    except (ValueError, TypeError):
        return Fact("clock", State.UNKNOWN, "The service does not say what time it is.")
    # Their second has begun somewhere between sending and answer.
    skew = max(0.0, theirs - answered_at) - max(0.0, sent_at - (theirs + 1.0))
    details = {"skew_seconds": round(skew, 1)}
    if abs(skew) <= _SKEW_SECONDS:
        return Fact("clock", State.GOOD, "The clock agrees with the service's.", details=details)
    way = "behind" if skew > 0 else "ahead of"
    why = "Tokens then seem to have ended, or not to have begun."
    what = f"This machine's clock is {abs(skew):.0f} s {way} the service's."
    return Fact("clock", State.BAD, what, why, "Let it be set: timedatectl set-ntp true", details)


def tunable(profile: Profile, reported: list[ServiceModel], today: dt.date) -> Iterator[Fact]:
    """Which of the models that the resource lists can be tuned there."""
    rows = [row for row in known_models(reported) if row.at_service]
    says_yes = {model.id for model in reported if model.can_fine_tune}
    region = profile.region.casefold().replace(" ", "")
    named = [
        row.id
        for row in rows
        if any(row.learns(method, region, today) for method in row.methods) or (row.id in says_yes and not row.methods)
    ]
    if not rows:
        why = "It lists none; the address may be of another kind of resource."
        yield Fact("models", State.BAD, "No model is offered.", why, "Check the endpoint: cupola profile show")
    elif not named:
        place = f" in {profile.region}" if profile.region else ""
        why = "Regional training is offered in few regions: cupola model list"
        yield Fact("models", State.BAD, f"None of the {len(rows)} models can be tuned{place}.", why)
    else:
        shown = ", ".join(named[:_SHOWN]) + (f" and {len(named) - _SHOWN} more" if len(named) > _SHOWN else "")
        yield good("models", f"{len(named)} of {len(rows)} models can be tuned: {shown}.", tunable=named)


def _region(profile: Profile, location: str) -> Fact:
    told = profile.region.casefold().replace(" ", "")
    theirs = location.casefold().replace(" ", "")
    if told and theirs and told != theirs:
        what = f"The account is in {location}, the profile says {profile.region}."
        remedy = f"cupola config set profiles.{profile.name}.region {theirs}"
        return Fact("region", State.NOTE, what, remedy=remedy, details={"region": theirs})
    return good("region", f"The account is in {location or 'a region it does not name'}.", region=theirs)


async def _quota(plane: ControlPlane) -> Fact:
    try:
        lines = await deployments.quota(plane)
    except ServiceError as error:
        if isinstance(error, UnreachableError):
            return of_problem("quota", error.problem)
        remedy = "Ask for the role Cognitive Services Usages Reader on the subscription."
        return Fact("quota", State.NOTE, "Quota cannot be seen.", error.why, remedy)
    tuned = [line for line in lines if line.name.casefold().endswith("-finetune")]
    full = [line.name for line in tuned if line.limit and line.free <= 0]
    details: dict[str, Any] = {"kinds": len(lines), "full": full}
    if full:
        what = f"Quota for tuned models is used up: {', '.join(full[:_SHOWN])}."
        return Fact("quota", State.NOTE, what, "", "Remove or shrink a deployment: cupola deploy quota", details)
    return good("quota", f"Quota can be seen: {len(lines)} kinds, {len(tuned)} for tuned models.", **details)


def _out_of_reach(error: CupolaError) -> Fact:
    said = f"{error.why} {error.raw}"
    if "CERTIFICATE_VERIFY_FAILED" in said or "certificate verify failed" in said:
        why = "Its certificate is signed by somebody whom this machine does not trust, such as a company's proxy."
        remedy = "Set SSL_CERT_FILE and REQUESTS_CA_BUNDLE to a file with that signer's certificate."
        return Fact("tls", State.BAD, "The service's certificate is not trusted.", why, remedy)
    return of_problem("data plane", error.problem)
