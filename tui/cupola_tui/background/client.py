"""The screen's end of the background process: started when first asked, started anew if it dies."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Callable
from typing import Any

from cupola.errors import CupolaError

from .frames import HEADER_BYTES, Answer, Ask, Drop, Frame, Step, length_in, pack, unpack

OnStep = Callable[[Any], None]

_LEAVE_SECONDS = 2.0


class BackgroundError(CupolaError):
    """The background process could not do what was asked."""


class Background:
    """One process that does one thing after another."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self._starting = asyncio.Lock()
        self._waiting: dict[int, tuple[asyncio.Future[Any], OnStep | None]] = {}
        self._next = 1
        self._closed = False

    @property
    def pid(self) -> int | None:
        """The process that runs, if one does."""
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    async def start(self) -> None:
        """Start the process, unless it runs: it takes half a second until it can do something."""
        async with self._starting:
            if self._closed:
                raise BackgroundError("Cupola is closing.")
            if self._process is not None and self._process.returncode is None:
                return
            try:
                self._process = await asyncio.create_subprocess_exec(
                    sys.executable,
                    "-m",
                    __package__,
                    stdin=asyncio.subprocess.PIPE,
                    stdout=asyncio.subprocess.PIPE,
                    start_new_session=True,
                )
            except OSError as error:
                raise BackgroundError("The process that reads files cannot be started.", str(error)) from error
            self._reading = asyncio.create_task(self._read(self._process))

    async def ask(self, task: object, on_step: OnStep | None = None) -> Any:
        """Have a task done; cancelling the wait drops the task.

        Raises:
            CupolaError: it cannot be done, or the process died over it.
        """
        await self.start()
        ask_id, self._next = self._next, self._next + 1
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting[ask_id] = future, on_step
        try:
            self._send(Ask(ask_id, task))
            return await future
        except asyncio.CancelledError:
            self._send(Drop(ask_id))
            raise
        finally:
            self._waiting.pop(ask_id, None)

    async def close(self) -> None:
        """End the process."""
        self._closed = True
        process, self._process = self._process, None
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), _LEAVE_SECONDS)
        except TimeoutError:
            # It writes a file, or reads a long one; a half-written file never has its final name.
            process.kill()
            await process.wait()
        if self._reading is not None:
            await asyncio.wait([self._reading])

    def _send(self, frame: Frame) -> None:
        process = self._process
        if process is None or process.stdin is None or process.stdin.is_closing():
            return
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            process.stdin.write(pack(frame))

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        try:
            while True:
                header = await process.stdout.readexactly(HEADER_BYTES)
                self._take(unpack(await process.stdout.readexactly(length_in(header))))
        except (asyncio.IncompleteReadError, ConnectionResetError):
            pass
        finally:
            lost = BackgroundError(
                "The process that reads files has ended.", "It ran out of memory, or was killed.", "Try again."
            )
            for future, _ in self._waiting.values():
                if not future.done():
                    future.set_exception(lost)

    def _take(self, frame: Frame) -> None:
        if not isinstance(frame, Step | Answer):
            return
        future, on_step = self._waiting.get(frame.id, (None, None))
        if future is None or future.done():
            return
        if isinstance(frame, Step):
            if on_step is not None:
                on_step(frame.value)
        elif frame.problem is not None:
            problem = frame.problem
            future.set_exception(BackgroundError(problem.what, problem.why, problem.remedy, problem.raw))
        else:
            future.set_result(frame.value)
