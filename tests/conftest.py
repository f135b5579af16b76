"""What holds for every test: hypothesis draws the same examples each time, and a busy machine is no failure."""

from __future__ import annotations

import gc

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("cupola", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("cupola")

# Thousands of tests in one process leave much that lives on; looking through it again and again is a sixth of the time.
gc.set_threshold(200_000, 50, 1_000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first, so that nobody waits for them alone at the end."""
    items.sort(key=lambda item: "tests/end_to_end/" not in item.nodeid)
