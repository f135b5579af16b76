"""The benchmarks that ship with Cupola."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

_SHIPPED: Mapping[str, tuple[str, str]] = {
    "cora-support": ("cupola_data.zava.cora", "bench.toml"),
    "zava-tone": ("cupola_data.zava.tone", "bench.toml"),
    "zava-photos": ("cupola_data.zava.photos", "bench.toml"),
}


def bundled() -> tuple[str, ...]:
    """Their names."""
    return tuple(_SHIPPED)


def bundled_file(name: str) -> Path | None:
    """The definition of one of them; None if there is none of that name."""
    if name not in _SHIPPED:
        return None
    package, file = _SHIPPED[name]
    return Path(str(files(package).joinpath(file)))
