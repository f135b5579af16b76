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
from .answers import SHORT_ANSWER, seems_cut_off
from .excerpts import excerpt
from .findings import EXAMPLES_KEPT, Finding, note
from .formats import CHECKS, Format, fits, format_of_row
from .languages import language_of
from .lines import BOM, LONGEST_LINE, read_range, split
from .parsing import RowError, may_overflow, parse_row
from .part import MOST_TEXTS, ROW, Part, Rows, Seen, add_seen, add_value
from .reading import Broken, Reading
from .secrets import Suspect, suspects
from .signatures import Hashes, hash_of, hashes_of, normalised_all, signatures

if TYPE_CHECKING:
    from .tokens import TokenTally

_LONGEST_VALUE = 200
_TOLD_FIRST, _TOLD_LATER = 400, 12
"""Rows of the file's first block, and of each later one, whose languages are told."""
_LONGEST_SYSTEM = 400


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
    pass_ = _Pass(plan, overflow=may_overflow(block), told=told)
    for number, line in enumerate(lines, 1):
        pass_.line(line, number)
    pass_.finish(starts + offset)
    _note_suspects(block, starts.tolist(), pass_.part)
    return pass_.part


class _Pass:
    """The state of one pass: the columns of the row table while they grow."""

    def __init__(self, plan: Plan, *, overflow: bool, told: int) -> None:
        self.plan = plan
        self.overflow = overflow
        self.told = told
        self.roles: dict[tuple[str, ...], int] = {}
        self.systems: dict[str, tuple[int, int]] = {}
        self.part = Part()
        self.check = _checker(plan)
        self.tokens = _tally_of_tokens(plan)
        self.heads: list[tuple[int, int, int, int]] = []
        self.lines: list[bytes] = []
        self.prompts: list[str] = []
        self.sound: list[bool] = []

    def line(self, line: bytes, number: int) -> None:
        """Check one line, with its carriage return if it has one."""
        self.part.lines += 1
        if line[-1:] == b"\r":
            self.part.carriage_returns += 1
            line = line[:-1]
        if not line or line.isspace():
            self.part.blank += 1
            return
        self.lines.append(line)
        if len(line) > LONGEST_LINE:
            self._broken(number, line, RowError("line.too_long", f"more than {LONGEST_LINE >> 20} MiB"))
            return
        try:
            row = parse_row(line, overflow=self.overflow)
        except RowError as error:
            self._broken(number, line, error)
            return
        broken: Broken = []
        reading = self.check(row, broken)
        if broken:
            if reading is None and not fits(row, self.plan.format):
                broken = [("row.other_format", "", f"looks like {format_of_row(row)}, not {self.plan.format}")]
            for rule, path, value in broken:
                note(self.part.tally, Finding(rule, number, excerpt(path), excerpt(value)))
        if reading is None:
            self._unread(number, line)
        else:
            self._read(row, reading, number)

    def _broken(self, number: int, line: bytes, error: RowError) -> None:
        shown = excerpt(error.detail)
        if error.rule == "json.invalid":
            shown += f": {excerpt(line, 60)}"
        note(self.part.tally, Finding(error.rule, number, "", shown))
        self._unread(number, line)

    def _unread(self, number: int, line: bytes) -> None:
        self.part.broken_rows += 1
        self.heads.append((number, len(line), 0, 0))
        self.prompts.append("")
        self.sound.append(False)
        if self.tokens:
            self.tokens.skip()

    def _read(self, row: dict[str, Any], reading: Reading, number: int) -> None:
        prompt, answer = reading.prompt, reading.answer
        characters = len(reading.system) + len(prompt) + len(answer)
        self.heads.append((number, characters, len(answer), min(len(reading.roles), 65_535)))
        self.prompts.append(prompt)
        self.sound.append(True)
        if self.tokens:
            self.tokens.add(row)
        if answer and seems_cut_off(answer):
            note(self.part.tally, Finding("answer.cut_off", number, "", "…" + excerpt(answer[-80:])))
        self._count(reading, number)
        if self.plan.format is Format.EVALUATION:
            self.part.wrapped += "item" in row
        if reading.rejected is not None:
            _count_pair(self.part, reading, number)

    def _count(self, reading: Reading, number: int) -> None:
        part = self.part
        if len(self.heads) <= self.told:
            for name, text in (("system", reading.system), ("prompt", reading.prompt), ("answer", reading.answer)):
                if text:
                    part.languages[name, language_of(text)] += 1
        self.roles[reading.roles] = self.roles.get(reading.roles, 0) + 1
        count, line = self.systems.get(reading.system, (0, number))
        if count or len(self.systems) < MOST_TEXTS:
            self.systems[reading.system] = (count + 1, line)
        answer = reading.answer if len(reading.answer) <= SHORT_ANSWER else ""
        part.answers[answer] = part.answers.get(answer, 0) + 1
        if reading.images:
            part.rows_with_images += 1
        if reading.fields:
            keys = tuple(sorted(reading.fields))
            add_seen(part.keys, keys, Seen(1, number, ", ".join(keys)[:_LONGEST_VALUE]))
            for name, value in reading.fields.items():
                add_value(part.values, name, Seen(1, number, excerpt(value, _LONGEST_VALUE)))

    def finish(self, starts: npt.NDArray[np.int64]) -> None:
        """Turn the columns into the part's table, with the lines' places in the file."""
        for roles, count in self.roles.items():
            for role in roles:
                self.part.roles[role] += count
        for system, (count, line) in self.systems.items():
            key = hash_of(system.encode("utf-8", "replace"))
            add_seen(self.part.systems, key, Seen(count, line, system[:_LONGEST_SYSTEM]))
        self.part.add_rows(self._table(starts))

    def _table(self, starts: npt.NDArray[np.int64]) -> Rows:
        rows = np.zeros(len(self.heads), ROW)
        if not self.heads:
            return rows
        for name, column in zip(("line", "characters", "answer", "turns"), zip(*self.heads, strict=True), strict=True):
            rows[name] = column
        rows["offset"] = starts[rows["line"] - 1]
        texts = normalised_all(self.prompts)
        rows["row_hash"] = hashes_of(self.lines)
        rows["prompt_hash"] = np.where(self.sound, hashes_of(map(_told_apart, texts, self.prompts)), 0)
        if self.tokens:
            rows["tokens"] = self.tokens.counts()
        if self.plan.twins:
            rows["bands"] = signatures(texts, self.plan.boilerplate)
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


def _count_pair(part: Part, reading: Reading, number: int) -> None:
    better, worse = reading.answer, reading.rejected or ""
    part.pairs += 1
    part.longer_preferred += len(better) > len(worse)
    part.shorter_preferred += len(better) < len(worse)
    prompt, one, other = (hash_of(text.encode("utf-8", "replace")) for text in (reading.prompt, better, worse))
    if one != other:
        part.pair_hashes.append((hash_of(prompt + one + other), hash_of(prompt + other + one), number))


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
