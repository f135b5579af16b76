"""One pass over a range of a file: every row parsed, checked and remembered in a few numbers."""

from __future__ import annotations

import bisect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from . import reinforcement
from .answers import SHORT_ANSWER, seems_cut_off
from .excerpts import excerpt
from .findings import EXAMPLES_KEPT, Finding, note
from .formats import CHECKS, Format, fits, format_of_row
from .lines import BOM, LONGEST_LINE, read_range, split
from .parsing import RowError, may_overflow, parse_row
from .part import MOST_TEXTS, ROW, Part, Seen, add_seen, add_value
from .reading import Broken, Reading
from .secrets import Suspect, shape_of, suspects
from .signatures import BANDS, Hashes, hash_of, normalised, signatures

_NO_HASH = b"\0" * 8
_LONGEST_VALUE = 200
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
    if offset == 0 and block.startswith(BOM):
        offset, block = len(BOM), block[len(BOM) :]
    shape = shape_of(block)
    pass_ = _Pass(plan, _counter(plan), overflow=may_overflow(shape))
    starts: list[int] = []
    position = 0
    for number, line in enumerate(split(block), 1):
        starts.append(position)
        pass_.line(line, number, offset + position)
        position += len(line) + 1
    pass_.finish()
    _note_suspects(block, shape, starts, pass_.part)
    return pass_.part


class _Pass:
    """The state of one pass: the columns of the row table while they grow."""

    def __init__(self, plan: Plan, count_tokens: Callable[[dict[str, Any]], int] | None, *, overflow: bool) -> None:
        self.plan = plan
        self.overflow = overflow
        self.roles: dict[tuple[str, ...], int] = {}
        self.systems: dict[str, tuple[int, int]] = {}
        self.part = Part()
        self.check = _checker(plan)
        self.count_tokens = count_tokens
        self.heads: list[tuple[int, int, int, int, int, int]] = []
        self.row_hashes: list[bytes] = []
        self.prompt_hashes: list[bytes] = []
        self.texts: list[bytes] = []

    def line(self, line: bytes, number: int, offset: int) -> None:
        """Check one line, with its carriage return if it has one."""
        self.part.lines += 1
        if line[-1:] == b"\r":
            self.part.carriage_returns += 1
            line = line[:-1]
        if not line or line.isspace():
            self.part.blank += 1
            return
        if len(line) > LONGEST_LINE:
            self._broken(number, offset, line, RowError("line.too_long", f"more than {LONGEST_LINE >> 20} MiB"))
            return
        try:
            row = parse_row(line, overflow=self.overflow)
        except RowError as error:
            self._broken(number, offset, line, error)
            return
        broken: Broken = []
        reading = self.check(row, broken)
        if broken and reading is None and not fits(row, self.plan.format):
            broken = [("row.other_format", "", f"looks like {format_of_row(row)}, not {self.plan.format}")]
        for rule, path, value in broken:
            note(self.part.tally, Finding(rule, number, excerpt(path), excerpt(value)))
        if reading is None:
            self.part.broken_rows += 1
            self._remember(offset, number, line, _NO_HASH, b"", len(line), 0, 0, 0)
        else:
            self._read(row, reading, line, number, offset)

    def _broken(self, number: int, offset: int, line: bytes, error: RowError) -> None:
        self.part.broken_rows += 1
        shown = (
            excerpt(error.detail) if error.rule != "json.invalid" else f"{excerpt(error.detail)}: {excerpt(line, 60)}"
        )
        note(self.part.tally, Finding(error.rule, number, "", shown))
        self._remember(offset, number, line, _NO_HASH, b"", len(line), 0, 0, 0)

    def _read(self, row: dict[str, Any], reading: Reading, line: bytes, number: int, offset: int) -> None:
        prompt, answer = reading.prompt, reading.answer
        text = normalised(prompt)
        characters = len(reading.system) + len(prompt) + len(answer)
        tokens = self.count_tokens(row) if self.count_tokens else 0
        prompt_hash = hash_of(text or prompt.encode("utf-8", "replace"))
        self._remember(offset, number, line, prompt_hash, text, characters, tokens, len(answer), len(reading.roles))
        if answer and seems_cut_off(answer):
            note(self.part.tally, Finding("answer.cut_off", number, "", "…" + excerpt(answer[-80:])))
        self._count(reading, number)
        if self.plan.format is Format.EVALUATION:
            self.part.wrapped += "item" in row
        if reading.rejected is not None:
            _count_pair(self.part, reading, number, prompt_hash)

    def _remember(
        self,
        offset: int,
        number: int,
        line: bytes,
        prompt_hash: bytes,
        text: bytes,
        characters: int,
        tokens: int,
        answer: int,
        turns: int,
    ) -> None:
        self.heads.append((offset, number, characters, tokens, answer, min(turns, 65_535)))
        self.row_hashes.append(hash_of(line))
        self.prompt_hashes.append(prompt_hash)
        self.texts.append(text)

    def _count(self, reading: Reading, number: int) -> None:
        part = self.part
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

    def finish(self) -> None:
        """Turn the columns into the part's table."""
        for roles, count in self.roles.items():
            for role in roles:
                self.part.roles[role] += count
        for system, (count, line) in self.systems.items():
            key = hash_of(system.encode("utf-8", "replace"))
            add_seen(self.part.systems, key, Seen(count, line, system[:_LONGEST_SYSTEM]))
        rows = np.zeros(len(self.heads), ROW)
        if self.heads:
            columns = np.array(self.heads, np.int64)
            for index, name in enumerate(("offset", "line", "characters", "tokens", "answer", "turns")):
                rows[name] = columns[:, index]
            rows["row_hash"] = np.frombuffer(b"".join(self.row_hashes), np.uint64)
            rows["prompt_hash"] = np.frombuffer(b"".join(self.prompt_hashes), np.uint64)
            if self.plan.twins:
                rows["bands"] = signatures(self.texts, self.plan.boilerplate).reshape(-1, BANDS)
        self.part.rows.append(rows)


def _checker(plan: Plan) -> Callable[[dict[str, Any], Broken], Reading | None]:
    if plan.format is Format.REINFORCEMENT and plan.needs:
        return lambda row, broken: reinforcement.check(row, broken, plan.needs)
    return CHECKS[plan.format]


def _counter(plan: Plan) -> Callable[[dict[str, Any]], int] | None:
    if not plan.encoding:
        return None
    from .tokens import row_counter

    return row_counter(plan.encoding, plan.format)


def _count_pair(part: Part, reading: Reading, number: int, prompt_hash: bytes) -> None:
    better, worse = reading.answer, reading.rejected or ""
    part.pairs += 1
    part.longer_preferred += len(better) > len(worse)
    part.shorter_preferred += len(better) < len(worse)
    one, other = (hash_of(text.encode("utf-8", "replace")) for text in (better, worse))
    if one != other:
        part.pair_hashes.append((hash_of(prompt_hash + one + other), hash_of(prompt_hash + other + one), number))


def _note_suspects(block: bytes, shape: bytes, starts: Sequence[int], part: Part) -> None:
    for suspect in suspects(block, shape):
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
