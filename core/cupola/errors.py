"""Every error that Cupola raises on purpose: what happened, why as far as known, and what to do."""

from __future__ import annotations

from .models import Problem


class CupolaError(Exception):
    """Something a person has to know. `str()` is one plain sentence or two; nothing in it is a secret."""

    exit_code = 1

    def __init__(self, what: str, why: str = "", remedy: str = "", raw: str = "") -> None:
        super().__init__(what)
        self.what, self.why, self.remedy, self.raw = what, why, remedy, raw

    def __str__(self) -> str:
        return " ".join(part for part in (self.what, self.why, self.remedy) if part)

    @property
    def problem(self) -> Problem:
        """The error as a record that can be stored and shown."""
        return Problem(self.what, self.why, self.remedy, self.raw)


class UsageError(CupolaError):
    """A command was given words it does not take, or a setting is wrong or missing."""

    exit_code = 2


class ReadOnlyError(CupolaError):
    """Something would be changed or paid for where a person has forbidden that."""

    exit_code = 4


class StoreError(CupolaError):
    """The local store cannot be opened or written."""


class StoreTooNewError(StoreError):
    """A newer Cupola wrote the store."""


class StoreCorruptError(StoreError):
    """The store's file is damaged."""


class WorkerError(CupolaError):
    """The worker could not be started, or another one holds its lock."""


class ServiceError(CupolaError):
    """The service answered with a refusal or a failure."""

    def __init__(
        self,
        what: str,
        why: str = "",
        remedy: str = "",
        raw: str = "",
        *,
        status: int | None = None,
        code: str | None = None,
        request_id: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(what, why, remedy, raw)
        self.status, self.code, self.request_id, self.retry_after = status, code, request_id, retry_after


class UnreachableError(ServiceError):
    """No answer came: no network, no name, a timeout, or the service is down."""

    exit_code = 3


class ThrottledError(ServiceError):
    """The service asks for patience; `retry_after` is in seconds where it said so."""

    exit_code = 3


class NotAllowedError(ServiceError):
    """Not signed in, or the role is missing."""

    exit_code = 4


class NotFoundError(ServiceError):
    """The service does not know the thing that was asked for."""
