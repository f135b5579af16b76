"""Local files and service files with the same content on one line, and the jobs that used them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from cupola.models import Job, LocalFile, ServiceFile, Upload

DATASET_PURPOSES = frozenset({"fine-tune", "evals", "batch"})
"""Purposes of the files that people send; the service's own results are no datasets."""


@dataclass(frozen=True, slots=True)
class Dataset:
    """One content, wherever it lies."""

    key: str
    """Stays the same while the list changes around it."""
    name: str
    local: tuple[LocalFile, ...] = ()
    remote: tuple[ServiceFile, ...] = ()
    jobs: tuple[Job, ...] = ()
    """Newest first."""
    upload: Upload | None = None
    """The latest, if any."""

    @property
    def sha256(self) -> str:
        """The hash of its local content; empty when there is none, or it was not read yet."""
        return self.local[0].sha256 if self.local else ""

    @property
    def bytes(self) -> int | None:
        """Its size."""
        return self.local[0].size if self.local else self.remote[0].bytes if self.remote else None


def listed(
    local: Iterable[LocalFile],
    remote: Iterable[ServiceFile],
    contents: Mapping[str, str],
    jobs: Sequence[Job],
    uploads: Sequence[Upload],
) -> list[Dataset]:
    """Every dataset: those on disk by path, then those that only the service holds, newest first.

    Args:
        local: Files on disk; those of one content come together.
        remote: The service's files.
        contents: SHA-256 by file id, as far as known.
        jobs: Newest first.
        uploads: Newest first.
    """
    by_content: dict[str, list[LocalFile]] = {}
    for file in sorted(local, key=lambda file: file.path):
        by_content.setdefault(file.sha256 or file.path, []).append(file)
    held: dict[str, list[ServiceFile]] = {}
    for entry in remote:
        if entry.purpose in DATASET_PURPOSES:
            content = contents.get(entry.id, "")
            held.setdefault(content if content in by_content else entry.id, []).append(entry)
    found = [
        Dataset(
            files[0].path,
            PurePath(files[0].path).name,
            tuple(files),
            tuple(held.pop(content, ())),
            upload=next((one for one in uploads if content and one.sha256 == content), None),
        )
        for content, files in by_content.items()
    ]
    found += [Dataset(key, files[0].filename or key, (), tuple(files)) for key, files in held.items()]
    return [_with_jobs(dataset, jobs) for dataset in found]


def clashes(name: str, sha256: str, remote: Iterable[ServiceFile], contents: Mapping[str, str]) -> list[ServiceFile]:
    """Service files of that name whose content is another, or not known to be the same."""
    return [
        file
        for file in remote
        if file.filename == name and file.purpose in DATASET_PURPOSES and contents.get(file.id) != sha256
    ]


def _with_jobs(dataset: Dataset, jobs: Sequence[Job]) -> Dataset:
    ids = {file.id for file in dataset.remote}
    used = tuple(job for job in jobs if ids & {job.training_file, job.validation_file})
    if not used:
        return dataset
    return Dataset(dataset.key, dataset.name, dataset.local, dataset.remote, used, dataset.upload)
