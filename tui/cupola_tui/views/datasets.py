"""Rows of the list of datasets, the facts about one, and the filter over them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import PurePath

from cupola.datasets.listing import Dataset
from cupola.models import LocalFile, Problem, ServiceFile, Upload, UploadState
from cupola.store.downloads import Download, DownloadState
from cupola.store.provenance import Origin

from ..lines import Line, Span, flowed, labelled, line, wrapped
from .words import count, moment

_SPLIT_WORDS = re.compile(r"(?i)(?<![a-z])(training|train|validation|valid|val|dev|testing|test|holdout|eval)(?![a-z])")
_BAR_WIDTH = 8


def size_words(size: int | None) -> str:
    """A size as a person says it, in powers of 1024: 640 B, 139 KB, 1.2 GB."""
    if size is None:
        return "–"
    amount, unit = float(size), "B"
    for larger in ("KB", "MB", "GB"):
        if amount < 1_000:
            break
        amount, unit = amount / 1_024, larger
    return f"{amount:,.0f} {unit}" if unit == "B" or amount >= 100 else f"{amount:.1f} {unit}"


def cells(dataset: Dataset, checking: Collection[str], fetching: Mapping[str, Download]) -> tuple[Line, ...]:
    """Sign, name, format, rows, size, where it lies, how many jobs used it."""
    file = dataset.local[0] if dataset.local else None
    sign, ink = ("…", "info") if file is not None and file.path in checking else _sign(dataset)
    rows = f"{file.rows:,}" if file is not None and file.rows is not None else ""
    return (
        line((sign, ink)),
        _name(dataset),
        line((_short_format(file.format if file else dataset.remote[0].purpose), "muted")),
        line(rows),
        line((size_words(dataset.bytes), "muted")),
        _place(dataset, next((fetching[entry.id] for entry in dataset.remote if entry.id in fetching), None)),
        line((f"{len(dataset.jobs)}" if dataset.jobs else "", "info")),
    )


def facts(
    dataset: Dataset, now: float, width: int, download: Download | None = None, origin: Origin | None = None
) -> list[Line]:
    """Where its copies lie, what it was made from, and which jobs used it."""
    out: list[Line] = []
    for file in dataset.local:
        digest = f"sha256 {file.sha256[:16]}" if file.sha256 else "not read yet"
        out.append(line((f"{'disk':<9}", "muted"), _end_of(file.path, width - 9)))
        out.append(line(" " * 9, (f"{size_words(file.size)} · {digest}", "muted")))
    for entry in dataset.remote:
        ink = "bad" if entry.status == "error" else ""
        words = f"{entry.filename} · {entry.purpose} · {entry.status} · {moment(entry.created_at, now)}"
        out.append(line((f"{'service':<9}", "muted"), (entry.id, ink)))
        out.append(line(" " * 9, (words, ink or "muted")))
    if origin is not None:
        out += labelled("made", _origin_words(origin, now), width, "muted")
    if not dataset.remote:
        out.append(line((f"{'service':<9}not there, as far as is known", "muted")))
    if dataset.upload is not None and (lines := upload_lines(dataset.upload, width)):
        out += lines
    if download is not None:
        out += download_lines(download, width)
    if dataset.jobs:
        parts = [line((job.name, "accent"), (f" {job.status}", "muted")) for job in dataset.jobs[:6]]
        if len(dataset.jobs) > 6:
            parts.append(line((f"and {len(dataset.jobs) - 6} more", "muted")))
        first, *rest = flowed(parts, line("  "), width - 9)
        out.append((Span(f"{'used by':<9}", "muted"), *first))
        out += [(Span(" " * 9), *more) for more in rest]
    return out


def _origin_words(origin: Origin, now: float) -> str:
    names = ", ".join(str(given.get("name", "?")) for given in origin.inputs)
    how = ", ".join(f"{name} {value}" for name, value in origin.parameters.items() if value not in ("", None, [], {}))
    return f"by {origin.action} from {names}, {moment(origin.at, now)}" + (f" · {how}" if how else "")


def upload_lines(upload: Upload, width: int) -> list[Line]:
    """How far the latest upload has come; nothing of one that is done or was given up."""
    if upload.state in (UploadState.DONE, UploadState.CANCELLED):
        return []
    if upload.state is UploadState.FAILED:
        return labelled("upload", f"failed: {_in_words(upload.problem)}", width, "bad")
    share = upload.sent / max(1, upload.bytes)
    words = {
        UploadState.WAITING: "waits for its turn",
        UploadState.SENDING: f"{share:.0%} of {size_words(upload.bytes)}",
        UploadState.PROCESSING: "sent; the service looks through it",
    }[upload.state]
    return _moving_lines("upload", share, words, upload.problem, width)


def download_lines(download: Download, width: int) -> list[Line]:
    """How far the latest download has come, or where it went; nothing of one that was given up."""
    if download.state is DownloadState.CANCELLED:
        return []
    if download.state is DownloadState.FAILED:
        return labelled("download", f"failed: {_in_words(download.problem)}", width, "bad")
    if download.state is DownloadState.DONE:
        return [line((f"{'fetched':<9}", "muted"), _end_of(download.path or "", width - 9))]
    share = download.received / max(1, download.bytes or 0)
    words = f"{min(1.0, share):.0%} of {size_words(download.bytes)}"
    if download.state is DownloadState.WAITING:
        words = "waits for its turn"
    return _moving_lines("download", min(1.0, share), words, download.problem, width)


def _moving_lines(title: str, share: float, words: str, problem: Problem | None, width: int) -> list[Line]:
    full = round(share * _BAR_WIDTH)
    bar = line((f"{title:<9}", "muted"), ("█" * full, "info"), ("░" * (_BAR_WIDTH - full), "track"), f" {words}")
    if problem is None:
        return [bar]
    return [bar, *labelled("", f"interrupted, tried again: {problem.what}", width, "warn")]


def _in_words(problem: Problem | None) -> str:
    return " ".join(part for part in (problem.what, problem.why, problem.remedy) if part) if problem else ""


def matching(datasets: Iterable[Dataset], words: str) -> list[Dataset]:
    """Those in whose name, path, format, service file or jobs every word is found; `!word` leaves out."""
    wanted = words.lower().split()

    def fits(dataset: Dataset) -> bool:
        text = " ".join(_texts(dataset)).lower()
        return all((word[1:] not in text) if word[:1] == "!" and word[1:] else (word in text) for word in wanted)

    return [dataset for dataset in datasets if fits(dataset)]


def family(dataset: Dataset, every: Sequence[Dataset]) -> list[Dataset]:
    """The splits of one dataset: files of one folder whose names differ by `train`, `valid` or `test` alone.

    The dataset itself comes first only where it stands first on the list; twins are named by the list's order.
    """
    if not dataset.local:
        return []
    mine = dataset.local[0]
    return [
        other
        for other in every
        if other.local and (other is dataset or (_SPLIT_WORDS.search(mine.path) and _kin(mine, other.local[0])))
    ]


def _end_of(path: str, width: int) -> str:
    """A path that is too long for a width without its beginning, which says the least."""
    return path if len(path) <= width else f"…{path[len(path) - width + 1 :]}"


def _kin(one: LocalFile, other: LocalFile) -> bool:
    first, second = PurePath(one.path), PurePath(other.path)
    return (
        first.parent == second.parent
        and first.suffix == second.suffix
        and _SPLIT_WORDS.sub("", first.stem) == _SPLIT_WORDS.sub("", second.stem)
    )


def _texts(dataset: Dataset) -> list[str]:
    texts = [dataset.name]
    for file in dataset.local:
        texts += [file.path, file.format]
    for entry in dataset.remote:
        texts += [entry.id, entry.filename, entry.purpose, entry.status]
    return [*texts, *(job.name for job in dataset.jobs)]


def _sign(dataset: Dataset) -> tuple[str, str]:
    if not dataset.local:
        return {"processed": ("☁", "muted"), "error": ("✗", "bad")}.get(dataset.remote[0].status, ("◌", "info"))
    file = dataset.local[0]
    if file.errors is None:
        return "·", "faint"
    return ("✗", "bad") if file.errors else ("!", "warn") if file.warnings else ("✓", "good")


def _name(dataset: Dataset) -> Line:
    if not dataset.local:
        return line(dataset.name)
    path = PurePath(dataset.local[0].path)
    return line((f"{path.parent.name}/", "muted"), path.name)


def _short_format(format_: str) -> str:
    return {"preference": "dpo", "reinforcement": "rft", "evaluation": "eval", "question_answer": "q&a"}.get(
        format_, format_
    )


def _place(dataset: Dataset, download: Download | None) -> Line:
    if download is not None:
        return line((f"↓ {download.received / max(1, download.bytes or 0):.0%}", "info"))
    upload = dataset.upload
    if upload is not None and upload.state.open:
        return line((f"↑ {upload.sent / max(1, upload.bytes):.0%}", "info"))
    if upload is not None and upload.state is UploadState.FAILED and not dataset.remote:
        return line(("↑ failed", "bad"))
    if dataset.local and dataset.remote:
        return line(("both", "good"), *_unready(dataset.remote))
    return line(("disk", "")) if dataset.local else line(("service", "info"), *_unready(dataset.remote))


def _unready(remote: Sequence[ServiceFile]) -> list[tuple[str, str]]:
    return [] if any(entry.status == "processed" for entry in remote) else [(f" {remote[0].status}", "warn")]


def nothing_yet(width: int) -> list[Line]:
    """What the empty pane says."""
    return [
        line(("No datasets known yet", "accent bold")),
        line(""),
        *wrapped(
            "Files for training and evaluation stand here, on disk and at the service, the same content on one line: "
            "what is wrong in them, their shape, their rows, near-duplicates across splits, and what training costs.",
            width,
        ),
        line(""),
        line(("a", "key bold"), " adds a file or a folder."),
    ]


def problems_in_words(errors: int, warnings: int) -> str:
    """`2 kinds of error, 1 of warning`."""
    return f"{count(errors, 'kind of error', 'kinds of error')}, {warnings:,} of warning"
