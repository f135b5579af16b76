"""All that a store has learnt as one file for a colleague: jobs with their evaluations, and every benchmark.

The file is a ZIP of bundles, each under a name of this module's own and with hashes of its own. Nothing is unpacked
under a name that the file gives, and sizes are counted while they are read.
"""

from __future__ import annotations

import os
import re
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .benchmarks.bundle import Imported as ImportedBenchmark
from .benchmarks.bundle import export_benchmark, import_benchmark
from .bundles import BundleError
from .models import Job
from .store import benchmarks, evaluations
from .store.database import Database
from .training.job_bundle import Imported as ImportedJobs
from .training.job_bundle import export_jobs, import_jobs

LARGEST_BUNDLE = 2**32
MOST_BUNDLES = 1_000
_JOBS = "jobs.bundle"
_BENCHMARK = re.compile(r"benchmark-\d{1,4}\.bundle")
_READ = 2**20
_DATE = (1980, 1, 1, 0, 0, 0)
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError)


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written."""

    jobs: int
    benchmarks: int
    items: int
    """Of evaluations and benchmarks."""
    answers: int
    decisions: int


@dataclass(frozen=True, slots=True)
class Imported:
    """What was taken in."""

    jobs: ImportedJobs
    benchmarks: tuple[ImportedBenchmark, ...]


def export_store(database: Database, path: Path, jobs: Sequence[Job]) -> Exported:
    """Write these jobs, the evaluations of none, and every benchmark with its runs, answers, grades and decisions.

    Raises:
        BundleError: the file exists or cannot be written.
    """
    if path.exists():
        raise BundleError(f"{path} exists already.", remedy="Name another file; nothing was overwritten.")
    owners = [one.id for one in evaluations.others(database)]
    names = [one.name for one in benchmarks.all_benchmarks(database)]
    try:
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as folder:
            whole = Path(folder) / "whole"
            with zipfile.ZipFile(whole, "w", zipfile.ZIP_STORED) as archive:
                manifests = [export_jobs(database, jobs, Path(folder) / _JOBS, owners)]
                _add(archive, Path(folder) / _JOBS)
                for number, name in enumerate(names):
                    part = Path(folder) / f"benchmark-{number}.bundle"
                    manifests.append(export_benchmark(database, name, part))
                    _add(archive, part)
            whole.chmod(0o600)
            # A link fails where a file has appeared meanwhile; a rename would replace it.
            os.link(whole, path)
    except OSError as error:
        raise BundleError(
            f"{path} cannot be written.", error.strerror or "", "Check the folder and its rights."
        ) from error

    def count(part: str) -> int:
        return sum(manifest.parts[part].rows for manifest in manifests if part in manifest.parts)

    return Exported(len(jobs), len(names), count("items"), count("answers"), count("decisions"))


def import_store(database: Database, path: Path) -> Imported:
    """Take in what a colleague has written; nothing that is here is overwritten.

    Raises:
        BundleError: the file cannot be trusted, or this store holds a benchmark otherwise. Bundles before the one that
            is refused were taken in.
    """
    with tempfile.TemporaryDirectory(prefix="cupola-import-") as folder:
        parts = list(_unpacked(path, Path(folder)))
        jobs = ImportedJobs((), (), 0)
        found = []
        for name, part in parts:
            if name == _JOBS:
                jobs = import_jobs(database, part)
            else:
                found.append(import_benchmark(database, part))
    return Imported(jobs, tuple(found))


def _add(archive: zipfile.ZipFile, part: Path) -> None:
    info = zipfile.ZipInfo(part.name, _DATE)
    with part.open("rb") as source, archive.open(info, "w", force_zip64=True) as target:
        while piece := source.read(_READ):
            target.write(piece)
    part.unlink()


def _unpacked(path: Path, folder: Path) -> Iterator[tuple[str, Path]]:
    """Every bundle in a file, copied to a place of this module's choice."""
    with _opened(path) as archive:
        names = archive.namelist()
        strange = [name for name in names if name != _JOBS and not _BENCHMARK.fullmatch(name)]
        if strange or len(set(names)) != len(names) or not 0 < len(names) <= MOST_BUNDLES:
            raise BundleError(f"{path} is not what `cupola store export` writes.")
        left = LARGEST_BUNDLE
        for number, name in enumerate(sorted(names)):
            part = folder / f"{number}.bundle"
            try:
                with archive.open(name) as source, part.open("wb") as target:
                    while piece := source.read(_READ):
                        left -= len(piece)
                        if left < 0:
                            raise BundleError(f"{path} is too large.", f"At most {LARGEST_BUNDLE:,} bytes are read.")
                        target.write(piece)
            except _BROKEN as error:
                raise BundleError(f"{path} was damaged.", remedy="Have it exported again.") from error
            yield name, part


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        archive = zipfile.ZipFile(path)
    except OSError as error:
        raise BundleError(f"{path} cannot be read.", error.strerror or "", "Check its name and rights.") from error
    except (*_BROKEN, ValueError) as error:
        raise BundleError(f"{path} is no bundle.", str(error)[:200]) from error
    with archive:
        yield archive
