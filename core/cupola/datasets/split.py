"""Splits, samples and merges: rows chosen by a seeded order, groups kept whole, into new files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from .check import Options, Report, check_file
from .formats import CHECKS, Format
from .lines import DatasetError, Line, iterate
from .parsing import RowError, parse_row
from .signatures import hash_of
from .twins import Source, equal_pairs, groups, near_twins
from .writing import Provenance, fingerprint, outputs

Indices = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Splitting:
    """How to split."""

    shares: Mapping[str, float]
    """The part of the rows that each split gets, by its name; they sum to 1."""
    seed: int = 0
    keep_twins: bool = True
    """Keep equal and nearly equal prompts on one side."""
    group_by: str = ""
    """A field, such as `user_id` or `item.user_id`, whose equal values stay on one side."""
    stratify_by: str = ""
    """A field whose values are spread evenly, or `answer` or `system`."""


def split_file(path: Path, targets: Mapping[str, Path], how: Splitting, now: float) -> list[Provenance]:
    """Split a file into new ones; each row goes to exactly one, in the order of the file.

    Args:
        path: The file.
        targets: Where each split goes, by the names in `how.shares`.
        how: The rule.
        now: Unix seconds.

    Raises:
        DatasetError: a row cannot be read, a file cannot be written, or the shares do not sum to 1.
    """
    if abs(sum(how.shares.values()) - 1) > 1e-6 or any(share < 0 for share in how.shares.values()):
        raise DatasetError("The shares of a split must sum to 1.", remedy="Write them such as 0.8,0.1,0.1.")
    report = _readable(path)
    group, strata = _groups(report, how), _strata(report, how)
    names = list(how.shares)
    chosen = assign(group, strata, [how.shares[name] for name in names], how.seed)
    with outputs(*(targets[name] for name in names)) as files:
        for index, line in enumerate(_rows(path)):
            files[chosen[index]].write(line.content)
    source = fingerprint(path)
    parameters = {"seed": how.seed, "keep_twins": how.keep_twins, "by": how.group_by, "stratify": how.stratify_by}
    return [
        Provenance(file.content, file.rows, "split", (source,), now, {**parameters, "split": name, "share": share})
        for file, (name, share) in zip(files, how.shares.items(), strict=True)
    ]


def assign(group: Indices, strata: Indices, shares: Sequence[float], seed: int) -> Indices:
    """Give each row a split: groups whole, each stratum by the shares, in an order drawn from the seed.

    A group that reaches over several strata counts for that of its first row. Each group goes where the most rows
    are still wanted, largest groups first, so that the shares come out as near as the groups allow.

    Returns:
        The index of a share for each row, shape (rows,).
    """
    generator = np.random.default_rng(seed)
    chosen = np.zeros(len(group), np.int64)
    members, first, inverse, sizes = np.unique(group, return_index=True, return_inverse=True, return_counts=True)
    split_of = np.zeros(len(members), np.int64)
    for stratum in np.unique(strata[first]):
        inside = np.flatnonzero(strata[first] == stratum)
        order = generator.permutation(inside)
        order = order[np.argsort(-sizes[order], kind="stable")]
        wanted = np.array(shares) * sizes[inside].sum()
        for member in order:
            place = int(np.argmax(wanted)) if sizes[member] > 1 else _drawn(wanted, generator)
            split_of[member] = place
            wanted[place] -= sizes[member]
    chosen[:] = split_of[inverse]
    return chosen


def sample_file(path: Path, target: Path, rows: int, seed: int, now: float) -> Provenance:
    """Copy that many rows, drawn without replacement, in the order of the file.

    Raises:
        DatasetError: the file has fewer rows, or a file cannot be read or written.
    """
    total = sum(1 for _ in _rows(path))
    if not 0 < rows <= total:
        raise DatasetError(f"{rows:,} rows cannot be drawn.", f"The file has {total:,}.", "Ask for fewer.")
    drawn = set(np.random.default_rng(seed).choice(total, rows, replace=False).tolist())
    with outputs(target) as (output,):
        for index, line in enumerate(_rows(path)):
            if index in drawn:
                output.write(line.content)
    parameters = {"seed": seed, "rows": rows}
    return Provenance(output.content, output.rows, "sample", (fingerprint(path),), now, parameters)


def merge_files(paths: Sequence[Path], target: Path, now: float, *, unique: bool = False) -> Provenance:
    """Write the rows of several files of one format one after the other.

    Args:
        paths: The files.
        target: The new file.
        now: Unix seconds.
        unique: Leave out rows that repeat an earlier one.

    Raises:
        DatasetError: the formats differ, or a file cannot be read or written.
    """
    kinds = {path: _readable(path, twins=False).format for path in paths}
    if len(set(kinds.values())) > 1:
        named = ", ".join(f"{path.name} is {kind}" for path, kind in kinds.items())
        raise DatasetError("The files are of different formats.", f"{named}.", "Convert them to one first.")
    seen: set[bytes] = set()
    with outputs(target) as (output,):
        for path in paths:
            for line in _rows(path):
                mark = hash_of(line.content.strip())
                if not unique or mark not in seen:
                    seen.add(mark)
                    output.write(line.content)
    inputs = tuple(fingerprint(path) for path in paths)
    return Provenance(output.content, output.rows, "merge", inputs, now, {"unique": unique})


def _drawn(wanted: npt.NDArray[np.float64], generator: np.random.Generator) -> int:
    """A split drawn by how many rows each still wants, so that single rows fall by chance and not in turns."""
    weights = np.maximum(wanted, 0)
    if weights.sum() <= 0:
        return int(np.argmax(wanted))
    # A split that wants less than one row gets it only when no other wants a whole one.
    whole = np.where(weights >= 1, weights, 0)
    weights = whole if whole.sum() > 0 else weights
    return int(generator.choice(len(weights), p=weights / weights.sum()))


def _readable(path: Path, *, twins: bool = True) -> Report:
    report = check_file(path, Options(twins=twins))
    if report.format is None:
        raise DatasetError(f"{path} is not JSON Lines.", remedy="`cupola dataset check` tells more.")
    return report


def _rows(path: Path) -> Iterator[Line]:
    return (line for line in iterate(path) if line.content.strip())


def _groups(report: Report, how: Splitting) -> Indices:
    rows = report.rows
    pairs: list[tuple[int, int]] = []
    if how.keep_twins and report.format is not None:
        place = {int(line): index for index, line in enumerate(rows["line"])}
        found = near_twins(Source(report.path, report.format, rows), report.boilerplate)
        pairs += [(place[twin.first.line], place[twin.second.line]) for twin in found.twins]
        for hashes in (rows["row_hash"], rows["prompt_hash"]):
            pairs += [(int(one), int(other)) for one, other in equal_pairs(hashes)]
    if how.group_by:
        marks = _marks(report, lambda row: _field(row, how.group_by))
        pairs += [(int(one), int(other)) for one, other in equal_pairs(marks)]
    return groups(len(rows), iter(pairs))


def _strata(report: Report, how: Splitting) -> Indices:
    if not how.stratify_by:
        return np.zeros(len(report.rows), np.int64)
    check = CHECKS[report.format or Format.CHAT]

    def value(row: dict[str, object]) -> object:
        reading = check(row, [])
        if how.stratify_by == "answer":
            return reading.answer if reading else ""
        if how.stratify_by == "system":
            return reading.system if reading else ""
        return _field(row, how.stratify_by)

    marks = _marks(report, value)
    return np.unique(marks, return_inverse=True)[1].astype(np.int64)


def _marks(report: Report, value: Callable[[dict[str, object]], object]) -> npt.NDArray[np.uint64]:
    found = []
    for line in iterate(report.path):
        if not line.content.strip():
            continue
        try:
            found.append(hash_of(repr(value(parse_row(line.content))).encode("utf-8", "replace")))
        except RowError:
            found.append(b"\0" * 8)
    return np.frombuffer(b"".join(found), np.uint64)


def _field(row: dict[str, object], path: str) -> object:
    value: object = row
    for step in path.split("."):
        if not isinstance(value, dict) or step not in value:
            raise DatasetError(f"A row has no field {path!r}.", remedy="Name a field that every row has.")
        value = value[step]
    return value
