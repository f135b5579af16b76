"""A real pseudo-terminal around a program: keys in, screen text and raw bytes out."""

from __future__ import annotations

import contextlib
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fcntl import ioctl
from pathlib import Path

import pyte
import pytest

from cupola.cli.demo import resource
from cupola.paths import Paths, default_paths
from cupola.worker import process


class Session:
    """A program on a pseudo-terminal of its own."""

    def __init__(
        self, command: Sequence[str], environment: Mapping[str, str], columns: int = 120, rows: int = 40
    ) -> None:
        self.screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self.screen)
        self.sent = bytearray()
        """Everything the program wrote."""
        self._ended = False
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
            os.execve(command[0], list(command), dict(environment))
        ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    @property
    def text(self) -> str:
        """The screen as text."""
        return "\n".join(self.screen.display)

    def read(self, seconds: float, *, look: bool = True) -> bytes:
        """What the program writes until it has been silent for so long.

        Without `look` the bytes are not put on the screen, which costs pyte more than most programs need to write
        them: for measurements.
        """
        out = bytearray()
        while select.select([self._fd], [], [], seconds)[0]:
            try:
                piece = os.read(self._fd, 65536)
            except OSError:  # The program has ended.
                break
            if not piece:
                break
            out += piece
            if not look:
                continue
            # pyte does not know the private sequences that begin with ESC [ < or > and would print them.
            self._stream.feed(piece.replace(b"\x1b[<u", b"").replace(b"\x1b[>1u", b""))
        self.sent += out
        return bytes(out)

    def read_for(self, seconds: float) -> bytes:
        """What the program writes in so long, silent or not."""
        end = time.monotonic() + seconds
        out = bytearray()
        while (left := end - time.monotonic()) > 0:
            out += self.read(min(left, 0.05))
        return bytes(out)

    def wait_for(self, text: str, seconds: float = 30.0) -> None:
        """Read until a text stands on the screen."""
        end = time.monotonic() + seconds
        while text not in self.text:
            assert time.monotonic() < end, f"{text!r} did not appear:\n{self.text}"
            self.read(0.05)

    def press(self, keys: str | bytes) -> None:
        """Type."""
        os.write(self._fd, keys.encode() if isinstance(keys, str) else keys)

    def resize(self, columns: int, rows: int) -> None:
        """Change the terminal's size under the program."""
        self.screen.resize(rows, columns)
        ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def hang_up(self) -> None:
        """What the kernel sends when the terminal goes away."""
        os.killpg(os.getpgid(self.pid), signal.SIGHUP)

    def kill(self) -> None:
        """Kill the program without a warning."""
        os.kill(self.pid, signal.SIGKILL)

    def close(self) -> int:
        """End the program if it still runs; return its status."""
        if self._ended:
            return 0
        self._ended = True
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        _, status = os.waitpid(self.pid, 0)
        os.close(self._fd)
        return status

    def wait(self, seconds: float = 20.0, *, look: bool = True) -> int:
        """Wait until the program has ended by itself; return its exit status."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.read(0.05, look=look)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self._ended = True
                self.read(0.05, look=look)  # Its last words may have come since.
                os.close(self._fd)
                return os.waitstatus_to_exitcode(status)
        raise AssertionError(f"The program still runs:\n{self.text}")


def environment(home: Path) -> dict[str, str]:
    """A bare environment with its own home."""
    return {
        "CUPOLA_HOME": str(home),
        "HOME": str(home),
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
        "LANG": "C.UTF-8",
        "TZ": "UTC",
    }


SCREEN = (sys.executable, "-m", "cupola_tui", "--profile", "demo")


@pytest.fixture
def open_session(tmp_path: Path) -> Iterator[Callable[..., Session]]:
    """Opens programs on pseudo-terminals over one home, and ends what is left of them."""
    opened: list[Session] = []

    def open_one(command: Sequence[str] = SCREEN, changes: Mapping[str, str] | None = None, **size: int) -> Session:
        opened.append(Session(command, {**environment(tmp_path), **(changes or {})}, **size))
        return opened[-1]

    yield open_one
    for session in opened:
        with contextlib.suppress(OSError):
            session.close()


@dataclass(frozen=True, slots=True)
class Demo:
    """The demo's processes, killed and asked by hand."""

    home: Path

    @property
    def paths(self) -> Paths:
        """Where the demo lives."""
        return default_paths({"CUPOLA_HOME": str(self.home)})

    def cupola(self, *words: str, seconds: float = 60.0) -> subprocess.CompletedProcess[str]:
        """A command line in another shell."""
        command = (sys.executable, "-m", "cupola_tui", *words)
        return subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            env=environment(self.home),
            timeout=seconds,
            check=False,
        )

    def kill_worker(self) -> None:
        """Kill the worker without a warning."""
        holder = process.status("demo", self.paths).holder
        assert holder is not None, "no worker runs"
        os.kill(holder.pid, signal.SIGKILL)

    def kill_emulator(self) -> None:
        """Kill the emulator without a warning."""
        assert resource.running(self.paths), "no emulator runs"
        os.kill(int((self.paths.emulator_state / "lock").read_text("ascii")), signal.SIGKILL)


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    """A demo of its own, stopped in the end."""
    found = Demo(tmp_path)
    yield found
    found.cupola("demo", "--stop")
