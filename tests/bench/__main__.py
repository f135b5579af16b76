"""Run the measurements and say which floors are not kept."""

from __future__ import annotations

import sys
import traceback
from importlib import import_module
from pathlib import Path

from .result import Result

_MEASURES = "def measure("
"""What a module of this folder has that is a subject."""


def main(names: list[str]) -> int:
    """Measure the named subjects, or all; return 1 when a floor is not kept or a subject could not be measured."""
    broken: list[Result] = []
    failed: list[str] = []
    for name in names or _subjects():
        _say(name)
        try:
            for result in import_module(f"{__package__}.{name}").measure():
                _say(f"  {result}")
                broken += [] if result.kept else [result]
        except Exception:  # noqa: BLE001  # it is told, and the others are measured all the same
            _say(traceback.format_exc())
            failed.append(name)
    _say(f"{len(broken)} floors not kept" if broken else "every floor is kept")
    for name in failed:
        _say(f"{name} could not be measured")
    return 1 if broken or failed else 0


def _subjects() -> list[str]:
    """Every module that measures something when nothing is named."""
    folder = Path(__file__).parent
    return sorted(file.stem for file in folder.glob("*.py") if f"\n{_MEASURES}" in file.read_text("utf-8"))


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
