"""The safe fixes: byte order mark, blank lines, line ends, duplicates and role names, into a new file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .excerpts import excerpt
from .lines import BOM, LONGEST_LINE, file_size, head, iterate
from .parsing import RowError, parse_row
from .signatures import hash_of
from .writing import Output, Provenance, fingerprint, outputs

FIXES = ("bom", "crlf", "blank_lines", "final_newline", "duplicates", "role_names")
"""Every fix there is; each changes form only, or removes what says nothing new."""

_ROLE_NAMES = {
    "human": "user",
    "customer": "user",
    "ai": "assistant",
    "bot": "assistant",
    "gpt": "assistant",
    "model": "assistant",
    "chatgpt": "assistant",
}
_ROLES = frozenset({"system", "developer", "user", "assistant", "tool", "function"})
_ROLE = re.compile(rb'("role"\s*:\s*)"([^"\\]{1,40})"')
_CHANGES_KEPT = 200


@dataclass(frozen=True, slots=True)
class Change:
    """One line that was changed or removed."""

    fix: str
    line: int
    """In the old file, from 1."""
    before: str
    after: str | None
    """None if the line was removed."""


@dataclass(frozen=True, slots=True)
class Fixed:
    """What the fixes did."""

    provenance: Provenance
    counts: dict[str, int]
    """How many lines each fix changed."""
    changes: tuple[Change, ...]
    """The first changes."""


def fix_file(path: Path, target: Path, now: float, fixes: tuple[str, ...] = FIXES) -> Fixed:
    """Write a mended copy of a file. Lines that are not valid JSON stay as they are.

    Raises:
        DatasetError: the file cannot be read, or the target exists or cannot be written.
    """
    counts = dict.fromkeys(fixes, 0)
    changes: list[Change] = []
    size = file_size(path)
    if "bom" in counts and size and head(path, 16).startswith(BOM):
        _note(counts, changes, Change("bom", 1, "‹EF BB BF›", ""))
    with outputs(target) as (output,):
        if "bom" not in counts and size and head(path, 16).startswith(BOM):
            output.begin(BOM)
        _copy(path, output, counts, changes)
    if "final_newline" in counts and size and not _ends_in_newline(path, size):
        _note(counts, changes, Change("final_newline", 0, "", ""))
    parameters = {"fixes": [name for name, count in counts.items() if count]}
    made = Provenance(output.content, output.rows, "fix", (fingerprint(path),), now, parameters)
    return Fixed(made, counts, tuple(changes))


def diff(fixed: Fixed, old: str, new: str) -> Iterator[str]:
    """The first changes in the manner of a unified diff, with every line safe to show."""
    yield f"--- {excerpt(old)}"
    yield f"+++ {excerpt(new)}"
    for change in fixed.changes:
        yield f"@@ line {change.line:,}: {change.fix} @@" if change.line else f"@@ end of file: {change.fix} @@"
        if change.before:
            yield f"-{change.before}"
        if change.after:
            yield f"+{change.after}"
    hidden = sum(fixed.counts.values()) - len(fixed.changes)
    if hidden > 0:
        yield f"... and {hidden:,} more"


def _copy(path: Path, output: Output, counts: dict[str, int], changes: list[Change]) -> None:
    seen: dict[bytes, int] = {}
    for line in iterate(path, keep_carriage_returns=True):
        content = line.content
        if "crlf" in counts and content.endswith(b"\r"):
            content = content.removesuffix(b"\r")
            _note(counts, changes, Change("crlf", line.number, "␍", ""))
        bare = content.strip()
        if "blank_lines" in counts and not bare:
            _note(counts, changes, Change("blank_lines", line.number, excerpt(content), None))
            continue
        if "duplicates" in counts and bare:
            first = seen.setdefault(hash_of(bare), line.number)
            if first != line.number:
                text = f"{excerpt(bare, 90)} (the same as line {first:,})"
                _note(counts, changes, Change("duplicates", line.number, text, None))
                continue
        if "role_names" in counts:
            content = _with_role_names(content, line.number, counts, changes)
        output.write(content)


def _note(counts: dict[str, int], changes: list[Change], change: Change) -> None:
    counts[change.fix] += 1
    if len(changes) < _CHANGES_KEPT:
        changes.append(change)


def _with_role_names(content: bytes, number: int, counts: dict[str, int], changes: list[Change]) -> bytes:
    if not any(_named(match[2]) for match in _ROLE.finditer(content)) or len(content) > LONGEST_LINE:
        return content
    try:
        row = parse_row(content)
    except RowError:
        return content
    mended = _ROLE.sub(lambda match: match[1] + b'"' + (_named(match[2]) or match[2]) + b'"', content)
    # Only the text around each role is touched; if that changed anything else, the line stays as it was.
    if parse_row(mended) != _renamed(row):
        return content
    _note(counts, changes, Change("role_names", number, excerpt(content), excerpt(mended)))
    return mended


def _named(role: bytes) -> bytes | None:
    """The service's name of a role, if it is another than the given one."""
    plain = role.decode("utf-8", "replace").strip().casefold()
    name = _ROLE_NAMES.get(plain, plain)
    return name.encode() if name in _ROLES and name.encode() != role else None


def _renamed(row: dict[str, Any]) -> dict[str, Any]:
    """The row with the roles of its messages, wherever a format has them, in the service's names."""
    renamed = dict(row)
    for key in ("messages", "preferred_output", "non_preferred_output"):
        if isinstance(row.get(key), list):
            renamed[key] = [_with_role(message) for message in row[key]]
    if isinstance(row.get("input"), dict):
        renamed["input"] = _renamed(row["input"])
    return renamed


def _with_role(message: object) -> object:
    if not isinstance(message, dict) or not isinstance(message.get("role"), str):
        return message
    named = _named(message["role"].encode("utf-8", "replace"))
    return {**message, "role": named.decode()} if named else message


def _ends_in_newline(path: Path, size: int) -> bool:
    with path.open("rb") as file:
        file.seek(size - 1)
        return file.read(1) == b"\n"
