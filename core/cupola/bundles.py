"""One file that carries records and proves them: a ZIP of JSON Lines parts under a manifest of their hashes.

The container knows nothing of what it carries: `kind` says whose it is, and each kind has a reader of its own. A bundle
comes from anywhere, so nothing in it is believed before it is checked: names are looked up and never used as paths,
nothing is unpacked, sizes are counted while they are read, and a part whose hash differs is refused whole.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
import tempfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from .errors import CupolaError

FORMAT = "cupola.bundle/1"
MOST_PARTS = 32
LARGEST_MANIFEST = 2**20
LARGEST_ROW = 2**24
"""Bytes; an answer of a model is rarely beyond a hundredth of it."""
LARGEST_PART = 2**32
MOST_ROWS = 10_000_000
_MANIFEST = "manifest.json"
_NAME = re.compile(r"[a-z][a-z_]{0,39}")
_READ = 2**20
# Any fixed date will do; the same content gives the same file.
_DATE = (1980, 1, 1, 0, 0, 0)

Row = Mapping[str, str | int | float | None]
"""One record: plain values under plain names; what is nested is JSON text."""


class BundleError(CupolaError):
    """A bundle that cannot be written, or cannot be trusted."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Part:
    """One kind of record in a bundle, as its manifest has it."""

    rows: int
    size: int
    """Bytes."""
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a bundle holds."""

    kind: str
    """Whose records: benchmark."""
    name: str
    """What it was called where it was written. Hostile until cleaned."""
    parts: Mapping[str, Part]


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle whose hashes were verified."""

    path: Path
    manifest: Manifest

    def rows(self, part: str) -> Iterator[dict[str, Any]]:
        """The records of a part, none if the bundle lacks it.

        Raises:
            BundleError: the file changed since it was verified, or a line is no record.
        """
        if part in self.manifest.parts:
            with _opened(self.path) as archive:
                yield from _rows(archive, part, self.manifest.parts[part])


def write_bundle(path: Path, kind: str, name: str, parts: Mapping[str, Iterable[Row]]) -> Manifest:
    """Write a bundle; a file that is there is never replaced.

    Raises:
        BundleError: there is a file of that name, or it cannot be written.
    """
    if path.exists():
        raise BundleError(f"{path} exists already.", remedy="Name another file; nothing was overwritten.")
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
            part_path = Path(file.name)
        try:
            with zipfile.ZipFile(part_path, "w", zipfile.ZIP_DEFLATED) as archive:
                manifest = Manifest(kind, name, {part: _write(archive, part, rows) for part, rows in parts.items()})
                archive.writestr(zipfile.ZipInfo(_MANIFEST, _DATE), _manifest_text(manifest))
            # A link fails where a file has appeared meanwhile; a rename would replace it.
            os.link(part_path, path)
        finally:
            part_path.unlink()
    except OSError as error:
        raise BundleError(
            f"{path} cannot be written.", error.strerror or "", "Check the folder and its rights."
        ) from error
    return manifest


def read_bundle(path: Path, kind: str) -> Bundle:
    """Open a bundle of a kind, after every part was held against its hash.

    Raises:
        BundleError: it is none, is of another kind, is too large, or was damaged or changed.
    """
    with _opened(path) as archive:
        manifest = _read_manifest(path, archive)
        if manifest.kind != kind:
            raise BundleError(f"{path} holds a {manifest.kind}, not a {kind}.")
        expected = {_MANIFEST, *(f"{part}.jsonl" for part in manifest.parts)}
        if sorted(archive.namelist()) != sorted(expected):
            raise BundleError(f"{path} holds other files than its manifest tells.", remedy="Have it exported again.")
        for name, part in manifest.parts.items():
            for _ in _rows(archive, name, part):
                pass
    return Bundle(path, manifest)


def _write(archive: zipfile.ZipFile, name: str, rows: Iterable[Row]) -> Part:
    digest, size, count = hashlib.sha256(), 0, 0
    info = zipfile.ZipInfo(f"{name}.jsonl", _DATE)
    info.compress_type = zipfile.ZIP_DEFLATED
    with archive.open(info, "w", force_zip64=True) as file:
        for row in rows:
            line = json.dumps(dict(row), ensure_ascii=True, allow_nan=False, separators=(",", ":")).encode() + b"\n"
            file.write(line)
            digest.update(line)
            size, count = size + len(line), count + 1
    return Part(count, size, digest.hexdigest())


def _manifest_text(manifest: Manifest) -> str:
    parts = {
        name: {"rows": part.rows, "bytes": part.size, "sha256": part.sha256} for name, part in manifest.parts.items()
    }
    return json.dumps({"format": FORMAT, "kind": manifest.kind, "name": manifest.name, "parts": parts}, indent=1)


def _opened(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except OSError as error:
        raise BundleError(f"{path} cannot be read.", error.strerror or "", "Check its name and rights.") from error
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise BundleError(f"{path} is no bundle.", str(error)[:200]) from error


def _read_manifest(path: Path, archive: zipfile.ZipFile) -> Manifest:
    if len(archive.filelist) > MOST_PARTS + 1:
        raise BundleError(f"{path} holds more than {MOST_PARTS} parts.")
    try:
        with archive.open(_MANIFEST) as file:
            content = _bounded(file, LARGEST_MANIFEST, path)
        found = json.loads(content)
        if found["format"] != FORMAT:
            raise BundleError(f"{path} is of a format that is not known here.", remedy=f"This Cupola reads {FORMAT}.")
        parts = {str(name): _part(entry) for name, entry in found["parts"].items() if _NAME.fullmatch(name)}
        if len(parts) != len(found["parts"]) or not isinstance(found["name"], str):
            raise ValueError("A part has a name that is none.")
        return Manifest(str(found["kind"]), found["name"][:200], parts)
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError, EOFError, OSError, *_BROKEN) as error:
        # A damaged directory may point before the file's beginning, which is an OSError like a failing disk's.
        raise BundleError(f"{path} is no bundle.", "Its manifest cannot be read.") from error


def _part(entry: Mapping[str, Any]) -> Part:
    part = Part(entry["rows"], entry["bytes"], entry["sha256"])
    if type(part.rows) is not int or type(part.size) is not int or not isinstance(part.sha256, str):
        raise TypeError("A part's numbers are none.")
    if not (0 <= part.rows <= MOST_ROWS and 0 <= part.size <= LARGEST_PART):
        raise BundleError("A part of the bundle is too large.", f"At most {LARGEST_PART:,} bytes are read.")
    return part


def _bounded(file: IO[bytes], most: int, path: Path) -> bytes:
    content = file.read(most + 1)
    if len(content) > most:
        raise BundleError(f"{path} is no bundle.", "Its manifest is too long.")
    return content


def _rows(archive: zipfile.ZipFile, name: str, part: Part) -> Iterator[dict[str, Any]]:
    """The records of a part; the hash is known to be right once the last has been given."""
    digest, size, count = hashlib.sha256(), 0, 0
    try:
        with archive.open(f"{name}.jsonl") as file:
            while line := file.readline(LARGEST_ROW + 1):
                size, count = size + len(line), count + 1
                if len(line) > LARGEST_ROW or size > part.size or count > part.rows:
                    raise _changed(name)
                digest.update(line)
                yield _row(name, line)
    except (KeyError, EOFError, RuntimeError, NotImplementedError, OSError, *_BROKEN) as error:
        raise _changed(name) from error
    if digest.hexdigest() != part.sha256 or count != part.rows:
        raise _changed(name)


def _row(name: str, line: bytes) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        row = None
    if not isinstance(row, dict) or not all(_is_plain(value) for value in row.values()):
        raise BundleError(f"The bundle's part {name!r} holds what is no record.", remedy="Have it exported again.")
    return row


def _is_plain(value: object) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    # The store's whole numbers have 64 bits.
    return value is None or isinstance(value, str) or (isinstance(value, int) and -(2**63) <= value < 2**63)


def _changed(name: str) -> BundleError:
    return BundleError(
        f"The bundle's part {name!r} is not what its manifest says.",
        "It was damaged or changed; nothing of it was taken.",
        "Have it exported again.",
    )


_BROKEN = (zipfile.BadZipFile, zlib.error)
