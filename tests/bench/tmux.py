"""What a real tmux, and one inside another, hands to the terminal: `python -m tests.bench.tmux`; needs tmux 3.3."""

from __future__ import annotations

import os
import pty
import select
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from cupola.terminals.sequences import Dialect, Multiplexer, Progress, notice, progress, wrapped

_BARE = {
    **{str(dialect): notice(dialect, "Job done", "It is.", 7) for dialect in Dialect if dialect is not Dialect.BELL},
    "progress": progress(Progress.NORMAL, 40),
}
_SETTLE_SECONDS = 1.0


class Outer:
    """A terminal in which a tmux runs, and on request another inside of that."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._sockets: list[Path] = []
        environment = {name: value for name, value in os.environ.items() if name not in ("TMUX", "TMUX_PANE")}
        command = self._command()
        pid, self._fd = pty.fork()
        if pid == 0:
            os.execvpe(command[0], command, {**environment, "TERM": "xterm-256color"})
        self.read()
        self._let_through()

    def nest(self) -> None:
        """Start one more tmux inside the innermost."""
        self.type(f"unset TMUX; {' '.join(self._command())}")
        self.read(2 * _SETTLE_SECONDS)
        self._let_through()

    def type(self, line: str) -> None:
        """Type a line into the innermost shell."""
        os.write(self._fd, f"{line}\n".encode())

    def read(self, seconds: float = _SETTLE_SECONDS) -> bytes:
        """What reaches the terminal until it is silent for so long."""
        out = b""
        while select.select([self._fd], [], [], seconds)[0]:
            try:
                out += os.read(self._fd, 65_536)
            except OSError:
                break
        return out

    def close(self) -> None:
        """End every tmux."""
        for socket in reversed(self._sockets):
            subprocess.run(["tmux", "-S", str(socket), "kill-server"], check=False, capture_output=True)

    def _command(self) -> list[str]:
        self._sockets.append(self._folder / f"tmux-{len(self._sockets)}")
        return ["tmux", "-f", "/dev/null", "-S", str(self._sockets[-1]), "new", "sh"]

    def _let_through(self) -> None:
        subprocess.run(["tmux", "-S", str(self._sockets[-1]), "set", "-g", "allow-passthrough", "on"], check=True)
        time.sleep(0.1)


def main() -> int:
    """Send every sequence through one tmux and through two; 0 if each arrives byte for byte."""
    if shutil.which("tmux") is None:
        sys.stderr.write("tmux is not installed.\n")
        return 1
    missing = 0
    with tempfile.TemporaryDirectory(prefix="cupola-tmux-") as folder:
        outer = Outer(Path(folder))
        try:
            for levels in (1, 2):
                for name, bare in _BARE.items():
                    file = Path(folder) / "sequence"
                    file.write_text(wrapped(bare, (Multiplexer.TMUX,) * levels))
                    outer.type(f"cat {file}")
                    arrived = bare.encode() in outer.read()
                    missing += not arrived
                    sys.stdout.write(f"{levels} tmux  {name:9} {'arrives' if arrived else 'DOES NOT ARRIVE'}\n")
                if levels == 1:
                    outer.nest()
        finally:
            outer.close()
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
