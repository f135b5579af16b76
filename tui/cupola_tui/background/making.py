"""Finding datasets on disk, and making new ones from one; never over an existing file."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path

from cupola.datasets.convert import Conversion, convert_file
from cupola.datasets.fix import FIXES, diff, fix_file
from cupola.datasets.formats import Format
from cupola.datasets.lines import DatasetError
from cupola.datasets.split import Splitting, merge_files, sample_file, split_file
from cupola.datasets.writing import Provenance, record
from cupola.models import LocalFile
from cupola.store.provenance import Origin

from . import tasks

ENDINGS = (".jsonl", ".csv", ".tsv", ".json", ".parquet")
_FOLDER_ENDINGS = (".jsonl", ".csv", ".tsv", ".parquet")
"""What counts as a dataset in a folder; a .json file there is more often a setting, and has to be named."""

_MOST_FILES = 500
_NAMES = {2: ("train", "validation"), 3: ("train", "validation", "test")}


def scanned(task: tasks.Scan) -> tasks.Found:
    """The datasets of some files and folders; folders are not searched deeper."""
    found: dict[str, LocalFile] = {}
    missing = []
    for source in task.sources:
        try:
            for file in _files_of(Path(source)):
                found.setdefault(file.path, file)
        except OSError:
            missing.append(source)
    files = [found[path] for path in sorted(found)]
    return tasks.Found(tuple(files[:_MOST_FILES]), tuple(missing), max(0, len(files) - _MOST_FILES))


def made(task: tasks.Make) -> tasks.Made:
    """Write new files.

    Raises:
        DatasetError: a row cannot be read, an option is wrong, or a file exists already or cannot be written.
    """
    path, target = Path(task.path), Path(task.target)
    difference: tuple[str, ...] = ()
    if task.action == "split":
        targets = split_targets(target, task.options.get("shares", ""))
        outputs = list(targets.values())
        provenances = split_file(path, targets, _splitting(task.options), task.now)
    else:
        outputs = [target]
        provenance, difference = _made_one(task, path, target)
        provenances = [provenance]
    for provenance in provenances:
        record(provenance, Path(task.log))
    rows = [provenance.rows for provenance in provenances]
    files = tuple((str(output), count) for output, count in zip(outputs, rows, strict=True))
    return tasks.Made(files, difference, tuple(_origin(provenance) for provenance in provenances))


def split_targets(prefix: Path, shares: str) -> dict[str, Path]:
    """The new files of a split by the names of its parts."""
    return {name: prefix.with_name(f"{prefix.name}.{name}.jsonl") for name in _shares(shares)}


def _origin(provenance: Provenance) -> Origin:
    output = provenance.output
    inputs = [asdict(content) for content in provenance.inputs]
    return Origin(
        output.name, output.sha256, output.bytes, provenance.rows, provenance.action, provenance.at, inputs,
        provenance.parameters,
    )  # fmt: skip


def _made_one(task: tasks.Make, path: Path, target: Path) -> tuple[Provenance, tuple[str, ...]]:
    options = task.options
    if task.action == "sample":
        return sample_file(path, target, _whole(options, "rows"), _whole(options, "seed"), task.now), ()
    if task.action == "merge":
        unique = options.get("unique", "").lower() in ("y", "yes", "true", "1")
        return merge_files([Path(one) for one in task.together], target, task.now, unique=unique), ()
    if task.action == "convert":
        return convert_file(path, target, _conversion(options), task.now), ()
    fixes = tuple(name.strip() for name in options.get("only", "").split(",") if name.strip()) or FIXES
    if unknown := [name for name in fixes if name not in FIXES]:
        raise DatasetError(f"There is no fix {unknown[0]!r}.", remedy=f"There are {', '.join(FIXES)}.")
    fixed = fix_file(path, target, task.now, fixes)
    return fixed.provenance, tuple(diff(fixed, path.name, target.name))


def _splitting(options: Mapping[str, str]) -> Splitting:
    return Splitting(
        _shares(options.get("shares", "")),
        _whole(options, "seed"),
        group_by=options.get("group", ""),
        stratify_by=options.get("stratify", ""),
    )


def _conversion(options: Mapping[str, str]) -> Conversion:
    kind = options.get("to", "chat")
    if kind not in set(Format):
        raise DatasetError(f"There is no format {kind!r}.", remedy="Choose chat, reinforcement or evaluation.")
    return Conversion(Format(kind), options.get("question", ""), options.get("answer", ""), options.get("system", ""))


def _shares(text: str) -> dict[str, float]:
    parts = text.split(",")
    try:
        shares = [float(part) for part in parts]
    except ValueError:
        shares = []
    if len(shares) not in _NAMES or not all(0 < share < 1 for share in shares) or abs(sum(shares) - 1) > 1e-6:
        raise DatasetError(f"{text!r} are not two or three shares that sum to 1.", remedy="Such as 0.8,0.2.")
    return dict(zip(_NAMES[len(shares)], shares, strict=True))


def _whole(options: Mapping[str, str], name: str) -> int:
    text = options.get(name, "") or "0"
    if not (text.isascii() and text.isdigit() and len(text) < 12):
        raise DatasetError(f"{name.capitalize()} {text!r} is not a whole number.", remedy="Type digits only.")
    return int(text)


def _files_of(source: Path) -> Iterator[LocalFile]:
    if not source.is_dir():
        state = source.stat()
        yield LocalFile(str(source), state.st_size, state.st_mtime_ns)
        return
    with os.scandir(source) as entries:
        for entry in entries:
            if entry.name.endswith(_FOLDER_ENDINGS) and not entry.name.startswith(".") and entry.is_file():
                state = entry.stat()
                yield LocalFile(entry.path, state.st_size, state.st_mtime_ns)
