"""Run the measurements and say which floors are not kept."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

from .result import Result

_NOT_SUBJECTS = {"__init__", "__main__", "echo", "programs", "result", "stores"}


def main(names: list[str]) -> int:
    """Measure the named subjects, or all; return 1 when a floor is not kept."""
    every = sorted(file.stem for file in Path(__file__).parent.glob("*.py") if file.stem not in _NOT_SUBJECTS)
    broken: list[Result] = []
    for name in names or every:
        _say(name)
        for result in import_module(f"{__package__}.{name}").measure():
            _say(f"  {result}")
            broken += [] if result.kept else [result]
    _say(f"{len(broken)} floors not kept" if broken else "every floor is kept")
    return 1 if broken else 0


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
