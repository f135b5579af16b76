"""Files of training rows: written whole, named by what decided them, checked as any dataset is."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ...datasets.check import Options, Report, check_file
from ...datasets.twins import Source, find_twins
from ...datasets.writing import fingerprint
from ...errors import CupolaError
from ...paths import private_directory
from .candidates import Candidate


def directory(place: str, key: str) -> Path:
    """The folder of files that were decided by `key`, a content hash."""
    return private_directory(Path(place) / key[:16])


def write(path: Path, rows: Iterable[Mapping[str, Any]]) -> Path:
    """Write rows as JSON Lines; whole or not at all. Raises OSError if the disk will not have it."""
    part = path.with_suffix(".part")
    with part.open("w", encoding="utf-8", errors="surrogatepass") as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=True) + "\n")
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    return path


def training_row(candidate: Candidate) -> dict[str, Any]:
    """A conversation for the student to learn: what it will be asked, and the teacher's answer."""
    return {"messages": [*map(dict, candidate.messages), {"role": "assistant", "content": candidate.text}]}


def described(path: Path, model: str) -> dict[str, Any]:
    """What later stages need to know of a file: path, content, rows and tokens."""
    content = fingerprint(path)
    report = check_file(path, Options(model=model, count_tokens=True, training=True, workers=0))
    return {
        "path": str(path),
        "sha256": content.sha256,
        "bytes": content.bytes,
        "rows": len(report.rows),
        "tokens": report.tokens or 0,
    }


def checked(path: Path, model: str) -> list[str]:
    """Check a file as the service would and as a careful person would; return warnings.

    Raises:
        CupolaError: the service would refuse it.
    """
    report = check_file(path, Options(model=model, training=True, workers=0))
    if report.blocked:
        worst = report.groups[0].rule
        examples = report.groups[0].examples
        where = f"Line {examples[0].line}: {examples[0].excerpt}" if examples and examples[0].line else ""
        raise CupolaError(f"The training file would be refused: {worst.title}.", where, worst.remedy)
    return [f"{group.rule.title} ({group.count:,})" for group in report.groups if group.rule.severity == "warning"]


def alike(
    folder: Path,
    test: Sequence[Sequence[Mapping[str, Any]]],
    prompts: Sequence[Sequence[Mapping[str, Any]]],
    near: float,
) -> tuple[set[int], set[int]]:
    """Which prompts are in the test, and which repeat an earlier prompt: equal, or alike from `near` on.

    Returns:
        Places of leaks and of twins among `prompts`.
    """
    paths = [
        write(folder / "test-prompts.jsonl", map(_asked, test)),
        write(folder / "prompts.jsonl", map(_asked, prompts)),
    ]
    reports = [check_file(path, Options(training=False, twins=True, workers=0)) for path in paths]
    sources = [_source(report) for report in reports]
    # Every leak counts here, not only the first ones that a person would read.
    found = find_twins(sources, reports[0].boilerplate, near, most_named=sum(len(source.rows) for source in sources))
    leaks: set[int] = set()
    twins: set[int] = set()
    for twin in found.twins:
        if twin.second.file == 1:
            (leaks if twin.first.file == 0 else twins).add(twin.second.line - 1)
    return leaks, twins - leaks


def _asked(messages: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    # Standing instructions are the same in every row and say nothing of how alike two prompts are.
    own = [dict(message) for message in messages if message.get("role") not in ("system", "developer")]
    return {"messages": [*(own or map(dict, messages)), {"role": "assistant", "content": "."}]}


def _source(report: Report) -> Source:
    if report.format is None:
        raise CupolaError("The prompts cannot be compared.", "Their file could not be read back.", "Try again.")
    return Source(report.path, report.format, report.rows)
