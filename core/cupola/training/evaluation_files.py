"""An evaluation's downloaded JSON or JSON Lines read into the store; the file is nobody's friend until it is read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..azure.client import is_path_segment
from ..azure.wire import evaluations as wire
from ..azure.wire.reading import Json, mapping, text
from ..errors import UsageError
from ..models import Evaluation, EvaluationItem, EvaluationRun
from ..store import evaluations
from ..store.database import Database

MOST_BYTES = 512 * 1024 * 1024
"""A larger file is not read: it would not fit into the memory of a small machine while it is parsed."""
_MOST_RUNS = 1_000
_LISTS = ("output_items", "data", "items", "runs")
_MOST_NAME = 200


@dataclass(frozen=True, slots=True)
class Imported:
    """What a file held."""

    eval_id: str
    """Under which the evaluation is stored; the same file has the same one."""
    name: str
    runs: int
    items: int
    errored: int
    """Items that have no verdict for a reason of their own."""
    duplicated: int
    """Items that the file told more than once in one run; the last counts."""
    missing: int
    """Items that the runs say they have and the file does not hold."""
    unreadable: int
    """Entries that are no output items."""


@dataclass(slots=True)
class _Found:
    """What was found while walking through a file."""

    runs: dict[str, Json] = field(default_factory=dict)
    items: dict[str, list[Json]] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)
    unreadable: int = 0


def import_evaluation(database: Database, path: Path, now: float) -> Imported:
    """Store the evaluation that a file holds, beside those of the service and never over them.

    Understood are output items as the service lists them: as JSON Lines, as a list, as a page with `data`, or within
    `output_items` of runs. Items are put to runs by `run_id`.

    Raises:
        UsageError: the file cannot be read, is too large, no JSON, nested too deeply, or holds no output item.
    """
    content = _content(path)
    found = _Found()
    for entry in _entries(path, content):
        _walk(entry, "", found, 0)
    if not found.items:
        raise UsageError(
            f"{path.name} holds no output items.", _why_none(found), "Download the output items of an evaluation run."
        )
    if len(found.items) > _MOST_RUNS:
        raise UsageError(f"{path.name} holds {len(found.items):,} runs; at most {_MOST_RUNS:,} are read.")
    owner = f"import-{hashlib.sha256(content).hexdigest()[:24]}"
    name = (text(found.names[0]) if found.names else path.stem) or path.stem
    runs = [_run(owner, number, run_id, found, now) for number, run_id in enumerate(found.items)]
    sorted_items = [_items(run, found.items[run_id]) for run, run_id in zip(runs, found.items, strict=True)]
    evaluations.save(database, Evaluation(owner, owner, name[:_MOST_NAME], int(now), "import"))
    evaluations.save_runs(database, owner, runs)
    for run, (items, _) in zip(runs, sorted_items, strict=True):
        evaluations.save_items(database, owner, run.id, items, whole=True)
    return Imported(
        eval_id=owner,
        name=name[:_MOST_NAME],
        runs=len(runs),
        items=sum(len(items) for items, _ in sorted_items),
        errored=sum(item.outcome == "error" for items, _ in sorted_items for item in items),
        duplicated=sum(twice for _, twice in sorted_items),
        missing=sum(max(0, run.total - len(items)) for run, (items, _) in zip(runs, sorted_items, strict=True)),
        unreadable=found.unreadable,
    )


def _content(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise UsageError(f"{path.name} is too large: {size:,} bytes; at most {MOST_BYTES:,} are read.")
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be read.", error.strerror or "") from error


def _entries(path: Path, content: bytes) -> Iterator[Any]:
    try:
        plain = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{path.name} is not UTF-8 text.", str(error)[:200]) from error
    try:
        yield json.loads(plain)
        return
    except ValueError as error:
        lines = [(number, line) for number, line in enumerate(plain.splitlines(), 1) if line.strip()]
        if len(lines) < 2:
            raise UsageError(f"{path.name} is not JSON.", str(error)[:200]) from error
    except RecursionError as error:
        raise _too_deep(path) from error
    for number, line in lines:
        try:
            yield json.loads(line)
        except ValueError as error:
            raise UsageError(f"{path.name} is not JSON Lines.", f"Line {number:,}: {str(error)[:200]}") from error
        except RecursionError as error:
            raise _too_deep(path) from error


def _too_deep(path: Path) -> UsageError:
    return UsageError(f"{path.name} is nested too deeply.")


def _walk(entry: Any, run_id: str, found: _Found, depth: int) -> None:
    """Find output items in lists, pages and runs."""
    if isinstance(entry, list) and depth < 4:
        for inner in entry:
            _walk(inner, run_id, found, depth + 1)
        return
    value = mapping(entry)
    if _is_item(value):
        found.items.setdefault(text(value.get("run_id")) or run_id, []).append(value)
        return
    inside = [value[name] for name in _LISTS if isinstance(value.get(name), list)]
    if not inside or depth >= 4:
        if value.get("object") == "eval.run" or "result_counts" in value:
            found.runs[text(value.get("id")) or ""] = value
        elif value.get("object") != "eval":
            found.unreadable += 1
        return
    own = text(value.get("id")) or run_id
    if "result_counts" in value or value.get("object") == "eval.run":
        found.runs[own] = {name: told for name, told in value.items() if name not in _LISTS}
    elif isinstance(value.get("name"), str):
        found.names.append(value["name"])
    for entries in inside:
        _walk(entries, own, found, depth + 1)


def _is_item(value: Json) -> bool:
    return isinstance(value.get("datasource_item"), dict) and isinstance(value.get("results"), list)


def _run(owner: str, number: int, run_id: str, found: _Found, now: float) -> EvaluationRun:
    """A run under an id of ours: one from a file must not stand in for one of the service."""
    own = f"{owner}.{number}"
    told = found.runs.get(run_id, {})
    fallback = run_id if is_path_segment(run_id) else f"run {number + 1}"
    read = wire.run({"created_at": number, "status": "completed", "name": fallback, **told, "id": own}, owner)
    assert read is not None
    return replace(read, name=read.name[:_MOST_NAME], status="completed")


def _items(run: EvaluationRun, told: Sequence[Json]) -> tuple[list[EvaluationItem], int]:
    """The items of a run by id, and how many were told twice."""
    found: dict[str, EvaluationItem] = {}
    for place, value in enumerate(told):
        given = text(value.get("id")) or ""
        item = wire.item({**value, "id": given if is_path_segment(given) else f"item-{place}"}, run.id, place)
        if item is not None:
            found[item.id] = item
    return list(found.values()), len(told) - len(found)


def _why_none(found: _Found) -> str:
    return f"{found.unreadable:,} of its entries are none." if found.unreadable else ""
