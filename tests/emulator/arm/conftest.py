"""A control plane to call: in this process on a clock that stands still, and over a socket for the SDK."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from cupola.emulator.state import models
from cupola.emulator.state.models import TunedModel

BEARER = {"authorization": "Bearer any.opaque"}
TUNED = "gpt-4.1-nano-2025-04-14.ft-0123456789abcdef0123456789abcdef-cora"


@dataclass
class ControlPlane:
    """One emulator's control plane."""

    emulator: Any
    clock: Any

    @property
    def account(self) -> Any:
        return self.emulator.service.resource.account

    @property
    def subscription(self) -> str:
        return f"/subscriptions/{self.account.subscription_id}"

    @property
    def provider(self) -> str:
        return f"{self.subscription}/providers/Microsoft.CognitiveServices"

    @property
    def path(self) -> str:
        group = f"{self.subscription}/resourceGroups/{self.account.resource_group}"
        return f"{group}/providers/Microsoft.CognitiveServices/accounts/{self.account.name}"

    async def call(
        self, method: str, path: str, body: Any = None, version: str | None = "2025-09-01", **settings: Any
    ) -> httpx2.Response:
        url = path if path.startswith("/subscriptions") else f"{self.path}/{path}"
        if version is not None:
            url += f"{'&' if '?' in url else '?'}api-version={version}"
        headers = settings.pop("headers", BEARER)
        return await self.emulator.http.request(method, url, json=body, headers=headers, **settings)

    async def put(self, name: str, model: str = "gpt-4.1-nano", sku: str = "GlobalStandard", **changes: Any) -> Any:
        """PUT a deployment; `changes` are capacity, version, format and properties."""
        tuned = ".ft-" in model.lower()
        version = changes.get("version", "1" if tuned else "2025-04-14")
        wanted = {"format": changes.get("format", "OpenAI"), "name": model, "version": version}
        wanted = {key: value for key, value in wanted.items() if value is not None}
        body = {
            "sku": {"name": sku, "capacity": changes.get("capacity", 10)},
            "properties": {"model": wanted, **changes.get("properties", {})},
        }
        return await self.call("PUT", f"deployments/{name}", body)

    async def deployed(self, name: str, *arguments: Any, **changes: Any) -> None:
        """PUT a deployment and let it come up, data plane and all."""
        answer = await self.put(name, *arguments, **changes)
        assert answer.status_code == 201, answer.text
        self.clock.seconds += 30

    async def names(self) -> list[str]:
        return [entry["name"] for page in await self.pages("deployments") for entry in page]

    async def pages(self, path: str) -> list[list[Any]]:
        """Every page of a list, by its links."""
        body = (await self.call("GET", path)).json()
        pages = [body["value"]]
        while "nextLink" in body:
            body = (await self.call("GET", body["nextLink"].removeprefix("http://127.0.0.1:8000"), version=None)).json()
            pages.append(body["value"])
        return pages

    async def befall(self, route: str, fault: str, **settings: Any) -> None:
        """Put one fault in force, alone."""
        rule = {"route": route, "fault": fault, **settings}
        headers = {"api-key": self.account.api_key}
        answer = await self.emulator.http.put("/emulator/faults", json={"rules": [rule]}, headers=headers)
        assert answer.status_code == 200, answer.text

    async def chat(self, name: str, **settings: Any) -> httpx2.Response:
        body = {"messages": [{"role": "user", "content": "Hello."}], "max_tokens": 5, **settings}
        url = f"/openai/deployments/{name}/chat/completions?api-version=2025-04-01-preview"
        return await self.emulator.http.post(url, json=body, headers={"api-key": self.account.api_key})


@pytest.fixture
async def arm(start: Callable[..., Any], clock: Any) -> AsyncIterator[ControlPlane]:
    """A control plane in whose state one tuned model and a checkpoint of it exist."""
    async with start(clock=clock, speed=1.0) as emulator:
        database = emulator.service.resource.database
        engine = {"talker": {"engine": "talker", "base": "nano", "path": None}, "reasoner": None}
        base = "gpt-4.1-nano-2025-04-14"
        for name, listed in ((TUNED, True), (f"{TUNED}:ckpt-step-7", False)):
            model = TunedModel(name, clock(), base, base, "ftjob-1", 7, listed, engine)
            models.add_tuned(database, model)
        yield ControlPlane(emulator, clock)


@pytest.fixture
def tuned_model() -> str:
    return TUNED


_SERVE = """
import sys
from pathlib import Path
from cupola.emulator.serve import serve
serve("127.0.0.1", 0, Path(sys.argv[1]), 400.0, engines=sys.argv[2])
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """What an emulator in a process of its own announces; the tests of a module share it."""
    engines = f"{Path(__file__).parents[1] / 'tiny_engines.py'}:ENGINES"
    state = tmp_path_factory.mktemp("server") / "state"
    with subprocess.Popen(
        [sys.executable, "-c", _SERVE, str(state), engines], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())
        process.terminate()
