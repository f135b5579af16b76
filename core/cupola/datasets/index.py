"""An index of a file's lines, so that any row of millions is read at once; kept beside the store, not the file."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from .lines import BOM, DatasetError, file_size

_STEP = 8 * 1024 * 1024
_MAGIC = b"cupola lines 01\n"
_LONGEST_READ = 64 * 1024 * 1024
_ROWS_A_READ = 2_000
_SHORT = 8
"""Lines below this may be blank and are looked at; a longer line of white space counts as a row."""


class LineIndex:
    """Where the rows of a file begin. Blank lines are no rows."""

    def __init__(self, path: Path, starts: npt.NDArray[np.int64], lines: npt.NDArray[np.int64], size: int) -> None:
        self.path = path
        self._starts = starts
        self._lines = lines
        self._size = size

    def __len__(self) -> int:
        return len(self._starts)

    def line_of(self, row: int) -> int:
        """The line, from 1, that a row stands on."""
        return int(self._lines[row])

    def row_at(self, line: int) -> int:
        """The row on that line, or the next one after it if the line is blank; the last one at the end."""
        return min(int(np.searchsorted(self._lines, line)), max(0, len(self) - 1))

    def read(self, row: int) -> bytes:
        """A row's bytes without its line end.

        Raises:
            IndexError: there is no such row.
            DatasetError: the file has changed or gone since it was indexed.
        """
        if not 0 <= row < len(self):
            raise IndexError(row)
        try:
            with self.path.open("rb") as file:
                if file.seek(0, 2) != self._size:
                    raise DatasetError(f"{self.path} has changed.", remedy="Open it again.")
                file.seek(int(self._starts[row]))
                return file.readline(_LONGEST_READ).rstrip(b"\r\n")
        except OSError as error:
            raise DatasetError(f"{self.path} cannot be read.", error.strerror or "") from error

    def search(self, text: str, after: int = -1) -> Iterator[int]:
        """The rows after `after` that hold a text, whatever its case, in order.

        The text is looked for as JSON writes it, both with characters as they are and escaped.
        """
        as_it_is, escaped = (json.dumps(text, ensure_ascii=ascii_only)[1:-1] for ascii_only in (False, True))
        forms = {form.encode("utf-8", "replace") for form in (as_it_is, escaped)}
        pattern = re.compile(b"|".join(re.escape(form) for form in sorted(forms)), re.IGNORECASE)
        for row in range(after + 1, len(self), _ROWS_A_READ):
            yield from self._hits(pattern, row, min(row + _ROWS_A_READ, len(self)))

    def _hits(self, pattern: re.Pattern[bytes], first: int, last: int) -> Iterator[int]:
        start = int(self._starts[first])
        end = int(self._starts[last]) if last < len(self) else self._size
        with self.path.open("rb") as file:
            file.seek(start)
            block = file.read(end - start)
        previous = -1
        for match in pattern.finditer(block):
            row = int(np.searchsorted(self._starts, start + match.start(), side="right")) - 1
            if row != previous:
                previous = row
                yield row


def open_index(path: Path, directory: Path) -> LineIndex:
    """The index of a file, from `directory` if the file is as it was when it was indexed, else made anew and kept.

    Raises:
        DatasetError: the file cannot be read.
    """
    size = file_size(path)
    kept = directory / f"{_key(path)}.lines"
    arrays = _load(kept, size)
    if arrays is None:
        arrays = build(path)
        _save(kept, *arrays)
    return LineIndex(path, *arrays, size)


def build(path: Path) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Find where each row begins and the line that it is on, in one pass.

    Raises:
        DatasetError: the file cannot be read.
    """
    size = file_size(path)
    ends = _newlines(path)
    if size and (not len(ends) or ends[-1] != size - 1):
        ends = np.append(ends, size)
    starts = np.concatenate([np.zeros(1, np.int64), ends[:-1] + 1]) if len(ends) else np.empty(0, np.int64)
    with path.open("rb") as file:
        if len(starts) and file.read(3) == BOM:
            starts[0] = 3
        full = _not_blank(file, starts, ends)
    return starts[full], np.flatnonzero(full) + 1


def _newlines(path: Path) -> npt.NDArray[np.int64]:
    found = []
    position = 0
    with path.open("rb") as file:
        while block := file.read(_STEP):
            found.append(np.flatnonzero(np.frombuffer(block, np.uint8) == 10) + position)
            position += len(block)
    return np.concatenate(found) if found else np.empty(0, np.int64)


def _not_blank(file: BinaryIO, starts: npt.NDArray[np.int64], ends: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Which lines hold more than white space. No row is shorter than `{}`, so that only short lines need a look."""
    lengths = ends - starts
    full = lengths > 0
    for line in np.flatnonzero(full & (lengths < _SHORT)):
        file.seek(int(starts[line]))
        full[line] = not file.read(int(lengths[line])).isspace()
    return full


def _key(path: Path) -> str:
    """A name for the file as it is now: another path, size or time of change gives another."""
    state = path.stat()
    text = f"{path.absolute()}\0{state.st_size}\0{state.st_mtime_ns}\0{state.st_ino}"
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:32]


def _save(kept: Path, starts: npt.NDArray[np.int64], lines: npt.NDArray[np.int64]) -> None:
    kept.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = kept.with_name(f"{kept.name}.{os.getpid()}.part")
    with part.open("wb") as file:
        file.write(_MAGIC)
        file.write(np.int64(len(starts)).tobytes())
        file.write(starts.astype(np.int64).tobytes())
        file.write(lines.astype(np.int64).tobytes())
    part.replace(kept)


def _load(kept: Path, size: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]] | None:
    """The arrays of a kept index, mapped and not read; None if there is none or it is not whole."""
    try:
        with kept.open("rb") as file:
            magic, head = file.read(len(_MAGIC)), file.read(8)
            total = file.seek(0, 2)
    except OSError:
        return None
    rows = int(np.frombuffer(head, np.int64)[0]) if len(head) == 8 else -1
    begin = len(_MAGIC) + 8
    if magic != _MAGIC or rows < 0 or total != begin + rows * 16:
        return None
    if not rows:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    starts = np.memmap(kept, np.int64, "r", begin, (rows,))
    lines = np.memmap(kept, np.int64, "r", begin + rows * 8, (rows,))
    return (starts, lines) if 0 <= int(starts[-1]) < size else None
