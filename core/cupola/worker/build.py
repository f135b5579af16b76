"""Which code a worker runs, so that a face can tell one that an update has left behind."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from .. import __version__
from ..store.schema import MIGRATIONS


def build() -> str:
    """The version, the store's schema, and when the newest of this installation's modules was written."""
    package = Path(str(files("cupola")))
    newest = max(module.stat().st_mtime_ns for module in package.rglob("*.py"))
    return f"{__version__}+{len(MIGRATIONS)}.{newest}"
