"""Runs python graders in a sandbox that has no files, no network, little memory and little time."""

from __future__ import annotations

import builtins
import hashlib
import math
import re
import threading
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from .calls import PythonCall, PythonOutcome
from .host_functions import HostFunctions
from .needs import needs

if TYPE_CHECKING:
    from pydantic_monty import Monty, MontyError, MontySession

_MAX_DETAILS = 500


@dataclass(frozen=True, slots=True)
class SandboxLimits:
    """What one run may use. The service allows 2 minutes and 2 GB; a grader that needs that is not run here."""

    seconds: float = 5.0
    memory_bytes: int = 128 * 1024 * 1024
    host_calls: int = 10_000


class SandboxUnavailableError(RuntimeError):
    """The sandboxed interpreter does not start on this machine."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"The grader sandbox does not start: {reason}. Install pydantic-monty for this platform anew.")


class PythonSandbox:
    """A pool of sandboxed interpreters, shared by threads and closed once.

    Every run starts from an empty interpreter, so that no sample can leave anything behind for the next.
    """

    def __init__(
        self, limits: SandboxLimits = SandboxLimits(), workers: int = 2, interpreter: Path | None = None
    ) -> None:
        """Make the pool; its processes start with the first run.

        `interpreter` is the sandboxed interpreter's program, where it is not the installed one.
        """
        self._interpreter = interpreter
        self._limits = limits
        self._workers = workers
        self._lock = threading.Lock()
        self._pool: Monty | None = None
        self._closed = False
        self._gaps: dict[str, str | None] = {}

    def __enter__(self) -> Self:
        """Return the sandbox itself; leaving the block closes it."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the sandbox."""
        self.close()

    def close(self) -> None:
        """End the pool's processes. Later runs are refused."""
        with self._lock:
            pool, self._pool, self._closed = self._pool, None, True
        if pool is not None:
            pool.__exit__(None, None, None)

    def run(self, call: PythonCall) -> PythonOutcome:
        """Return what `grade(sample, item)` gave, or why there is no grade; never a guessed one."""
        from pydantic_monty import MontyError

        try:
            gap = self._gap(call.source)
            if gap is not None:
                return _unsupported(gap)
            return self._grade(call)
        except MontyError as error:
            return _outcome_of(error)
        except SandboxUnavailableError as error:
            return PythonOutcome(None, "sandbox", str(error))
        except TimeoutError as error:
            return PythonOutcome(None, "sandbox", f"No sandbox became free: {_clean(str(error))}.")
        except (TypeError, ValueError) as error:
            return PythonOutcome(None, "runtime", f"A value could not cross the sandbox's wall: {_clean(str(error))}.")

    def lacks(self, source: str) -> str | None:
        """Return what a grader needs and the sandbox lacks, in words, or None if it can be judged locally."""
        from pydantic_monty import MontyError

        try:
            return self._gap(source)
        except MontyError as error:
            outcome = _outcome_of(error)
            return outcome.details if outcome.failure == "unsupported" else None

    def _grade(self, call: PythonCall) -> PythonOutcome:
        inputs = {"__sample": dict(call.sample), "__item": dict(call.item)}
        host = HostFunctions(self._limits.seconds)
        with self._session(host) as session:
            _feed(session, call.source)
            value = _feed(session, "grade(__sample, __item)", inputs)
        if host.refusal is not None:
            return PythonOutcome(None, "limit", f"The grader was stopped: {host.refusal}.")
        if not isinstance(value, int | float):
            return PythonOutcome(None, "runtime", f"grade returned a {type(value).__name__}, not a number.")
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            return PythonOutcome(None, "runtime", "grade returned a number that is not finite.")
        return PythonOutcome(number)

    def _gap(self, source: str) -> str | None:
        """Return what a source names that the sandbox lacks, or None; remembered by source.

        A grader may wrap its imports in `except Exception: return 0.0`, which would turn a missing library
        into a score; so whatever the source names is tried beforehand.
        """
        key = hashlib.sha256(source.encode("utf-8", "surrogatepass")).hexdigest()
        with self._lock:
            if key in self._gaps:
                return self._gaps[key]
        gap = None
        wanted = needs(source)
        if wanted is not None:
            with self._session() as session:
                gap = next((what for what, probe in wanted.items() if not _answers(session, probe)), None)
            if gap is None and not self._readable(source):
                gap = "reading of some syntax that it uses"
        with self._lock:
            self._gaps[key] = gap
        return gap

    def _readable(self, source: str) -> bool:
        """Return whether the sandbox can parse a source that is valid Python."""
        from pydantic_monty import MontySyntaxError

        try:
            with self._session() as session:
                _feed(session, source)
        except MontySyntaxError:
            return False
        return True

    def _session(self, host: HostFunctions | None = None) -> MontySession:
        host = host or HostFunctions(self._limits.seconds)
        return self._started().checkout(
            script_name="grader.py",
            limits={
                "max_feed_duration_secs": self._limits.seconds,
                "max_memory": self._limits.memory_bytes,
                "max_suspensions": self._limits.host_calls,
            },
            os_policy={"sleep": "zero", "random_start": {"seed": 0}},
            external_modules=host.modules(),
        )

    def _started(self) -> Monty:
        from pydantic_monty import Monty

        with self._lock:
            if self._closed:
                raise RuntimeError("The grader sandbox is closed.")
            if self._pool is None:
                pool = Monty(
                    binary_path=self._interpreter,
                    max_processes=self._workers,
                    request_timeout=self._limits.seconds * 2 + 5.0,
                )
                try:
                    pool.__enter__()
                except RuntimeError as error:
                    raise SandboxUnavailableError(_clean(str(error))) from error
                self._pool = pool
            return self._pool


def _feed(session: MontySession, code: str, inputs: dict[str, Any] | None = None) -> Any:
    from pydantic_monty import CollectString

    return session.feed_run(code, inputs=inputs, print_callback=CollectString(1 << 20))


def _answers(session: MontySession, probe: str) -> bool:
    from pydantic_monty import MontyRuntimeError, MontySyntaxError

    try:
        _feed(session, probe)
    except (MontyRuntimeError, MontySyntaxError):
        return False
    return True


_MISSING_METHOD = re.compile(r"'(\w+)' object has no attribute '(\w+)'")


def _outcome_of(error: MontyError) -> PythonOutcome:
    from pydantic_monty import MontyCrashedError, MontySyntaxError

    inner = error.exception()
    text = _clean(f"{type(inner).__name__}: {inner}")
    if isinstance(error, MontyCrashedError):
        return PythonOutcome(None, "limit" if error.timed_out else "sandbox", f"The sandbox ended: {text}.")
    if isinstance(error, MontySyntaxError):
        return PythonOutcome(None, "runtime", text)
    if _is_gap(inner):
        return _unsupported(f"what raised {text}")
    if isinstance(inner, TimeoutError | MemoryError) or str(inner).startswith("suspension limit"):
        return PythonOutcome(None, "limit", text)
    return PythonOutcome(None, "runtime", text)


def _is_gap(error: BaseException) -> bool:
    """Return whether an error tells of the sandbox's limits rather than of the grader."""
    if isinstance(error, ModuleNotFoundError):
        return True
    if isinstance(error, AttributeError):
        method = _MISSING_METHOD.search(str(error))
        return method is not None and hasattr(getattr(builtins, method[1], None), method[2])
    return "in monty" in str(error) or "monty syntax parser" in str(error)


def _unsupported(what: str) -> PythonOutcome:
    return PythonOutcome(
        None, "unsupported", f"This grader cannot be judged locally: the sandbox has no {_clean(what)}."
    )


def _clean(text: str) -> str:
    """Show control and formatting characters as spaces, and cut what is too long."""
    shown = "".join(" " if unicodedata.category(c)[0] == "C" or c in "\u2028\u2029" else c for c in text)
    return shown if len(shown) <= _MAX_DETAILS else shown[: _MAX_DETAILS - 1] + "…"
