"""Take a job in: its own copy of its files, checked, and its grader's Python."""

from __future__ import annotations

import shutil
from typing import Literal

from ..state.folders import Folders
from ..state.jobs import Job
from .dataset import check_dataset
from .graders import sandbox_gap
from .lines import DatasetError, bad_file
from .view import given_hyperparameters

MOST_TOKENS = 2_000_000_000
"""Tokens of a training file times epochs."""

_BYTES_PER_TOKEN = 4

_FIELDS: tuple[Literal["training_file", "validation_file"], ...] = ("training_file", "validation_file")


def take_in_files(folders: Folders, job: Job, *, vision: bool) -> None:
    """Copy a job's files into its folder, where they outlive their deletion, and check them. Raises DatasetError."""
    folders.job(job.uuid).mkdir(mode=0o700, exist_ok=True)
    for field in _FIELDS:
        file_id = job.request.get(field)
        if file_id is None:
            continue
        copy = folders.dataset(job.uuid, field)
        try:
            shutil.copyfile(folders.file(file_id), copy)
        except OSError as error:
            why = "it was deleted" if isinstance(error, FileNotFoundError) else "it could not be read"
            problem = f"The {field} '{file_id}' could not be imported: {why}."
            raise DatasetError("fileImportFailed", problem) from error
        check_dataset(copy, job.method, training=field == "training_file", vision=vision)


def check_volume(size: int, epochs: int) -> None:
    """Refuse more training than the service takes. Raises DatasetError.

    Args:
        size: Bytes of the training file, four of which are taken for a token.
    """
    tokens = size // _BYTES_PER_TOKEN * epochs
    if tokens > MOST_TOKENS:
        raise bad_file(
            f"the file has about {tokens} tokens over {epochs} epochs, but at most {MOST_TOKENS} are allowed."
        )


def _check_sandbox(job: Job) -> None:
    if job.method != "reinforcement":
        return
    gap = sandbox_gap(job.request["method"]["reinforcement"]["grader"])
    if gap is not None:
        raise DatasetError("invalidPayload", gap)


def take_in(folders: Folders, job: Job, *, vision: bool) -> None:
    """Everything that is checked before a job may queue. Raises DatasetError in plain words.

    Args:
        vision: Whether the job's model learns from images.
    """
    _check_sandbox(job)
    take_in_files(folders, job, vision=vision)
    size = folders.dataset(job.uuid, "training_file").stat().st_size
    check_volume(size, given_hyperparameters(job).get("n_epochs", 1))
