"""Jobs with all that is known of them as one bundle: logs, curves, checkpoints, evaluations with their items."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from ..bundles import Bundle, BundleError, Manifest, Row, read_bundle, write_bundle
from ..models import Checkpoint, Evaluation, EvaluationItem, EvaluationRun, Event, Job, Point
from ..store import checkpoints, evaluations, events, jobs, points
from ..store.database import Database
from ..store.evaluation_columns import OUTCOMES

KIND = "jobs"
_PARTS = ("jobs", "events", "points", "checkpoints", "evaluations", "runs", "items")
_UNREADABLE = (KeyError, TypeError, ValueError, AttributeError, RecursionError)
_MOST_STEPS = 2**53

Rows = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Imported:
    """What a bundle brought."""

    jobs: tuple[str, ...]
    """Ids of jobs that were not here before."""
    evaluations: tuple[str, ...]
    """Owners of evaluations that were not here before."""
    known: int
    """Jobs that were here already and were left as they are."""


def export_jobs(database: Database, wanted: Sequence[Job], path: Path, owners: Sequence[str] = ()) -> Manifest:
    """Write jobs, and evaluations that belong to no job by their ids, into a new file.

    Raises:
        BundleError: the file exists or cannot be written.
    """
    ids = [job.id for job in wanted]
    evaluated = {owner: one for owner in (*ids, *owners) if (one := evaluations.get(database, owner))}
    parts: dict[str, Iterable[Row]] = {
        "jobs": (_plain(job) for job in wanted),
        "events": (_plain(event) for job_id in ids for event in events.of_job(database, job_id)),
        "points": (row for job_id in ids for row in _points(database, job_id)),
        "checkpoints": (
            {**_plain(one), "listed": int(listed)}
            for job_id in ids
            for one, listed in checkpoints.of_job(database, job_id)
        ),
        "evaluations": (_plain(one) for one in evaluated.values()),
        "runs": (row for owner in evaluated for row in _runs(database, owner)),
        "items": (row for owner in evaluated for row in _items(database, owner)),
    }
    return write_bundle(path, KIND, "jobs", parts)


def import_jobs(database: Database, path: Path) -> Imported:
    """Take a bundle in, after it was held against its hashes and every record was read.

    A job that is here already is left as it is, with all that belongs to it. A job is entered after what belongs to
    it: an import that was cut off is made whole by doing it again.

    Raises:
        BundleError: the bundle cannot be trusted or holds what is no record.
    """
    bundle = read_bundle(path, KIND)
    unknown = bundle.manifest.parts.keys() - set(_PARTS)
    if unknown:
        raise BundleError(f"The bundle has a part {min(unknown)!r}, which is not known here.", remedy="Upgrade Cupola.")
    try:
        everything = _read(bundle)
    except BundleError:
        raise
    except _UNREADABLE as error:
        raise BundleError(
            f"{path} holds a record that cannot be read.", f"{type(error).__name__}.", "Have it exported again."
        ) from error
    return _entered(database, everything)


@dataclass(frozen=True, slots=True)
class _Everything:
    jobs: list[Job]
    events: dict[str, list[Event]]
    points: dict[str, list[Point]]
    checkpoints: dict[str, list[tuple[Checkpoint, bool]]]
    evaluations: dict[str, Evaluation]
    runs: dict[str, list[tuple[EvaluationRun, bool]]]
    items: dict[str, list[EvaluationItem]]
    """By run."""


def _entered(database: Database, found: _Everything) -> Imported:
    new = [job for job in found.jobs if jobs.get(database, job.id) is None]
    ids = {job.id for job in found.jobs}
    for job in new:
        events.save(database, job.id, found.events.get(job.id, []))
        points.save(database, job.id, found.points.get(job.id, []))
        listed = found.checkpoints.get(job.id, [])
        checkpoints.save(database, job.id, [one for one, _ in listed])
        checkpoints.save(database, job.id, [one for one, deployable in listed if deployable])
    fresh = {job.id for job in new}
    owners = [
        owner
        for owner in found.evaluations
        if owner in fresh or (owner not in ids and evaluations.get(database, owner) is None)
    ]
    for owner in owners:
        evaluations.save_runs(database, owner, [run for run, _ in found.runs.get(owner, [])])
        for run, whole in found.runs.get(owner, []):
            evaluations.save_items(database, owner, run.id, found.items.get(run.id, []), whole=whole)
        evaluations.save(database, found.evaluations[owner])
    jobs.save(database, new)
    return Imported(tuple(job.id for job in new), tuple(owners), len(found.jobs) - len(new))


def _read(bundle: Bundle) -> _Everything:
    """Every record; what belongs to nothing in the bundle is refused."""
    known = [_job(row) for row in bundle.rows("jobs")]
    found = _Everything(known, {}, {}, {}, {}, {}, {})
    ids = {job.id for job in known}
    for row in bundle.rows("events"):
        _of(found.events, ids, row["job_id"]).append(_record(Event, row))
    for row in bundle.rows("points"):
        _of(found.points, ids, row["job_id"]).append(_point(row))
    for row in bundle.rows("checkpoints"):
        _of(found.checkpoints, ids, row["job_id"]).append(_checkpoint(row))
    for row in bundle.rows("evaluations"):
        evaluation = _record(Evaluation, row)
        if evaluation.job_id not in ids and evaluation.job_id != evaluation.id:
            raise _stray()
        found.evaluations[evaluation.job_id] = evaluation
    run_ids = set()
    for row in bundle.rows("runs"):
        run = _record(EvaluationRun, {name: value for name, value in row.items() if name not in ("owner", "whole")})
        _of(found.runs, found.evaluations.keys(), row["owner"]).append((run, bool(row["whole"])))
        run_ids.add(run.id)
    for row in bundle.rows("items"):
        _of(found.items, run_ids, row["run_id"]).append(_item(row))
    return found


def _of(groups: dict[str, Any], known: Iterable[str], key: str) -> Any:
    if key not in known:
        raise _stray()
    return groups.setdefault(key, [])


def _stray() -> BundleError:
    return BundleError("The bundle holds a record that belongs to none of its jobs.", remedy="Have it exported again.")


def _plain(record: Any) -> Row:
    """A record's fields; those that are nested as JSON text."""
    values = {field.name: getattr(record, field.name) for field in fields(record)}
    return {name: _flat(value) for name, value in values.items()}


def _flat(value: Any) -> str | int | float | None:
    if isinstance(value, Mapping):
        return json.dumps(dict(value), allow_nan=False)
    return json.dumps(value) if isinstance(value, tuple) else value


def _points(database: Database, job_id: str) -> Iterator[Row]:
    for metric in points.metrics(database, job_id):
        steps, values = points.series(database, job_id, metric)
        for step, value in zip(steps.tolist(), values.tolist(), strict=True):
            # What is no number says nothing, and JSON has no sign for it.
            if math.isfinite(value):
                yield {"job_id": job_id, "metric": metric, "step": step, "value": value}


def _runs(database: Database, owner: str) -> Iterator[Row]:
    for stored in evaluations.runs_of(database, owner):
        yield {**_plain(stored.run), "owner": owner, "whole": int(stored.whole)}


def _items(database: Database, owner: str) -> Iterator[Row]:
    for stored in evaluations.runs_of(database, owner):
        for item in evaluations.items_of(database, stored.run.id):
            raw = evaluations.raw_item(database, item.run_id, item.id)
            yield {**item._asdict(), "raw": raw if raw is not None else "{}"}


_KINDS: Mapping[str, tuple[type, ...]] = {
    "str": (str,),
    "int": (int,),
    "float": (int, float),
    "str | None": (str, type(None)),
    "int | None": (int, type(None)),
    "float | None": (int, float, type(None)),
}


def _record(kind: type[Any], row: Mapping[str, Any], **nested: Any) -> Any:
    """A record from its row, each field of its kind; `nested` fields were read before."""
    known = {field.name: str(field.type) for field in fields(kind)}
    if row.keys() != known.keys():
        raise KeyError("A record has other fields than this Cupola keeps.")
    for name, wanted in known.items():
        if name not in nested and not isinstance(row[name], _KINDS[wanted]):
            raise TypeError(f"{name} is of the wrong kind.")
    for name in ("raw", "data"):
        if isinstance(row.get(name), str):
            json.loads(row[name])
    return kind(**{**row, **nested})


def _job(row: Mapping[str, Any]) -> Job:
    hyperparameters, files = json.loads(row["hyperparameters"]), json.loads(row["result_files"])
    if not all(value is None or isinstance(value, str | int | float) for value in hyperparameters.values()):
        raise TypeError("A hyperparameter is none.")
    if not isinstance(files, list) or not all(isinstance(file, str) for file in files):
        raise TypeError("A result file is none.")
    job: Job = _record(Job, row, hyperparameters=hyperparameters, result_files=tuple(files))
    return job


def _point(row: Mapping[str, Any]) -> Point:
    metric, step, value = row["metric"], row["step"], row["value"]
    if not isinstance(metric, str) or not isinstance(step, int) or not isinstance(value, int | float):
        raise TypeError("A point is none.")
    if not 0 <= step < _MOST_STEPS:
        raise ValueError("A step is out of range.")
    return Point(metric, step, float(value))


def _checkpoint(row: Mapping[str, Any]) -> tuple[Checkpoint, bool]:
    metrics = json.loads(row["metrics"])
    if not all(isinstance(value, int | float) for value in metrics.values()):
        raise TypeError("A checkpoint's metric is none.")
    listed = bool(row["listed"])
    return _record(Checkpoint, {k: v for k, v in row.items() if k != "listed"}, metrics=metrics), listed


def _item(row: Mapping[str, Any]) -> EvaluationItem:
    item = EvaluationItem(**row)
    texts = (item.id, item.run_id, item.row, item.prompt, item.outcome, item.raw)
    numbers = (item.score, item.completion_tokens, item.reasoning_tokens)
    if not all(isinstance(text, str) for text in texts) or not isinstance(item.place, int):
        raise TypeError("An item's field is of the wrong kind.")
    if item.outcome not in OUTCOMES or "\n" in f"{item.id}{item.row}{item.prompt}":
        raise ValueError("An item has an outcome or id that is none.")
    if not all(number is None or isinstance(number, int | float) for number in numbers):
        raise TypeError("An item's number is none.")
    json.loads(item.raw)
    return item
