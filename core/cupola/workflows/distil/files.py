"""Distillations as TOML files, with the benchmark and the training prompts beside them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from ...benchmarks.definition import to_json
from ...benchmarks.files import Defined, read_benchmark
from ...benchmarks.items import read_rows
from ...errors import UsageError
from .definition import Distillation

_TEXTS = ("name", "teacher", "student", "control", "by", "training_tier", "sku")
_NUMBERS = ("samples", "threshold", "near", "validation_share", "seed", "capacity", "latency_items")
_KNOWN = frozenset(
    {*_TEXTS, *_NUMBERS, "benchmark", "prompts", "student_prompt", "hyperparameters", "fuse_hours", "from_stored"}
)
_SHIPPED: Mapping[str, tuple[str, str]] = {"cora": ("cupola_data.zava.cora", "distil.toml")}


@dataclass(frozen=True, slots=True)
class Read:
    """A distillation as a file tells it."""

    definition: Distillation
    """Its `prompts` are named once the rows are stored."""
    benchmark: Defined
    rows: tuple[str, ...]
    """The training prompts, each row's fields as canonical JSON."""


def bundled() -> tuple[str, ...]:
    """The distillations that ship."""
    return tuple(_SHIPPED)


def bundled_file(name: str) -> Path | None:
    """The definition of one that ships; None if there is none of that name."""
    if name not in _SHIPPED:
        return None
    package, file = _SHIPPED[name]
    return Path(str(files(package).joinpath(file)))


def read(path: Path) -> Read:
    """Read a definition and the files it names, all relative to its own place.

    Raises:
        UsageError: a file cannot be read, or says what a distillation does not understand.
    """
    table = _table(path)
    unknown = sorted(table.keys() - _KNOWN)
    if unknown:
        raise UsageError(
            f"{path.name} sets {unknown[0]!r}, which is not known here.", remedy=f"Known: {sorted(_KNOWN)}"
        )
    benchmark = read_benchmark(path.parent / _text(path, table, "benchmark"))
    rows = tuple(read_rows(path.parent / _text(path, table, "prompts")))
    return Read(definition_from(table, benchmark, path.parent), benchmark, rows)


def definition_from(table: Mapping[str, Any], benchmark: Defined, folder: Path) -> Distillation:
    """A definition from a table of settings, its prompts not yet named.

    Raises:
        UsageError: a value is of the wrong kind.
    """
    given: dict[str, Any] = {name: str(table[name]) for name in _TEXTS if name in table}
    given |= {name: table[name] for name in _NUMBERS if name in table}
    for name in _NUMBERS:
        if name in given and (isinstance(given[name], bool) or not isinstance(given[name], int | float)):
            raise UsageError(f"{name} must be a number, not {given[name]!r}.")
    if "fuse_hours" in table:
        given["fuse_seconds"] = float(table["fuse_hours"]) * 3_600 or None
    if "student_prompt" in table:
        given["student_prompt"] = tuple(_message(folder, entry) for entry in table["student_prompt"])
    if "from_stored" in table:
        given["from_stored"] = bool(table["from_stored"])
    if "hyperparameters" in table:
        given["hyperparameters"] = dict(table["hyperparameters"])
    given.setdefault("name", benchmark.benchmark.name)
    return Distillation(benchmark=to_json(benchmark.benchmark), prompts="", **given)


def _message(folder: Path, entry: Mapping[str, Any]) -> dict[str, Any]:
    role = entry.get("role")
    if role not in ("system", "developer", "user", "assistant"):
        raise UsageError(f"A message of the prompt has the role {role!r}.", remedy="Use system, user or assistant.")
    if "file" not in entry:
        return {"role": role, "content": str(entry.get("content", ""))}
    path = folder / str(entry["file"])
    try:
        return {"role": role, "content": path.read_text("utf-8").strip()}
    except OSError as error:
        raise UsageError(f"{path} cannot be read.", error.strerror or "") from error


def _table(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise UsageError(f"{path} cannot be read.", error.strerror or "", "Check its name and rights.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} is not valid TOML.", str(error), "Mend the line it names.") from error


def _text(path: Path, table: Mapping[str, Any], name: str) -> str:
    value = table.get(name)
    if not isinstance(value, str) or not value:
        raise UsageError(f"{path.name} does not say {name!r}.", remedy=f'Write {name} = "...".')
    return value
