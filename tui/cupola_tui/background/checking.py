"""Checks, shapes, costs and twins; finished checks are kept as long as their file stays as it is."""

from __future__ import annotations

import time
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from cupola.datasets.check import Options, Report, check_file
from cupola.datasets.cost import auto_epochs, estimates
from cupola.datasets.findings import Tally, grouped
from cupola.datasets.formats import METHODS, format_of_rows
from cupola.datasets.lines import DatasetError, head, split
from cupola.datasets.parsing import RowError, parse_row
from cupola.datasets.rules import RULES
from cupola.datasets.shape import Spread, shape_of
from cupola.datasets.twins import Source, find_twins
from cupola.datasets.writing import fingerprint
from cupola.models import LocalFile

from . import tasks
from .desk import Step

_KEPT = 6
_BALANCE = frozenset({"label.imbalance", "length.outliers", "pair.length_bias"})
_HEAD_BYTES = 65_536
_PAIRS_SENT = 2_000
_STEP_SECONDS = 0.1

_Key = tuple[str, int, int, str | None, bool]


class Checks:
    """Reports of the files looked at last."""

    def __init__(self) -> None:
        self._reports: OrderedDict[_Key, Report] = OrderedDict()

    def survey(self, task: tasks.Survey) -> LocalFile:
        """Hash a file and tell its format from its first rows.

        Raises:
            DatasetError: it cannot be read.
        """
        path = Path(task.path)
        size, changed = _state(path)
        content = fingerprint(path)
        return LocalFile(task.path, size, changed, content.sha256, _format_of(path) if size else "")

    def check(self, task: tasks.Check, step: Step) -> tasks.Checked:
        """Check a file."""
        started = time.monotonic()
        report = self._report(Path(task.path), task.model, bool(task.model), step)
        survey = self.survey(tasks.Survey(task.path))
        severities = [group.rule.severity for group in report.groups]
        file = LocalFile(
            survey.path,
            survey.size,
            survey.changed_ns,
            survey.sha256,
            str(report.format or ""),
            len(report.rows),
            sum(severity == "error" for severity in severities),
            sum(severity == "warning" for severity in severities),
        )
        return tasks.Checked(file, report.groups, report.broken_rows, report.tokens, time.monotonic() - started)

    def measure(self, task: tasks.Measure, step: Step) -> tasks.Measured:
        """Sum up a file's rows and what training on them would cost.

        Raises:
            DatasetError: it holds no rows.
        """
        from cupola_data.models import catalogue
        from cupola_data.prices import price_list

        report = self._report(Path(task.path), task.model, True, step)
        if report.format is None:
            rule = report.groups[0].rule
            raise DatasetError(f"{Path(task.path).name} has no shape.", f"{rule.title}.", rule.remedy)
        shape = shape_of(report)
        method = METHODS.get(report.format, "")
        epochs = auto_epochs(len(report.rows))
        offers = estimates(report.tokens or 0, epochs, method, catalogue(), price_list(), task.model) if method else ()
        return tasks.Measured(
            rows=shape.rows,
            broken_rows=shape.broken_rows,
            lengths=_numbers(shape.lengths),
            answers=_numbers(shape.answers),
            turns=_numbers(shape.turns),
            roles=dict(shape.roles),
            languages=shape.languages,
            heaviest=_heaviest(report.rows["tokens" if report.encoding else "characters"]),
            balance=tuple(
                f"{group.rule.title}: {group.examples[0].excerpt}" if group.examples else group.rule.title
                for group in report.groups
                if group.rule.id in _BALANCE
            ),
            longest=tuple((place.line, place.length) for place in shape.longest),
            shortest=tuple((place.line, place.length) for place in shape.shortest),
            exact=report.exact,
            encoding=report.encoding,
            epochs=epochs,
            batch=shape.batch,
            method=method,
            offers=tuple(
                tasks.Offer(
                    **{name: getattr(offer, name) for name in tasks.Offer.__slots__},
                )
                for offer in offers
            ),
        )

    def twins(self, task: tasks.FindTwins, step: Step) -> tasks.Twins:
        """Find rows that are nearly the same, inside and across files."""
        reports = [self._report(Path(path), None, False, step) for path in task.paths]
        readable = [report for report in reports if report.format is not None and len(report.rows)]
        sources = [Source(report.path, report.format, report.rows) for report in readable if report.format is not None]
        if not sources:
            return tasks.Twins((), 0, 0, 0, ())
        step(None)
        found = find_twins(sources, readable[0].boilerplate)
        names = [str(source.path) for source in sources]
        pairs = [
            tasks.TwinPair(
                twin.kind,
                (names[twin.first.file], twin.first.line),
                (names[twin.second.file], twin.second.line),
                twin.similarity,
                twin.excerpt,
            )
            for twin in sorted(found.twins, key=lambda twin: not twin.across)
        ]
        across = sum(pair.across for pair in pairs)
        return tasks.Twins(tuple(pairs[:_PAIRS_SENT]), len(pairs), across, found.candidates_left, tuple(names))

    def _report(self, path: Path, model: str | None, count_tokens: bool, step: Step) -> Report:
        key = (str(path), *_state(path), model, count_tokens)
        if key not in self._reports:
            self._reports[key] = check_file(path, Options(model=model, count_tokens=count_tokens), _teller(path, step))
        self._reports.move_to_end(key)
        while len(self._reports) > _KEPT:
            self._reports.popitem(last=False)
        return self._reports[key]


def _teller(path: Path, step: Step) -> _Teller:
    return _Teller(path.stat().st_size, step)


class _Teller:
    """Passes progress on at once the first time that something was found, then a few times a second."""

    def __init__(self, size: int, step: Step) -> None:
        self._size, self._step = size, step
        self._told_at = float("-inf")
        self._rules = 0

    def __call__(self, done: int, tally: Tally) -> None:
        now = time.monotonic()
        news = len(tally) > self._rules
        if now - self._told_at < _STEP_SECONDS and not (news and self._rules == 0):
            self._step(None)
            return
        self._told_at, self._rules = now, len(tally)
        self._step(tasks.Progress(done, self._size, grouped(tally, RULES)))


def _heaviest(lengths: npt.NDArray[Any]) -> float:
    """Share of the sum that the longest twentieth, at least one row, makes up."""
    ordered = np.sort(lengths.astype(np.float64))
    total = float(ordered.sum())
    return float(ordered[-max(1, len(ordered) // 20) :].sum()) / total if total else 0.0


def _state(path: Path) -> tuple[int, int]:
    try:
        state = path.stat()
    except OSError as error:
        raise DatasetError(f"{path} cannot be read.", error.strerror or "", "Check its name and rights.") from error
    return state.st_size, state.st_mtime_ns


def _format_of(path: Path) -> str:
    rows = []
    for content in split(head(path, _HEAD_BYTES))[:50]:
        try:
            rows.append(parse_row(content.strip()))
        except RowError:
            continue
    return str(format_of_rows(rows) or "")


def _numbers(spread: Spread | None) -> tasks.Numbers | None:
    if spread is None:
        return None
    return tasks.Numbers(
        spread.unit,
        spread.least,
        spread.median,
        spread.p95,
        spread.most,
        spread.total,
        spread.histogram.edges,
        spread.histogram.counts,
    )
