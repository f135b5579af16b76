"""How far an uploaded file has been taken in."""

from __future__ import annotations

from .resource import Resource
from .state.files import StoredFile


def file_status(resource: Resource, file: StoredFile) -> str:
    """Where a file stands: it is imported over a declared time, files that the service made are ready at once."""
    if file.job_id is not None or file.purpose.endswith("_output"):
        return "processed"
    passed, pace = resource.clock.passed(file.created_at), resource.catalogue.pace
    if passed < pace["file_pending"]:
        return "pending"
    if passed < pace["file_pending"] + pace["file_running"]:
        return "running"
    return "error" if file.error else "processed"
