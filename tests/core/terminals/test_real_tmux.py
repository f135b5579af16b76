"""What a real tmux, and one inside another, hands to the terminal around it; without tmux, what its model hands on."""

from __future__ import annotations

import os
import pty
import re
import select
import shlex
import shutil
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Iterator
from fcntl import ioctl
from pathlib import Path

import pytest

from cupola.terminals.kinds import Terminal
from cupola.terminals.sequences import BEL, Dialect, Multiplexer, Progress, notice, progress, wrapped

from .test_terminals import FakeTmux

_DEADLINE_SECONDS = 60.0
_BARE = {
    **{str(dialect): notice(dialect, "Job done", "It is ✓.", 7) for dialect in Dialect if dialect is not Dialect.BELL},
    "progress": progress(Progress.NORMAL, 40),
}

_OWN = re.compile(rb"\x1b\][^\x07\x1b]*\x07")
"""What tmux itself ends with a bell: colours and titles."""

Reach = Callable[[str, int, bool, Callable[[bytes], bool]], bytes]
"""What reaches the terminal around so many tmux, with or without passthrough, until there is enough of it."""


class _RealTmux:
    """Starts tmux in a pseudo-terminal, the innermost pane writing the same again and again."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._sockets = folder, list[Path]()

    def __call__(self, written: str, levels: int, passthrough: bool, enough: Callable[[bytes], bool]) -> bytes:
        (self._folder / "written").write_text(written, encoding="utf-8")
        (self._folder / "conf").write_text(f"set -g allow-passthrough {'on' if passthrough else 'off'}\n")
        command = ["sh", "-c", f"while :; do cat {shlex.quote(str(self._folder / 'written'))}; sleep 0.1; done"]
        for _ in range(levels):
            command = self._inside(command)
        pid, outer = pty.fork()
        if pid == 0:
            os.execvpe(command[0], command, {**_plain_environment(), "TERM": "xterm-256color"})
        ioctl(outer, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        out, end = b"", time.monotonic() + _DEADLINE_SECONDS
        while not enough(out) and time.monotonic() < end:
            if select.select([outer], [], [], 0.1)[0]:
                out += os.read(outer, 65_536)
        self.close()
        os.close(outer)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        return out

    def close(self) -> None:
        """End every tmux."""
        while self._sockets:
            socket = self._sockets.pop()
            subprocess.run(["tmux", "-S", str(socket), "kill-server"], check=False, capture_output=True)

    def _inside(self, command: list[str]) -> list[str]:
        socket = self._folder / f"s{len(self._sockets)}"
        self._sockets.append(socket)
        tmux = ["tmux", "-f", str(self._folder / "conf"), "-S", str(socket), "new", shlex.join(command)]
        return ["env", "-u", "TMUX", *tmux]


def _plain_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in ("TMUX", "TMUX_PANE")} | {
        "LC_ALL": "C.UTF-8"
    }


def _modelled(written: str, levels: int, passthrough: bool, enough: Callable[[bytes], bool]) -> bytes:
    for _ in range(levels):
        written = FakeTmux(passthrough).feed(written)
    return written.encode()


def _lets_through() -> bool:
    """Whether there is a tmux that can be told what to let through, as it can since 3.3."""
    if shutil.which("tmux") is None:
        return False
    version = subprocess.run(["tmux", "-V"], capture_output=True, text=True, check=False).stdout
    told = re.search(r"(\d+)\.(\d+)", version)
    return told is not None and (int(told[1]), int(told[2])) >= (3, 3)


def _bell_alone(out: bytes) -> bool:
    return BEL.encode() in _OWN.sub(b"", out)


@pytest.fixture
def reach(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reach]:
    if not _lets_through():
        yield _modelled
        return
    tmux = _RealTmux(tmp_path_factory.mktemp("t"))
    yield tmux
    tmux.close()


@pytest.mark.parametrize("levels", [1, 2])
def test_every_sequence_reaches_the_outer_terminal_byte_for_byte(reach: Reach, levels: int) -> None:
    # What is written last has arrived when all has.
    last = notice(Dialect.OSC9, "the", "last")
    written = "".join(wrapped(bare, (Multiplexer.TMUX,) * levels) for bare in (*_BARE.values(), last))
    reached = reach(written, levels, True, lambda out: last.encode() in out)
    assert [name for name, bare in _BARE.items() if bare.encode() not in reached] == []


def test_where_tmux_lets_nothing_through_a_bell_still_arrives_and_nothing_else(reach: Reach) -> None:
    told = Terminal("iTerm2", Dialect.OSC9, False, (Multiplexer.TMUX,), None)
    reached = reach(told.notice("Job done", "It is.", 7), 1, False, _bell_alone)
    assert _bell_alone(reached) and b"Job done" not in reached
