"""The whole check of a file, and of several against each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from cupola_data.models import BaseModel, catalogue

from .cost import auto_epochs
from .findings import Finding, FindingGroup, Rule, Tally, blocks, grouped, note
from .formats import CHECKS, Format, format_of_row, format_of_rows
from .judgements import Context, duplicates, judge
from .lines import BOM, file_size, head, split
from .parsing import RowError, parse_row
from .part import Part, Rows, append
from .pool import scan
from .rules import RULES
from .scan import Plan, scan_block
from .signatures import common_shingles, normalised
from .tokens import encoding_for
from .twins import Source, find_twins, near_twins

MOST_BYTES = 512 * 1024 * 1024
IN_PARTS_BYTES = 100 * 1024 * 1024
_HEAD_BYTES = 256 * 1024
_HEAD_ROWS = 200
_BINARY = (b"PK\x03\x04", b"\x1f\x8b", b"PAR1", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd", b"%PDF", b"SQLite format 3")
_NOT_LINES = frozenset({"file.empty", "file.encoding", "file.not_text", "file.document", "file.table"})
_OTHER_ENCODINGS = (b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")


@dataclass(frozen=True, slots=True)
class Options:
    """What is wanted of a check."""

    model: str | None = None
    """The model that is to be trained; decides encoding and limits."""
    count_tokens: bool = False
    training: bool | None = None
    """Hold the file to the rules of training; None decides by its format."""
    needs: tuple[str, ...] = ()
    """Variables that the chosen grader's templates name, such as `item.reference`."""
    twins: bool = True
    workers: int | None = None
    format: Format | None = None
    """Take the rows for this format instead of telling it from them."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a check found in one file."""

    path: Path
    size: int
    format: Format | None
    lines: int
    rows: Rows
    """One entry a row, of type `cupola.datasets.part.ROW`."""
    broken_rows: int
    roles: Mapping[str, int]
    groups: tuple[FindingGroup, ...]
    encoding: str
    """The encoding that tokens were counted by; empty if they were not."""
    exact: bool
    """Whether that is known to be the model's own."""
    boilerplate: npt.NDArray[np.uint64]
    languages: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """How often a field (system, prompt, answer) is in a language, of the rows that were looked at for it."""

    @property
    def blocked(self) -> bool:
        """Whether anything would keep the file from training as it should."""
        return blocks(self.groups)

    @property
    def clean(self) -> bool:
        """Whether nothing was found but notes."""
        return not any(group.rule.severity != "note" for group in self.groups)

    @property
    def tokens(self) -> int | None:
        """All tokens of the file; None if they were not counted."""
        return int(self.rows["tokens"].sum(dtype=np.int64)) if self.encoding else None


def check_file(
    path: Path, options: Options | None = None, progress: Callable[[int, Tally], None] | None = None
) -> Report:
    """Check one file in one pass.

    Args:
        path: The file.
        options: What is wanted.
        progress: Called after each part with the bytes done and the findings so far; the first call comes early.

    Raises:
        DatasetError: the file cannot be read.
    """
    options = options or Options()
    size = file_size(path)
    beginning = head(path, _HEAD_BYTES) if size else b""
    tally = _of_file(path, size, beginning)
    if _NOT_LINES.intersection(tally):
        return _unreadable(path, size, tally)
    plan, exact = _plan(beginning, options)
    part = Part(tally=tally)
    if progress:
        # Making an encoder takes a moment; what the first rows tell without tokens is told before.
        first = replace(plan, encoding="", twins=False)
        progress(0, {**part.tally, **scan_block(beginning, 0, first).tally} if plan.encoding else part.tally)
    for done, piece in scan(path, plan, options.workers):
        append(part, piece)
        if progress:
            progress(done, part.tally)
    rows = part.table()
    _of_lines(part, path, size)
    _judge_whole(part, rows, plan, options)
    if plan.twins:
        _note_twins(part.tally, Source(path, plan.format, rows), plan)
    return Report(
        path=path,
        size=size,
        format=plan.format,
        lines=part.lines,
        rows=rows,
        broken_rows=part.broken_rows,
        roles=dict(part.roles),
        groups=grouped(part.tally, RULES),
        encoding=plan.encoding,
        exact=exact,
        boilerplate=plan.boilerplate,
        languages=dict(part.languages),
    )


@dataclass(frozen=True, slots=True)
class RowFindings:
    """What is wrong with one row by itself."""

    format: Format | None
    """None if it is no row at all."""
    findings: tuple[tuple[Rule, Finding], ...]
    """What blocks comes first."""

    @property
    def blocked(self) -> bool:
        """Whether the service would refuse the row."""
        return any(rule.severity == "error" for rule, _ in self.findings)


def row_findings(line: bytes, format_: Format | None = None) -> RowFindings:
    """Check one line by itself, for the format given or the one that it looks like."""
    if format_ is None:
        try:
            format_ = format_of_row(parse_row(line))
        except RowError:
            format_ = None
    part = scan_block(line + b"\n", 1, Plan(format_ or Format.CHAT, twins=False))
    groups = grouped(part.tally, RULES)
    return RowFindings(format_, tuple((group.rule, finding) for group in groups for finding in group.examples))


def check_files(
    paths: Sequence[Path], options: Options | None = None, progress: Callable[[int, Tally], None] | None = None
) -> list[Report]:
    """Check several files, the splits of one dataset, each by itself and for what leaks from one into another.

    Raises:
        DatasetError: a file cannot be read.
    """
    reports = [check_file(path, options, progress) for path in paths]
    readable = [report for report in reports if report.format is not None]
    if len(readable) < 2:
        return reports
    tallies: dict[Path, Tally] = {report.path: {} for report in readable}
    sources = [Source(report.path, report.format, report.rows) for report in readable if report.format is not None]
    rules = {"row": "leak.row", "prompt": "leak.prompt", "near": "leak.twin"}
    found = find_twins(sources, readable[0].boilerplate)
    for twin in found.twins:
        if twin.across:
            other = f"{readable[twin.first.file].path.name}:{twin.first.line}"
            text = f"{other} ({twin.similarity:.0%}) {twin.excerpt}"
            note(tallies[readable[twin.second.file].path], Finding(rules[twin.kind], twin.second.line, "", text))
    if found.candidates_left or found.equals_left:
        left = found.candidates_left + found.equals_left
        note(tallies[readable[-1].path], Finding("leak.many", 0, "", f"{left:,} pairs were not looked at one by one"))
    return [_with_leaks(report, tallies.get(report.path, {})) for report in reports]


def _with_leaks(report: Report, tally: Tally) -> Report:
    if not tally:
        return report
    for group in report.groups:
        tally[group.rule.id] = (group.count, list(group.examples))
    return replace(report, groups=grouped(tally, RULES))


def _plan(beginning: bytes, options: Options) -> tuple[Plan, bool]:
    rows = []
    for line in split(beginning.removeprefix(BOM))[:_HEAD_ROWS]:
        try:
            rows.append(parse_row(line.removesuffix(b"\r")))
        except RowError:
            continue
    format_ = options.format or format_of_rows(rows) or Format.CHAT
    readings = [CHECKS[format_](row, []) for row in rows]
    texts = [normalised(reading.prompt) for reading in readings if reading is not None]
    encoding = encoding_for(options.model)
    plan = Plan(
        format=format_,
        needs=options.needs,
        encoding=encoding.name if options.count_tokens else "",
        twins=options.twins,
        boilerplate=common_shingles(texts),
    )
    return plan, encoding.exact


def _of_file(path: Path, size: int, beginning: bytes) -> Tally:
    """What the file's beginning and size tell before any row is read."""
    tally: Tally = {}
    content = beginning.removeprefix(BOM)
    if not content.strip():
        note(tally, Finding("file.empty", 0, "", f"{size:,} bytes"))
    elif beginning.startswith(_BINARY):
        note(tally, Finding("file.not_text", 1, "", repr(beginning[:8])))
    elif beginning.startswith(_OTHER_ENCODINGS) or content[1:2] == b"\0":
        note(tally, Finding("file.encoding", 1, "", "UTF-16 or UTF-32"))
    elif _is_document(content):
        note(tally, Finding("file.document", 1, "", content[:40].decode("utf-8", "replace").split("\n", 1)[0]))
    elif _is_table(content):
        note(tally, Finding("file.table", 1, "", content[:80].decode("utf-8", "replace").split("\n", 1)[0]))
    if beginning.startswith(BOM):
        note(tally, Finding("file.bom", 1, "", "EF BB BF"))
    if size > MOST_BYTES:
        note(tally, Finding("file.too_large", 0, "", f"{size / 2**20:,.0f} MB"))
    elif size > IN_PARTS_BYTES:
        note(tally, Finding("file.parts", 0, "", f"{size / 2**20:,.0f} MB"))
    if path.suffix.casefold() != ".jsonl":
        note(tally, Finding("file.name", 0, "", path.name))
    return tally


def _is_document(content: bytes) -> bool:
    """One JSON document over many lines, or a list of rows: its first line alone is no object."""
    first = content.lstrip().split(b"\n", 1)[0].strip()
    return first in (b"{", b"[") or first.startswith((b"[{", b"[ {", b"[[", b'["'))


def _is_table(content: bytes) -> bool:
    """Columns with commas or tabs between them, and no JSON anywhere in the first lines."""
    lines = [line.strip() for line in content.split(b"\n", 20)[:20] if line.strip()]
    if len(lines) < 2 or not (b"," in lines[0] or b"\t" in lines[0]):
        return False
    return not any(line.startswith((b"{", b"[")) for line in lines)


def _unreadable(path: Path, size: int, tally: Tally) -> Report:
    nothing = Part()
    return Report(path, size, None, 0, nothing.table(), 0, {}, grouped(tally, RULES), "", False, np.empty(0, np.uint64))


def _of_lines(part: Part, path: Path, size: int) -> None:
    if part.blank:
        note(part.tally, Finding("file.blank_lines", 0, "", f"{part.blank:,} of {part.lines:,} lines"), part.blank)
    if part.carriage_returns:
        text = f"{part.carriage_returns:,} of {part.lines:,} lines"
        note(part.tally, Finding("file.crlf", 0, "", text), part.carriage_returns)
    with path.open("rb") as file:
        file.seek(max(0, size - 1))
        if file.read(1) != b"\n":
            note(part.tally, Finding("file.no_final_newline", part.lines, "", "the end of the file"))


def _judge_whole(part: Part, rows: Rows, plan: Plan, options: Options) -> None:
    training = plan.format.trains if options.training is None else options.training
    if training and not plan.format.trains:
        note(part.tally, Finding("file.not_for_training", 0, "", f"{plan.format} rows"))
    known = _base_model(options.model)
    context = Context(
        format=plan.format,
        training=training,
        epochs=auto_epochs(len(rows)),
        context_tokens=known.training_context_tokens if known else None,
    )
    if known and not known.vision and plan.format is Format.VISION:
        note(part.tally, Finding("image.model", 0, "", known.id))
    for finding, count in judge(part, rows, context):
        note(part.tally, finding, count)
    for finding, count in duplicates(rows):
        note(part.tally, finding, count)


def _note_twins(tally: Tally, source: Source, plan: Plan) -> None:
    found = near_twins(source, plan.boilerplate)
    for twin in found.twins:
        text = f"line {twin.first.line:,} ({twin.similarity:.0%}) {twin.excerpt}"
        note(tally, Finding("twin.row", twin.second.line, "", text))
    if found.candidates_left:
        note(tally, Finding("twin.many", 0, "", f"{found.candidates_left:,} pairs were not compared"))


def _base_model(name: str | None) -> BaseModel | None:
    return catalogue().find(name.partition(".ft-")[0]) if name else None
