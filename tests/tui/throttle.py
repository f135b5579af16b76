"""A bad line: a pseudo-terminal whose bytes take their time, and a terminal at its end that answers questions."""

from __future__ import annotations

import contextlib
import os
import pty
import re
import select
import signal
import struct
import termios
import time
from collections import deque
from collections.abc import Mapping, Sequence
from fcntl import ioctl

import pyte

_QUERY = re.compile(rb"\x1b\[6n")


class Throttled:
    """A program on a terminal behind a line of so many bytes a second and so much delay, half of it each way."""

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        *,
        columns: int = 80,
        rows: int = 24,
        bytes_a_second: float = 5_000.0,
        delay: float = 0.3,
        answers: bool = True,
    ) -> None:
        self.screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self.screen)
        self._rate, self._half, self._answers = bytes_a_second, delay / 2, answers
        self._down: deque[tuple[float, bytes]] = deque()
        self._up: deque[tuple[float, bytes]] = deque()
        self._free_at = 0.0
        self.read = 0
        """Bytes that have left the program."""
        self.sent = bytearray()
        """All that has reached the terminal."""
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
            os.execve(command[0], list(command), dict(environment))
        ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    @property
    def text(self) -> str:
        """What the terminal shows."""
        return "\n".join(self.screen.display)

    def step(self) -> None:
        """Let a hundredth of a second pass on the line."""
        now = time.monotonic()
        # The line's own buffer is small: what it cannot take stays in the pseudo-terminal.
        if sum(len(piece) for _, piece in self._down) < 2_048 and select.select([self._fd], [], [], 0.01)[0]:
            with contextlib.suppress(OSError):
                piece = os.read(self._fd, 256)
                self.read += len(piece)
                self._free_at = max(self._free_at, now) + len(piece) / self._rate
                self._down.append((self._free_at + self._half, piece))
        else:
            time.sleep(0.01)
        now = time.monotonic()
        while self._down and self._down[0][0] <= now:
            self._arrive(self._down.popleft()[1])
        while self._up and self._up[0][0] <= now:
            os.write(self._fd, self._up.popleft()[1])

    def _arrive(self, piece: bytes) -> None:
        before = len(_QUERY.findall(bytes(self.sent)))
        self.sent += piece
        # pyte does not know the private sequences that begin with ESC [ < or > and would print them.
        self._stream.feed(re.sub(rb"\x1b\[[<>]\d*u|\x1b\[6n|\x1b\[2[23];2t", b"", piece))
        if self._answers:
            for _ in range(len(_QUERY.findall(bytes(self.sent))) - before):
                self._up.append((time.monotonic() + self._half, b"\x1b[1;1R"))

    def press(self, keys: str) -> None:
        """Type; the keys take their time too."""
        self._up.append((time.monotonic() + self._half, keys.encode()))

    def wait_for(self, text: str, seconds: float) -> float:
        """Let time pass until a text stands on the terminal; return how long that took."""
        began = time.monotonic()
        while text not in self.text:
            assert time.monotonic() - began < seconds, f"{text!r} did not appear:\n{self.text}"
            self.step()
        return time.monotonic() - began

    def idle(self, seconds: float) -> None:
        """Let time pass."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.step()

    def close(self) -> None:
        """End the program."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self._fd)
