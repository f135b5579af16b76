from __future__ import annotations

from collections.abc import Iterator

import pytest

from cupola.graders import PythonSandbox, SandboxLimits


@pytest.fixture(scope="session")
def sandbox() -> Iterator[PythonSandbox]:
    with PythonSandbox(SandboxLimits(seconds=0.5, memory_bytes=64 * 1024 * 1024)) as shared:
        yield shared
