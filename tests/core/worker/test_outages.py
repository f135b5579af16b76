"""Outages in the worker against the emulator: named in plain words, backed off from, and their end is noticed."""

from __future__ import annotations

import asyncio
import json
import time
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from azure.core.credentials import AccessToken

from cupola.azure.client import Service, connect
from cupola.azure.credentials import Credential, EntraCredential, KeyCredential, find_credential
from cupola.errors import NotAllowedError
from cupola.models import Problem
from cupola.outages import in_short
from cupola.settings import Profile
from cupola.store import health
from cupola.store.database import Database
from cupola.worker.loop import Loop
from cupola.worker.poll import LOCAL

from .cloud import Cloud
from .emulation import Emulation
from .test_loop import running, soon

QUICK = replace(LOCAL, moving=0.05, idle=0.05, first_retry=0.05, longest_retry=0.2)


@pytest.fixture(scope="module")
def emulation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulation]:
    one = Emulation(tmp_path_factory.mktemp("outages") / "state", 1_000.0)
    one.start()
    yield one
    one.stop()


@pytest.fixture
def faults(emulation: Emulation) -> Iterator[Callable[..., None]]:
    def put(*rules: dict[str, object]) -> None:
        body = json.dumps({"seed": 1, "rules": list(rules)}).encode()
        request = urllib.request.Request(
            f"{emulation.profile.endpoint}/emulator/faults",
            data=body,
            method="PUT",
            headers={"api-key": emulation.key, "content-type": "application/json"},
        )
        urllib.request.urlopen(request, timeout=10).close()

    yield put
    put()


@asynccontextmanager
async def service_at(profile: Profile, credential: Credential) -> AsyncIterator[Service]:
    async with connect(profile, credential, read_attempts=1) as service:
        yield service


async def told(face: Database, words: str) -> None:
    def is_told() -> bool:
        problem = health.get(face).problem
        return problem is not None and in_short(problem) == words

    try:
        await soon(is_told)
    except TimeoutError:
        raise AssertionError(f"{health.get(face).problem} is not {words!r}") from None


async def answers_again(face: Database) -> None:
    since = time.time()
    await soon(lambda: (known := health.get(face)).problem is None and (known.checked_at or 0.0) > since)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"fault": "unavailable", "seconds": 0}, "service down"),
        ({"fault": "server_error"}, "service down"),
        ({"fault": "rate_limited", "seconds": 0}, "asked to wait"),
        ({"fault": "reset"}, "out of reach"),
    ],
)
async def test_what_is_wrong_with_the_service_is_said_and_its_return_noticed(
    emulation: Emulation,
    faults: Callable[..., None],
    store: Database,
    face: Database,
    fault: dict[str, object],
    words: str,
) -> None:
    async with (
        service_at(emulation.profile, KeyCredential(emulation.key, "test")) as service,
        running(Loop(service, store, QUICK)),
    ):
        await answers_again(face)
        faults({"route": "GET *", **fault})
        await told(face, words)
        known = health.get(face)
        assert known.since is not None and known.checked_at is not None and known.next_try is not None
        faults()
        await answers_again(face)


async def test_a_token_that_has_expired_is_renewed_or_said(
    emulation: Emulation, faults: Callable[..., None], store: Database, face: Database
) -> None:
    def token(*scopes: str) -> AccessToken:
        return AccessToken("a.b.c", int(time.time()) + 3_600)

    credential = EntraCredential("https://cognitiveservices.azure.com/.default", token)
    faults({"route": "GET *", "fault": "token_expired"})
    async with service_at(emulation.profile, credential) as service, running(Loop(service, store, QUICK)):
        await told(face, "sign-in expired")


async def test_the_service_process_dies_and_comes_back(emulation: Emulation, store: Database, face: Database) -> None:
    async with (
        service_at(emulation.profile, KeyCredential(emulation.key, "test")) as service,
        running(Loop(service, store, QUICK)),
    ):
        await answers_again(face)
        await asyncio.to_thread(emulation.stop)
        await told(face, "out of reach")
        await asyncio.to_thread(emulation.start)
        await answers_again(face)


async def test_a_name_that_is_not_found_is_a_matter_of_dns(store: Database, face: Database) -> None:
    profile = Profile("far", "https://no-such-resource.invalid")
    async with service_at(profile, KeyCredential("k", "test")) as service, running(Loop(service, store, QUICK)):
        await told(face, "no DNS")


def test_a_missing_key_is_not_called_an_unreachable_service(tmp_path: Path) -> None:
    with pytest.raises(NotAllowedError) as caught:
        find_credential(
            Profile("p", "https://x.openai.azure.com"), {"PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}
        )
    assert in_short(caught.value.problem) == "no key"


async def test_polling_backs_off_while_nothing_answers(service: Service, store: Database, cloud: Cloud) -> None:
    cloud.down = True
    loop = Loop(service, store, replace(LOCAL, first_retry=1.0, longest_retry=60.0), chance=lambda: 0.5)
    waits = []
    for _ in range(8):
        loop.next_look = 0.0
        before = loop.monotonic()
        await loop.turn()
        waits.append(round(loop.next_look - before))
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]


async def test_a_laptop_that_wakes_looks_at_once(
    store: Database, face: Database, cloud: Cloud, service: Service
) -> None:
    """The monotonic clock stands still while a machine sleeps; the wall clock jumps when it wakes."""
    slept = [0.0]
    waking = replace(service, clock=lambda: 1_000.0 + time.monotonic() + slept[0])
    async with running(Loop(waking, store, replace(LOCAL, idle=3_600.0, moving=3_600.0))):
        await soon(lambda: health.get(face).checked_at is not None)
        first = health.get(face).checked_at
        assert first is not None
        slept[0] = 8 * 3_600.0
        await soon(lambda: (health.get(face).checked_at or 0.0) >= first + 8 * 3_600.0)


@pytest.mark.parametrize(
    ("problem", "words"),
    [
        (Problem("The service refused (403): no."), "not allowed"),
        (Problem("The service did not answer in time."), "no answer in time"),
        (Problem("The service cannot be reached.", "ConnectError: [Errno 101] Network is unreachable."), "no network"),
        (
            Problem("The service cannot be reached.", "ConnectError: CERTIFICATE_VERIFY_FAILED."),
            "no trusted connection",
        ),
        (Problem("Something else has gone wrong."), "Something else has gone wrong"),
        (Problem("x" * 100), "x" * 43 + "…"),
    ],
)
def test_other_problems_have_short_words_too(problem: Problem, words: str) -> None:
    assert in_short(problem) == words
