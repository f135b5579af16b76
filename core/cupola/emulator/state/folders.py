"""Where the state directory keeps what is too big for the database; no name in it comes from a user."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True, slots=True)
class Folders:
    """The layout of one state directory."""

    root: Path

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self.root / "state.db"

    @property
    def uploads(self) -> Path:
        """Where files arrive before they have a record."""
        return self.root / "uploads"

    def part(self, part_id: str) -> Path:
        """The content of one part of an upload."""
        return self.root / "parts" / part_id

    def batch(self, batch_id: str) -> Path:
        """A batch's own copy of its input, which outlives the file."""
        return self.root / "batches" / f"{batch_id}.jsonl"

    def file(self, file_id: str) -> Path:
        """The content of an uploaded file."""
        return self.root / "files" / file_id

    def job(self, uuid: str) -> Path:
        """The request, progress, state and checkpoints of a training run."""
        return self.root / "jobs" / uuid

    def dataset(self, uuid: str, field: Literal["training_file", "validation_file"]) -> Path:
        """A job's own copy of a file, which outlives the file."""
        return self.job(uuid) / f"{field}.jsonl"

    def weights(self, uuid: str, step: int) -> Path:
        """The weights of a job's checkpoint."""
        return self.job(uuid) / f"step-{step}.npz"


def open_folders(root: Path) -> Folders:
    """Make the layout where it is missing, readable by its owner only, and clear what half-finished uploads left."""
    folders = Folders(root)
    for path in (root, folders.uploads, *(root / name for name in ("files", "parts", "batches", "jobs"))):
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    for leftover in folders.uploads.iterdir():
        leftover.unlink()
    return folders
