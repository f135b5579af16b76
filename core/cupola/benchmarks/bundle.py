"""A benchmark as one bundle: its definition, items, runs, answers, grades, labels and decisions, proved on import."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..bundles import Bundle, BundleError, Manifest, read_bundle, write_bundle
from ..errors import CupolaError
from ..graders import GraderDefinitionError
from ..store import benchmark_copies as copies
from ..store import benchmarks
from ..store.answers import entry_of
from ..store.benchmark_copies import Copied
from ..store.benchmarks import Run, RunState, run_of
from ..store.database import Database
from ..store.grades import grade_of
from .calls import request_hash
from .definition import ENGINES, Benchmark, checked, from_json, to_json
from .items import items_of, split_hash
from .recorded import recorded_table
from .schedule import asks_of
from .table import to_columns

KIND = "benchmark"
_UNREADABLE = (KeyError, TypeError, ValueError, AttributeError, RecursionError, GraderDefinitionError)

Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Imported:
    """What a bundle brought."""

    name: str
    copied: Copied


def export_benchmark(database: Database, name: str, path: Path) -> Manifest:
    """Write all that is known of a benchmark into a new file; runs that are under way are left out.

    Raises:
        BundleError: there is no such benchmark, or the file exists or cannot be written.
    """
    if benchmarks.get_benchmark(database, name) is None:
        raise BundleError(f"There is no benchmark {name!r}.", remedy="See `cupola bench list`.")
    return write_bundle(path, KIND, name, copies.rows_of(database, name))


def import_benchmark(database: Database, path: Path, name: str | None = None) -> Imported:
    """Take a bundle in, after everything in it was held against its hashes.

    Args:
        database: Where to.
        path: The bundle.
        name: What the benchmark shall be called here; its own name if left out.

    Raises:
        BundleError: the bundle cannot be trusted, or this store holds something else under the same name or hash.
    """
    parts = _parts(database, read_bundle(path, KIND))
    try:
        parts = _renamed(parts, name)
        _check(parts)
    except _UNREADABLE as error:
        raise BundleError(
            f"{path} holds a record that cannot be read.", f"{type(error).__name__}.", "Have it exported again."
        ) from error
    except BundleError:
        raise
    except CupolaError as error:
        raise BundleError(f"{path} holds a benchmark that cannot be run.", str(error)) from error
    _refuse_conflicts(database, parts)
    copied = copies.enter(database, parts)
    for run_id in copied.runs:
        run = benchmarks.get_run(database, run_id)
        assert run is not None
        benchmarks.save_columns(database, run_id, to_columns(recorded_table(database, run)))
    return Imported(str(parts["benchmarks"][0]["name"]), copied)


def _parts(database: Database, bundle: Bundle) -> dict[str, Rows]:
    """Every part, with exactly the columns that the store has."""
    unknown = bundle.manifest.parts.keys() - copies.QUERIES.keys()
    if unknown:
        raise BundleError(f"The bundle has a part {min(unknown)!r}, which is not known here.", remedy="Upgrade Cupola.")
    parts: dict[str, Rows] = {}
    for part in copies.QUERIES:
        columns = set(copies.columns_of(database, part))
        rows = list(bundle.rows(part))
        if any(row.keys() != columns for row in rows):
            raise BundleError(
                f"The bundle's part {part!r} has other fields than this Cupola keeps.",
                remedy="Use the same version of Cupola on both sides.",
            )
        parts[part] = rows
    return parts


def _renamed(parts: dict[str, Rows], name: str | None) -> dict[str, Rows]:
    if name is None:
        return parts

    def defined(row: Mapping[str, Any]) -> str:
        return to_json(replace(from_json(row["definition"]), name=name))

    return {
        **parts,
        "benchmarks": [{**row, "name": name, "definition": defined(row)} for row in parts["benchmarks"]],
        "runs": [{**row, "benchmark": name, "definition": defined(row)} for row in parts["runs"]],
        "decisions": [{**row, "benchmark": name} for row in parts["decisions"]],
    }


def _check(parts: Mapping[str, Rows]) -> None:
    """Hold all that is named by a hash against what it names.

    Raises:
        BundleError: something is not what its hash says, or belongs to nothing.
        KeyError, TypeError, ValueError, CupolaError: a record cannot be read.
    """
    if len(parts["benchmarks"]) != 1:
        raise BundleError("The bundle does not hold one benchmark.")
    [stored] = parts["benchmarks"]
    splits = _splits(parts)
    definition = _definition(stored["definition"])
    if (definition.name, definition.split) != (stored["name"], stored["split"]) or definition.split not in splits:
        raise _not_as_hashed("definition")
    asked = _asked(parts, splits, str(stored["name"]))
    _check_answers(parts["answers"], asked, parts["grades"])
    for row in parts["grades"]:
        grade = grade_of(row)
        if (grade.request, grade.number) not in asked:
            raise _not_as_hashed("grade")
        if not all(isinstance(error, str) for error in grade.errors) or not _are_numbers(grade.parts.values()):
            raise TypeError("A grade's fields are none.")
    run_ids = {row["id"] for row in parts["runs"]}
    for row in parts["decisions"]:
        if (
            row["run"] not in run_ids
            or row["benchmark"] != stored["name"]
            or not isinstance(json.loads(row["numbers"]), dict)
        ):
            raise _not_as_hashed("decision")
    if any((row["request"], row["number"]) not in asked for row in parts["labels"]):
        raise _not_as_hashed("label")


def _splits(parts: Mapping[str, Rows]) -> dict[str, list[str]]:
    """The items of each split, whose hash is right."""
    items: dict[str, list[str]] = {row["hash"]: [] for row in parts["splits"]}
    for row in parts["items"]:
        if row["place"] != len(items[row["split"]]):
            raise _not_as_hashed("item")
        items[row["split"]].append(row["fields"])
    for row in parts["splits"]:
        if len(items[row["hash"]]) != row["items"] or split_hash(items[row["hash"]]) != row["hash"]:
            raise _not_as_hashed("split")
    return items


def _asked(parts: Mapping[str, Rows], splits: Mapping[str, list[str]], name: str) -> set[tuple[str, int]]:
    """The requests and numbers that the runs' definitions lead to, which must be those that the bundle tells."""
    asked: set[tuple[str, int]] = set()
    rows: dict[int, list[tuple[Any, ...]]] = {row["id"]: [] for row in parts["runs"]}
    for row in parts["asks"]:
        rows[row["run"]].append(tuple(row[key] for key in ("arm", "place", "repeat", "request", "number")))
    for row in parts["runs"]:
        run = run_of(row)
        benchmark = _definition(run.definition)
        if run.state in (RunState.WANTED, RunState.RUNNING) or run.remote:
            raise _not_as_hashed("run")
        if _hashes(run) != (benchmark.digest, benchmark.split, benchmark.prompt_hash, benchmark.graders_hash):
            raise _not_as_hashed("run")
        if run.benchmark != name or run.engine not in ENGINES:
            raise _not_as_hashed("run")
        expected = [
            (ask.arm, ask.place, ask.repeat, ask.request, ask.number)
            for ask in asks_of(benchmark, items_of(benchmark, splits[run.split]))
        ]
        if rows[row["id"]] and sorted(rows[row["id"]]) != sorted(expected):
            raise _not_as_hashed("row of a run")
        asked.update((request, number) for *_, request, number in expected)
    return asked


def _hashes(run: Run) -> tuple[str, str, str, str]:
    return run.digest, run.split, run.prompts, run.graders


def _check_answers(rows: Rows, asked: set[tuple[str, int]], graded: Rows) -> None:
    called = {call for row in graded for call in grade_of(row).calls}
    for row in rows:
        entry = entry_of(row)
        key = (entry.sent.request, entry.sent.number)
        if key in asked:
            continue
        # What a grader asked is kept with it, so that its hash can be made again.
        body = json.loads(entry.sent.body or "null")
        if key not in called or request_hash(entry.sent.deployment, body) != entry.sent.request:
            raise _not_as_hashed("answer")


def _definition(text: str) -> Benchmark:
    benchmark = checked(from_json(text))
    for use in benchmark.graders:
        _ = use.grader
    if to_json(benchmark) != text:
        raise _not_as_hashed("definition")
    return benchmark


def _are_numbers(values: Iterable[object]) -> bool:
    return all(isinstance(value, int | float) for value in values)


def _refuse_conflicts(database: Database, parts: Mapping[str, Rows]) -> None:
    """Never overwrite: what this store holds under the same name or hash must be the same.

    Raises:
        BundleError: it is not.
    """
    [stored] = parts["benchmarks"]
    here = benchmarks.get_benchmark(database, stored["name"])
    if here is not None and here.definition != stored["definition"]:
        raise BundleError(
            f"There is another benchmark {stored['name']!r} here.",
            "Nothing was overwritten.",
            "Import it under another name: --name NAME.",
        )
    for part in copies.KEYS:
        if found := copies.conflicts(database, part, parts[part]):
            raise BundleError(
                f"This store holds {found:,} of the bundle's {part} otherwise.",
                "The same questions were asked here too, and answered differently; nothing was overwritten.",
                "Import it into a profile of its own.",
            )


def _not_as_hashed(what: str) -> BundleError:
    return BundleError(
        f"A {what} of the bundle is not what its hash says, or belongs to none of its runs.",
        "It was changed after it was exported, or made by hand; nothing was taken.",
        "Have it exported again.",
    )
