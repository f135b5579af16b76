"""Reading JSON Lines by byte ranges, so that a file of any size takes constant memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from cupola.errors import CupolaError

BOM = b"\xef\xbb\xbf"
RANGE_BYTES = 1024 * 1024
LONGEST_LINE = 64 * 1024 * 1024
"""Lines above this are reported and not read."""

_STEP = 64 * 1024
"""Bytes read at once in search of a line's end; most lines are shorter."""


class DatasetError(CupolaError):
    """A dataset file cannot be read or written."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line without its line end."""

    number: int
    """From 1."""
    offset: int
    """Where it begins in the file, in bytes."""
    content: bytes


def file_size(path: Path) -> int:
    """The size in bytes.

    Raises:
        DatasetError: there is no such file, or it is a directory or may not be read.
    """
    if path.is_dir():
        raise DatasetError(f"{path} is a directory.", remedy="Name a file.")
    try:
        with path.open("rb") as file:
            return file.seek(0, 2)
    except OSError as error:
        raise DatasetError(f"{path} cannot be read.", error.strerror or "", "Check its name and rights.") from error
    except ValueError as error:  # A zero byte in the name.
        raise DatasetError(f"{path} is no file's name.", str(error), "Add the file by its name.") from error


def head(path: Path, size: int = RANGE_BYTES) -> bytes:
    """The first whole lines of a file, at most `size` bytes; the first line's beginning if it is longer."""
    with path.open("rb") as file:
        block = file.read(size)
        whole = len(block) < size or block.endswith(b"\n")
    cut = len(block) if whole else block.rfind(b"\n") + 1
    return block[:cut] if cut else block


def ranges(size: int, step: int = RANGE_BYTES) -> list[tuple[int, int]]:
    """Byte ranges that together cover a file; a line belongs to the range that it begins in."""
    return [(start, min(start + step, size)) for start in range(0, size, step)]


def read_range(path: Path, start: int, end: int) -> tuple[int, bytes]:
    """The lines that begin in a byte range, and the offset of the first.

    Of a line longer than `LONGEST_LINE` only as much is returned.
    """
    with path.open("rb") as file:
        begin = _line_start(file, start)
        if begin is None or begin >= end:
            return start, b""
        file.seek(begin)
        block = file.read(end - begin)
        if block.endswith(b"\n"):
            return begin, block
        return begin, block + _rest_of_line(file)


def iterate(path: Path, step: int = RANGE_BYTES, *, keep_carriage_returns: bool = False) -> Iterator[Line]:
    """Every line of a file in order, blank ones too, without a byte order mark."""
    number = 0
    for start, end in ranges(file_size(path), step):
        offset, block = read_range(path, start, end)
        if not block:
            continue
        if offset == 0 and block.startswith(BOM):
            offset, block = len(BOM), block[len(BOM) :]
        for content in split(block):
            number += 1
            yield Line(number, offset, content if keep_carriage_returns else content.removesuffix(b"\r"))
            offset += len(content) + 1


def split(block: bytes) -> list[bytes]:
    """The lines of a block, without the newlines that end them."""
    lines = block.split(b"\n")
    if not lines[-1]:
        lines.pop()
    return lines


def _line_start(file: BinaryIO, start: int) -> int | None:
    """Where the first line that begins at or after `start` does; None if none does."""
    if start == 0:
        return 0
    file.seek(start - 1)
    position = start - 1
    while block := file.read(_STEP):
        found = block.find(b"\n")
        if found >= 0:
            return position + found + 1
        position += len(block)
    return None


def _rest_of_line(file: BinaryIO) -> bytes:
    parts: list[bytes] = []
    kept = 0
    while block := file.read(_STEP):
        found = block.find(b"\n")
        if found >= 0:
            parts.append(block[: found + 1])
            break
        # A line past all bounds is read to its end but not kept.
        if kept <= LONGEST_LINE:
            parts.append(block)
            kept += len(block)
    return b"".join(parts)
