"""What the tests of statistics share."""

from __future__ import annotations

import importlib

import pytest


@pytest.fixture(scope="session", autouse=True)
def _special_functions() -> None:
    """Load them before the first example of a property is timed."""
    importlib.import_module("scipy.special")
