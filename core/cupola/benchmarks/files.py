"""Benchmark definitions as TOML files, with graders and prompts beside them."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import UsageError
from ..graders import GraderDefinitionError
from .definition import SAMPLING, Arm, Benchmark, GraderUse, checked, with_threshold
from .items import items_of, read_rows, split_hash

_KNOWN = frozenset(
    {"name", "dataset", "items", "prompt", "messages", "arms", "graders", "margin", "budget", "baseline", "seed"}
    | {"engine"}
)
_ARM_KNOWN = frozenset({"name", "deployment", "model", "tier", "repeats", "response_format", "tools", *SAMPLING})


@dataclass(frozen=True, slots=True)
class Defined:
    """A definition and the items it is about."""

    benchmark: Benchmark
    rows: tuple[str, ...]
    """Each item's fields as canonical JSON."""


def read_benchmark(path: Path) -> Defined:
    """Read a definition and the files it names, all relative to its own place.

    Raises:
        UsageError: a file cannot be read, or says what a benchmark does not understand.
    """
    table = _table(path)
    _refuse_unknown(path, table, _KNOWN)
    folder = path.parent
    count = table.get("items")
    rows = read_rows(folder / _text(path, table, "dataset"), count, table.get("seed", 0))
    prompt = tuple(_message(folder, entry) for entry in table.get("prompt", ()))
    benchmark = checked(
        Benchmark(
            name=_text(path, table, "name"),
            prompt=prompt,
            messages_field="" if prompt else str(table.get("messages", "messages")),
            arms=tuple(_arm(path, entry) for entry in table.get("arms", ())),
            graders=tuple(_grader(folder, entry) for entry in table.get("graders", ())),
            split=split_hash(rows),
            dataset=Path(str(table["dataset"])).name,
            margin=float(table.get("margin", 0.05)),
            budget=None if table.get("budget") is None else float(table["budget"]),
            baseline=table.get("baseline"),
            seed=int(table.get("seed", 0)),
            engine=str(table.get("engine", "here")),
        )
    )
    # A prompt that a row cannot fill is told now, before anything is paid for.
    items_of(benchmark, rows)
    return Defined(benchmark, tuple(rows))


def read_grader(path: Path) -> GraderUse:
    """Read one grader's JSON, whole or as a job's file holds it.

    Raises:
        UsageError: it cannot be read or is no grader.
    """
    try:
        definition = json.loads(path.read_bytes())
    except OSError as error:
        raise UsageError(f"{path} cannot be read.", error.strerror or "") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path} is not JSON.", str(error)[:200]) from error
    return _parsed(str(path), GraderUse(definition))


def to_toml(benchmark: Benchmark, dataset: str) -> str:
    """A definition as a TOML file; graders stand in it as JSON text.

    Args:
        dataset: How the file shall name its data.
    """
    import tomlkit

    document = tomlkit.document()
    for name, value in (
        *(("name", benchmark.name), ("dataset", dataset), ("margin", benchmark.margin), ("budget", benchmark.budget)),
        *(("baseline", benchmark.baseline), ("seed", benchmark.seed), ("engine", benchmark.engine)),
    ):
        if value is not None:
            document.add(name, value)
    if benchmark.prompt:
        document.add("prompt", [dict(message) for message in benchmark.prompt])
    else:
        document.add("messages", benchmark.messages_field)
    document.add("arms", [_arm_table(arm) for arm in benchmark.arms])
    document.add("graders", [_grader_table(use) for use in benchmark.graders])
    return tomlkit.dumps(document)


def _arm_table(arm: Arm) -> dict[str, Any]:
    table: dict[str, Any] = {"name": arm.name, "deployment": arm.deployment, "model": arm.model, "tier": arm.tier}
    form = {"response_format": json.dumps(arm.response_format)} if arm.response_format else {}
    repeats = {"repeats": arm.repeats} if arm.repeats != 1 else {}
    tools = {"tools": json.dumps(list(arm.tools), ensure_ascii=False)} if arm.tools else {}
    return {**table, **arm.sampling, **form, **tools, **repeats}


def _grader_table(use: GraderUse) -> dict[str, Any]:
    declared = {} if use.declared_range is None else {"range": list(use.declared_range)}
    return {"definition": json.dumps(use.definition, ensure_ascii=False), **declared}


def _table(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise UsageError(f"{path} cannot be read.", error.strerror or "", "Check its name and rights.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} is not valid TOML.", str(error), "Mend the line it names.") from error


def _refuse_unknown(path: Path, table: Mapping[str, Any], known: frozenset[str]) -> None:
    unknown = sorted(table.keys() - known)
    if unknown:
        raise UsageError(f"{path.name} sets {unknown[0]!r}, which is not known here.", remedy=f"Known: {sorted(known)}")


def _text(path: Path, table: Mapping[str, Any], name: str) -> str:
    value = table.get(name)
    if not isinstance(value, str) or not value:
        raise UsageError(f"{path.name} does not say {name!r}.", remedy=f'Write {name} = "...".')
    return value


def _message(folder: Path, entry: Mapping[str, Any]) -> dict[str, Any]:
    """A message of the prompt; `file` names a text file that holds its content."""
    role = entry.get("role")
    if role not in ("system", "developer", "user", "assistant"):
        raise UsageError(f"A message of the prompt has the role {role!r}.", remedy="Use system, user or assistant.")
    if "file" not in entry:
        return {"role": role, "content": entry.get("content", "")}
    path = folder / str(entry["file"])
    try:
        return {"role": role, "content": path.read_text("utf-8").strip()}
    except OSError as error:
        raise UsageError(f"{path} cannot be read.", error.strerror or "") from error


def _arm(path: Path, entry: Mapping[str, Any]) -> Arm:
    _refuse_unknown(path, entry, _ARM_KNOWN)
    deployment = _text(path, entry, "deployment")
    form = entry.get("response_format")
    return Arm(
        name=str(entry.get("name", deployment)),
        deployment=deployment,
        model=str(entry.get("model", deployment)),
        tier=str(entry.get("tier", "globalStandard")),
        sampling={name: entry[name] for name in SAMPLING if name in entry},
        response_format=json.loads(form) if isinstance(form, str) else form,
        repeats=int(entry.get("repeats", 1)),
        tools=_tools(path, entry.get("tools", ())),
    )


def _tools(path: Path, given: Any) -> tuple[Mapping[str, Any], ...]:
    """An arm's tools: tables, JSON text, or the name of a JSON file beside the definition."""
    if isinstance(given, str):
        text = given
        if not given.lstrip().startswith("["):
            try:
                text = (path.parent / given).read_text("utf-8")
            except (OSError, UnicodeDecodeError) as error:
                raise UsageError(f"{given} cannot be read.", str(error)[:200], "Name a JSON file of tools.") from error
        try:
            given = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise UsageError(f"The tools in {path.name} are not JSON.", str(error)[:200]) from error
    if not isinstance(given, list | tuple):
        raise UsageError(f"The tools in {path.name} are not a list.", remedy="Write a list of functions.")
    return tuple(given)


def _grader(folder: Path, entry: Mapping[str, Any]) -> GraderUse:
    declared = entry.get("range")
    if "file" in entry:
        use = read_grader(folder / str(entry["file"]))
    else:
        given = entry.get("definition")
        use = GraderUse(json.loads(given) if isinstance(given, str) else given or {})
    use = GraderUse(use.definition, None if declared is None else (float(declared[0]), float(declared[1])))
    if "threshold" in entry:
        use = with_threshold(use, float(entry["threshold"]))
    return _parsed(str(entry.get("file", "a grader")), use)


def _parsed(where: str, use: GraderUse) -> GraderUse:
    try:
        _ = use.grader
    except GraderDefinitionError as error:
        raise UsageError(f"{where} is not a grader that the service takes.", str(error)) from error
    return use
