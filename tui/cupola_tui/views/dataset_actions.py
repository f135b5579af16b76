"""What may be done with a dataset, and what is said before it is done."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cupola.datasets.listing import Dataset, clashes
from cupola.models import LocalFile, ServiceFile
from cupola.settings import Profile
from cupola.store import intents
from cupola.store.database import Database
from cupola.store.downloads import Download

from .actions import Action, place
from .datasets import size_words

LOCAL = "local."
"""Actions that the pane does itself begin so; nothing is sent anywhere."""

FETCH = "fetch"
"""Actions that ask for a folder first begin so."""

_LARGEST_PLAIN = 100 * 2**20
_MOST_BYTES = 512 * 2**20
_IN_USE = "Jobs that run keep their own copy of what they read."

_MAKES = {
    "split": ("Split", "Writes train and validation files, twins kept on one side. The file itself stays as it is."),
    "sample": ("Sample", "Writes some rows, drawn by a seed, into a new file."),
    "convert": ("Convert", "Writes the rows in another format into a new file."),
    "fix": ("Fix", "Writes a mended copy and shows the difference: byte order mark, line ends, blank lines, "
            "duplicates, role names."),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Chosen:
    """What an action may be done with."""

    dataset: Dataset
    """The selected one."""
    marked: tuple[Dataset, ...] = ()
    download: Download | None = None
    """The latest of its service files."""
    fixable: int = 0
    """How many kinds of problems in it have a safe fix."""


def dataset_actions(
    chosen: Chosen, remote: Sequence[ServiceFile], contents: Mapping[str, str], profile: Profile, now: float
) -> list[Action]:
    """All actions on what is chosen.

    Args:
        chosen: The selected dataset and those that are marked.
        remote: All files of the service, for clashes of names.
        contents: SHA-256 by file id.
        profile: Where to.
        now: Unix seconds.
    """
    out: list[Action] = []
    dataset = chosen.dataset
    if dataset.local:
        out.append(upload_action(dataset, remote, contents, profile, now))
    if dataset.upload is not None and dataset.upload.state.open:
        out.append(_cancel_action(dataset, profile, now))
    if chosen.download is not None and chosen.download.state.open:
        out.append(_cancel_download_action(chosen.download, profile, now))
    out += [_fetch_action(entry, dataset, chosen.download, profile) for entry in dataset.remote]
    if dataset.local:
        out += [_make_action(verb, dataset.local[0], chosen.fixable) for verb in _MAKES]
        out.append(_merge_action(dataset, chosen.marked))
    out += [_delete_action(entry, dataset, profile, now) for entry in dataset.remote]
    if dataset.local:
        out.append(
            Action(
                f"{LOCAL}forget", dataset.local[0].path, f"Forget {dataset.name}",
                "Takes it off this list. The file stays on the disk.", "this machine", "none", "",
            )
        )  # fmt: skip
    return out


def upload_action(
    dataset: Dataset, remote: Sequence[ServiceFile], contents: Mapping[str, str], profile: Profile, now: float
) -> Action:
    """Sending a dataset to the service."""
    file = dataset.local[0]
    parts = "in one piece" if file.size <= _LARGEST_PLAIN else "in parts"
    what = [f"Sends {file.path}: {size_words(file.size)}, sha256 {file.sha256[:16]}, {parts}; goes on after a drop."]
    if file.errors:
        what.append(
            f"The check found {file.errors} kinds of error in it: the service would refuse it or train wrongly."
        )
    if other := clashes(dataset.name, file.sha256, remote, contents):
        ids = ", ".join(f"{entry.id} ({size_words(entry.bytes)})" for entry in other[:2])
        what.append(f"The service has another content under this name: {ids}. Both will stand there.")
    arguments = {"sha256": file.sha256, "purpose": "fine-tune"}

    def write(database: Database) -> object:
        return intents.wish(database, "file.upload", file.path, now, arguments)

    return Action(
        "file.upload",
        file.path,
        f"Upload {dataset.name}",
        " ".join(what),
        place(profile),
        "Uploading costs nothing; a resource holds 100 files and 1 GB for training.",
        shlex.join(["cupola", "dataset", "upload", file.path, "--profile", profile.name]),
        _upload_refusal(dataset),
        write,
    )


def _upload_refusal(dataset: Dataset) -> str:
    file = dataset.local[0]
    there = [entry for entry in dataset.remote if entry.purpose == "fine-tune" and entry.status != "error"]
    if there:
        return f"the service has this content already, as {there[0].id}"
    if dataset.upload is not None and dataset.upload.state.open:
        return "it is on its way"
    if Path(file.path).suffix != ".jsonl":
        return "the service takes .jsonl only; convert it first"
    if file.size > _MOST_BYTES:
        return "it is larger than the service takes, 512 MB; split or sample it"
    return "" if file.sha256 else "it has not been read yet"


def _cancel_action(dataset: Dataset, profile: Profile, now: float) -> Action:
    upload = dataset.upload
    assert upload is not None

    def write(database: Database) -> object:
        return intents.wish(database, "upload.cancel", str(upload.id), now)

    return Action(
        "upload.cancel",
        str(upload.id),
        f"Stop the upload of {upload.name}",
        f"{size_words(upload.sent)} of {size_words(upload.bytes)} have been sent; they are given up.",
        place(profile),
        "none",
        "",
        write=write,
    )


def download_action(entry: ServiceFile, folder: Path, profile: Profile, now: float) -> Action:
    """Fetching a service file into a folder."""

    def write(database: Database) -> object:
        return intents.wish(database, "file.download", entry.id, now, {"folder": str(folder)})

    words = ["cupola", "file", "download", entry.id, "--to", str(folder), "--profile", profile.name]
    return Action(
        "file.download",
        entry.id,
        f"Download {entry.filename or entry.id}",
        f"Fetches {entry.id} ({size_words(entry.bytes)}) into {folder}; goes on after a drop, and never over a file.",
        place(profile),
        "none",
        shlex.join(words),
        write=write,
    )


def _fetch_action(entry: ServiceFile, dataset: Dataset, download: Download | None, profile: Profile) -> Action:
    refusal = ""
    if download is not None and download.state.open and download.file_id == entry.id:
        refusal = "it is on its way"
    elif entry.status == "error":
        refusal = "the service could not use it and may not hold it"
    known = " The disk has this content already." if dataset.local else ""
    return Action(
        f"{FETCH} {entry.id}",
        entry.id,
        f"Download {entry.filename or entry.id}",
        f"Asks for a folder, then fetches {entry.id} ({size_words(entry.bytes)}) into it.{known}",
        place(profile),
        "none",
        "",
        refusal,
    )


def _cancel_download_action(download: Download, profile: Profile, now: float) -> Action:
    def write(database: Database) -> object:
        return intents.wish(database, "download.cancel", str(download.id), now)

    return Action(
        "download.cancel",
        str(download.id),
        f"Stop the download of {download.name}",
        f"{size_words(download.received)} of {size_words(download.bytes)} have come; they are given up.",
        place(profile),
        "none",
        "",
        write=write,
    )


def _merge_action(dataset: Dataset, marked: Sequence[Dataset]) -> Action:
    local = [one for one in marked if one.local]
    names = ", ".join(one.name for one in local)
    formats = {one.local[0].format for one in local if one.local[0].format}
    refusal = ""
    if len(local) < 2:
        refusal = "mark two files or more with space first"
    elif len(formats) > 1:
        refusal = f"the marked files have different formats: {', '.join(sorted(formats))}"
    first = local[0].local[0].path if local else dataset.local[0].path
    return Action(
        f"{LOCAL}merge", first, f"Merge {len(local)} marked files" if len(local) > 1 else "Merge the marked files",
        f"Writes the rows of {names or 'the marked files'} into one new file; the files themselves stay as they are.",
        "this machine", "none", "", refusal,
    )  # fmt: skip


def _make_action(verb: str, file: LocalFile, fixable: int) -> Action:
    title, what = _MAKES[verb]
    refusal = "" if file.path.endswith(".jsonl") or verb == "convert" else "convert it to JSON Lines first"
    if verb == "fix" and not refusal and file.errors is not None and not fixable:
        refusal = "the check found nothing that has a safe fix"
    name = Path(file.path).name
    return Action(f"{LOCAL}{verb}", file.path, f"{title} {name}", what, "this machine", "none", "", refusal)


def _delete_action(entry: ServiceFile, dataset: Dataset, profile: Profile, now: float) -> Action:
    copy = "The copy on disk stays." if dataset.local else "No copy on disk is known: it cannot be brought back."
    used = f" {len(dataset.jobs)} jobs used it. {_IN_USE}" if dataset.jobs else ""

    def write(database: Database) -> object:
        return intents.wish(database, "file.delete", entry.id, now)

    return Action(
        f"file.delete {entry.id}",
        entry.id,
        f"Delete {entry.filename or entry.id} at the service",
        f"Deletes {entry.id} ({size_words(entry.bytes)}) for good. {copy}{used}",
        place(profile),
        "none",
        shlex.join(["cupola", "dataset", "delete", entry.id, "--profile", profile.name]),
        write=write,
    )
