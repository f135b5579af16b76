"""Ways to switch faults on."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def headers(emulator: Any) -> dict[str, str]:
    return {"api-key": emulator.key}


@pytest.fixture
def befall(emulator: Any, headers: dict[str, str]) -> Any:
    """`await befall("POST /openai/*", "unavailable", rate=0.5)` puts one rule in force, alone."""

    async def befall(route: str, fault: str, seed: int = 0, **settings: Any) -> None:
        rule = {"route": route, "fault": fault, **settings}
        answer = await emulator.http.put("/emulator/faults", json={"seed": seed, "rules": [rule]}, headers=headers)
        assert answer.status_code == 200, answer.text

    return befall
