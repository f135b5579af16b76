"""What is known of every dataset: the store's records, and what was seen on the disk since."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

from cupola.datasets.listing import Dataset, listed
from cupola.models import LocalFile, ServiceFile
from cupola.settings import DEMO_PROFILE
from cupola.store import datasets as store
from cupola.store import downloads as kept_downloads
from cupola.store import files as service_files
from cupola.store import provenance
from cupola.store.database import Database
from cupola.store.downloads import Download
from cupola.store.provenance import Origin

from ...facts import Facts

SAMPLES = ("cupola_data.zava.cora", "cupola_data.countdown")


def samples(profile: str) -> tuple[str, ...]:
    """The folders of the samples that ship; of use to the demo alone."""
    return tuple(str(files(package).joinpath("")) for package in SAMPLES) if profile == DEMO_PROFILE else ()


class Listing:
    """The files on disk as they were last looked at, joined with what the store knows."""

    def __init__(self, facts: Facts, profile: str) -> None:
        self._facts, self._samples = facts, samples(profile)
        self._local = {file.path: file for file in store.local_files(facts.database)}
        self._shown: list[str] = [path for path in self._local if self._is_remembered(path)]
        self.remote: list[ServiceFile] = []
        """All files of the service."""
        self.contents: Mapping[str, str] = {}
        """SHA-256 by service file, as far as known."""
        self._downloads: dict[str, Download] = {}

    @property
    def database(self) -> Database:
        """The store."""
        return self._facts.database

    def sources(self) -> tuple[str, ...]:
        """Where datasets are looked for on disk."""
        return (*self._samples, *store.sources(self.database))

    def found(self, files: Iterable[LocalFile]) -> list[LocalFile]:
        """Take in what lies on disk now; return the files that are new or have changed."""
        fresh: list[LocalFile] = []
        shown: list[str] = []
        for file in files:
            known = self._local.get(file.path)
            shown.append(file.path)
            if known is None or (known.size, known.changed_ns) != (file.size, file.changed_ns):
                self._local[file.path] = file
                fresh.append(file)
            elif known.errors is None:
                fresh.append(known)
        self._shown = shown
        return fresh

    def paths(self) -> list[str]:
        """What is shown of the disk."""
        return list(self._shown)

    def learn(self, file: LocalFile) -> None:
        """Take in what a survey or a check has told of a file."""
        known = self._local.get(file.path)
        if known is not None and file.rows is None and (known.size, known.changed_ns) == (file.size, file.changed_ns):
            file = replace(file, rows=known.rows, errors=known.errors, warnings=known.warnings)
        self._local[file.path] = file

    def keep(self) -> None:
        """Store what is known of the files on disk."""
        store.save_local_files(self.database, [self._local[path] for path in self._shown])

    def file(self, path: str) -> LocalFile | None:
        """What is known of one file."""
        return self._local.get(path)

    def datasets(self) -> list[Dataset]:
        """Every dataset."""
        self.remote = service_files.files(self.database)
        self.contents = store.contents(self.database)
        newest_last = reversed(kept_downloads.downloads(self.database))
        self._downloads = {download.file_id: download for download in newest_last}
        local = [self._local[path] for path in self._shown]
        return listed(local, self.remote, self.contents, self._facts.jobs(), store.uploads(self.database))

    def download(self, dataset: Dataset) -> Download | None:
        """The latest download of a dataset's service files, if any."""
        found = [self._downloads[file.id] for file in dataset.remote if file.id in self._downloads]
        return max(found, key=lambda download: download.id, default=None)

    def origin(self, dataset: Dataset) -> Origin | None:
        """How a dataset was made here, if it was."""
        found = provenance.origins(self.database, dataset.sha256) if dataset.sha256 else []
        return found[-1] if found else None

    @property
    def fetching(self) -> Mapping[str, Download]:
        """Open downloads by service file."""
        return {file_id: download for file_id, download in self._downloads.items() if download.state.open}

    def _is_remembered(self, path: str) -> bool:
        sources = set(self.sources())
        return path in sources or str(Path(path).parent) in sources
