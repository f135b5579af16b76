"""New files, written whole or not at all, never over an existing one, each with a record of where it came from."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from .lines import DatasetError

_STEP = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Content:
    """A file by its content."""

    name: str
    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Provenance:
    """How a file came about."""

    output: Content
    rows: int
    action: str
    """split, sample, convert, merge or fix."""
    inputs: tuple[Content, ...]
    at: float
    """Unix seconds."""
    parameters: Mapping[str, object] = field(default_factory=dict)


def fingerprint(path: Path) -> Content:
    """Hash a file's content.

    Raises:
        DatasetError: the file cannot be read.
    """
    digest = hashlib.sha256()
    size = 0
    try:
        with path.open("rb") as file:
            while block := file.read(_STEP):
                digest.update(block)
                size += len(block)
    except OSError as error:
        raise DatasetError(f"{path} cannot be read.", error.strerror or "", "Check its name and rights.") from error
    return Content(path.name, digest.hexdigest(), size)


class Output:
    """A file while it is written; counts rows and hashes what goes in."""

    def __init__(self, path: Path, part: Path) -> None:
        self.path = path
        self.part = part
        self.rows = 0
        self.bytes = 0
        self._digest = hashlib.sha256()
        self._file = part.open("wb")

    def write(self, line: bytes) -> None:
        """Add one row, given without its line end."""
        content = line + b"\n"
        self._file.write(content)
        self._digest.update(content)
        self.bytes += len(content)
        self.rows += 1

    def begin(self, content: bytes) -> None:
        """Add what stands before the first row."""
        self._file.write(content)
        self._digest.update(content)
        self.bytes += len(content)

    @property
    def content(self) -> Content:
        """What was written so far, by its content."""
        return Content(self.path.name, self._digest.hexdigest(), self.bytes)

    def close(self) -> None:
        """Bring everything to the disk."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()

    def discard(self) -> None:
        """Leave nothing behind."""
        self._file.close()
        self.part.unlink(missing_ok=True)


@contextmanager
def outputs(*paths: Path) -> Iterator[list[Output]]:
    """Write several new files; they appear under their names together at the end, or not at all.

    Raises:
        DatasetError: one of them exists already, or cannot be written.
    """
    for path in paths:
        if path.exists() or path.is_symlink():
            raise DatasetError(f"{path} exists already.", "Cupola never writes over a dataset.", "Choose another name.")
    opened: list[Output] = []
    try:
        opened.extend(Output(path, path.with_name(f".{path.name}.{os.getpid()}.part")) for path in paths)
        yield opened
        for output in opened:
            output.close()
        for output in opened:
            _publish(output.part, output.path)
    except OSError as error:
        raise DatasetError("The new file cannot be written.", str(error), "Check the disk and its rights.") from error
    finally:
        for output in opened:
            output.discard()


def _publish(part: Path, path: Path) -> None:
    """Give a finished file its name. A link fails if the name has been taken meanwhile; a rename would overwrite."""
    try:
        os.link(part, path)
    except FileExistsError:
        raise
    except OSError:
        # Some file systems have no links.
        if path.exists():
            raise
        part.rename(path)


def record(provenance: Provenance, file: Path) -> None:
    """Add a line to the provenance file, a JSON Lines file beside the store.

    Raises:
        DatasetError: it cannot be written.
    """
    line = json.dumps(asdict(provenance), ensure_ascii=False) + "\n"
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with file.open("a", encoding="utf-8") as log:
            log.write(line)
    except OSError as error:
        raise DatasetError(f"{file} cannot be written.", error.strerror or "", "Check the disk.") from error


def records(file: Path) -> list[Provenance]:
    """All provenance records, oldest first; lines that cannot be read are passed over."""
    if not file.exists():
        return []
    found = []
    for line in file.read_text(encoding="utf-8").splitlines():
        try:
            given = json.loads(line)
            found.append(
                Provenance(
                    **{
                        **given,
                        "output": Content(**given["output"]),
                        "inputs": tuple(Content(**content) for content in given["inputs"]),
                    }
                )
            )
        except (ValueError, TypeError, KeyError):
            continue
    return found
