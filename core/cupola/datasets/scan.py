"""One pass over a range of a file: every row parsed, checked and remembered in a few numbers."""

from __future__ import annotations

import bisect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from . import reinforcement
from .counting import count_rows
from .excerpts import excerpt
from .findings import EXAMPLES_KEPT, Finding, note
from .formats import CHECKS, Format, fits, format_of_row
from .lines import BOM, LONGEST_LINE, read_range, split
from .parsing import RowError, may_overflow, parse_row
from .part import ROW, Part, Rows
from .reading import Broken, Reading
from .secrets import Suspect, suspects
from .signatures import Hashes, hashes_of, normalised_all, signatures

if TYPE_CHECKING:
    from .tokens import TokenTally

_TOLD_FIRST, _TOLD_LATER = 400, 6
"""Rows of the file's first block, and of each later one, whose languages are told."""
_UNREAD = Reading("", "", "", ())
"""Stands for a row that cannot be read."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a pass is to look for; small, as it travels to other processes."""

    format: Format
    needs: tuple[str, ...] = ()
    """Variables that the grader's templates name."""
    encoding: str = ""
    """Count tokens by this encoding; empty for not at all."""
    twins: bool = True
    boilerplate: Hashes = field(default_factory=lambda: np.empty(0, np.uint64))


def scan_range(path: Path, start: int, end: int, plan: Plan) -> Part:
    """Check the lines that begin in a byte range of a file."""
    offset, block = read_range(path, start, end)
    return scan_block(block, offset, plan)


def scan_block(block: bytes, offset: int, plan: Plan) -> Part:
    """Check a block of whole lines that begins `offset` bytes into its file."""
    told = _TOLD_LATER if offset else _TOLD_FIRST
    if offset == 0 and block.startswith(BOM):
        offset, block = len(BOM), block[len(BOM) :]
    lines = split(block)
    lengths = np.fromiter(map(len, lines), np.int64, len(lines)) + 1
    starts = np.cumsum(lengths) - lengths
    pass_ = _Pass(plan, overflow=may_overflow(block))
    for number, line in enumerate(lines, 1):
        pass_.line(line, number)
    pass_.finish(starts + offset, told)
    _note_suspects(block, starts.tolist(), pass_.part)
    return pass_.part


class _Pass:
    """The state of one pass: what the later columns of the row table are made of, all rows at once."""

    def __init__(self, plan: Plan, *, overflow: bool) -> None:
        self.plan = plan
        self.overflow = overflow
        self.part = Part()
        self.check = _checker(plan)
        self.tokens = _tally_of_tokens(plan)
        self.lines: list[bytes] = []
        self.numbers: list[int] = []
        self.readings: list[Reading] = []
        """One a line; `_UNREAD` for those that cannot be read."""

    def line(self, line: bytes, number: int) -> None:
        """Check one line, with its carriage return if it has one."""
        if line[-1:] == b"\r":
            self.part.carriage_returns += 1
            line = line[:-1]
        if not line or line.isspace():
            self.part.blank += 1
            return
        self.lines.append(line)
        self.numbers.append(number)
        try:
            reading = self._reading(line, number)
        except RowError as error:
            reading = None
            shown = excerpt(error.detail)
            if error.rule == "json.invalid":
                shown += f": {excerpt(line, 60)}"
            note(self.part.tally, Finding(error.rule, number, "", shown))
        if reading is None and self.tokens:
            self.tokens.skip()
        self.readings.append(reading or _UNREAD)

    def _reading(self, line: bytes, number: int) -> Reading | None:
        if len(line) > LONGEST_LINE:
            raise RowError("line.too_long", f"more than {LONGEST_LINE >> 20} MiB")
        row = parse_row(line, overflow=self.overflow)
        broken: Broken = []
        reading = self.check(row, broken)
        if broken:
            if reading is None and not fits(row, self.plan.format):
                broken = [("row.other_format", "", f"looks like {format_of_row(row)}, not {self.plan.format}")]
            for rule, path, value in broken:
                note(self.part.tally, Finding(rule, number, excerpt(path), excerpt(value)))
        if reading and self.tokens:
            self.tokens.add(row)
        if reading and self.plan.format is Format.EVALUATION:
            self.part.wrapped += "item" in row
        return reading

    def finish(self, starts: npt.NDArray[np.int64], told: int) -> None:
        """Turn what was read into the part's counts and its table.

        Args:
            starts: The lines' places in the file.
            told: How many rows' languages are told.
        """
        part = self.part
        part.lines = len(starts)
        if self.readings:
            rows = [row for row in zip(self.numbers, self.readings, strict=True) if row[1] is not _UNREAD]
            part.broken_rows = len(self.readings) - len(rows)
            count_rows(part, rows, told)
            part.add_rows(self._table(starts))

    def _table(self, starts: npt.NDArray[np.int64]) -> Rows:
        readings, plan = self.readings, self.plan
        rows = np.zeros(len(readings), ROW)
        systems, prompts, answers, roles, *_ = zip(*readings, strict=True)
        sound = np.array([reading is not _UNREAD for reading in readings])
        rows["line"] = self.numbers
        rows["offset"] = starts[rows["line"] - 1]
        rows["answer"] = list(map(len, answers))
        rows["turns"] = np.minimum(list(map(len, roles)), 65_535)
        characters = rows["answer"] + list(map(len, systems)) + list(map(len, prompts))
        rows["characters"] = np.where(sound, characters, list(map(len, self.lines)))
        texts = normalised_all(prompts)
        rows["row_hash"] = hashes_of(self.lines)
        rows["prompt_hash"] = np.where(sound, hashes_of(map(_told_apart, texts, prompts)), 0)
        if self.tokens:
            rows["tokens"] = self.tokens.counts()
        if plan.twins:
            rows["bands"] = signatures(texts, plan.boilerplate)
        return rows


def _told_apart(text: bytes, prompt: str) -> bytes:
    """What two prompts are compared by; one of nothing but signs is taken as it stands."""
    return text or prompt.encode("utf-8", "replace")


def _checker(plan: Plan) -> Callable[[dict[str, Any], Broken], Reading | None]:
    if plan.format is Format.REINFORCEMENT and plan.needs:
        return lambda row, broken: reinforcement.check(row, broken, plan.needs)
    return CHECKS[plan.format]


def _tally_of_tokens(plan: Plan) -> TokenTally | None:
    if not plan.encoding:
        return None
    from .tokens import TokenTally

    return TokenTally(plan.encoding, plan.format)


def _note_suspects(block: bytes, starts: Sequence[int], part: Part) -> None:
    for suspect in suspects(block, starts):
        number = bisect.bisect_right(starts, suspect.start)
        counted = part.tally.get(suspect.rule)
        path = ""
        if counted is None or counted[0] < EXAMPLES_KEPT:
            path = _path_to(block, starts, number, suspect)
        note(part.tally, Finding(suspect.rule, number, path, excerpt(suspect.masked)))


def _path_to(block: bytes, starts: Sequence[int], number: int, suspect: Suspect) -> str:
    """The JSON path of the text that a suspect stands in; empty if the line cannot be read."""
    end = starts[number] if number < len(starts) else len(block)
    try:
        row = parse_row(block[starts[number - 1] : end].strip())
    except RowError:
        return ""
    wanted = suspect.text.decode("utf-8", "replace")
    stack: list[tuple[str, Any]] = [("", row)]
    while stack:
        at, value = stack.pop()
        if isinstance(value, str) and wanted in value:
            return excerpt(at)
        if isinstance(value, dict):
            stack.extend((f"{at}.{key}" if at else str(key), child) for key, child in value.items())
        elif isinstance(value, list):
            stack.extend((f"{at}[{index}]", child) for index, child in enumerate(value))
    return ""
