"""All facts in the order in which one thing rests on another; what can be told without the service comes first."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ..azure.client import checked_endpoint
from ..azure.credentials import find_credential
from ..azure.keyring_secrets import look
from ..errors import CupolaError, StoreError, UsageError
from ..models import Call
from ..paths import Paths
from ..retirement import retirement_words, retiring
from ..settings import Profile, read_settings
from ..store.database import open_store
from ..worker.telling import Telling, telling_of
from . import here, service, storage
from .fact import Fact, State, good, of_problem
from .terminal import Terminal, terminal_facts
from .token import token_facts

if TYPE_CHECKING:
    import httpx2


@dataclass(frozen=True, slots=True)
class Patient:
    """What is examined."""

    profile: Profile
    environment: Mapping[str, str] = field(repr=False)
    paths: Paths
    terminal: Terminal
    transport: httpx2.AsyncBaseTransport | None = None
    clock: Callable[[], float] = time.time


async def examine(patient: Patient, *, offline: bool = False) -> AsyncIterator[Fact]:
    """Every fact, as it is found; offline only those that need nobody."""
    for fact in _before(patient):
        yield fact
    if not offline:
        async for fact in connection_facts(patient):
            yield fact
    for fact in _after(patient):
        yield fact


async def connection_facts(patient: Patient, on_call: Callable[[Call], None] | None = None) -> AsyncIterator[Fact]:
    """What works with the service: login, data plane, clock, models; control plane, region, roles, quota."""
    profile = patient.profile
    try:
        checked_endpoint(profile)
        credential = find_credential(profile, patient.environment)
    except CupolaError as error:
        yield of_problem("profile" if error.exit_code == 2 else "token", error.problem)
        return
    login = await token_facts(profile, credential, patient.clock)
    for fact in login:
        yield fact
    if login[0].state is not State.BAD:
        async for fact in service.data_plane(
            profile, credential, transport=patient.transport, on_call=on_call, clock=patient.clock
        ):
            yield fact
    async for fact in service.control_plane(
        profile, transport=patient.transport, environment=patient.environment, on_call=on_call
    ):
        yield fact


def _before(patient: Patient) -> Iterator[Fact]:
    yield from here.names(patient.environment)
    yield from here.profile_facts(patient.profile, patient.paths.config_file)
    yield here.secrets(patient.profile, look(environment=patient.environment), patient.environment)
    yield from here.network(patient.profile, patient.environment)


def _after(patient: Patient) -> Iterator[Fact]:
    path = patient.paths.store(patient.profile.name)
    facts = list(storage.store_facts(path, patient.clock()))
    yield from facts
    broken = any(fact.topic == "store" and fact.state is State.BAD for fact in facts)
    if path.exists() and not broken:
        yield from _retirement(path, patient.clock())
    yield from storage.worker_facts(patient.profile.name, patient.paths)
    try:
        telling = telling_of(read_settings(patient.paths.config_file), patient.environment)
    except UsageError as error:
        yield of_problem("notifications", error.problem)
        telling = Telling()
    yield from terminal_facts(patient.terminal, patient.environment, telling=telling)


def _retirement(path: Path, now: float) -> Iterator[Fact]:
    today = dt.datetime.fromtimestamp(now, dt.UTC).date()
    try:
        database = open_store(path)
    except StoreError as error:
        yield of_problem("store", error.problem)
        return
    try:
        found = retiring(database, today)
    finally:
        database.close()
    if not found:
        yield good("retirement", "No model in use retires within 60 days, as far as is known.")
    for one in found:
        what, remedy = retirement_words([one], today)
        why = f"Used by {', '.join(one.used_by[:3])}. Says {one.until.source}: {one.until.day}."
        yield Fact("retirement", State.NOTE, f"{what}.", why, remedy, {"model": one.model})
