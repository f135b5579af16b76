"""Environments of their own for the programs that Cupola is measured beside, set up where they are missing."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
_PLACE = ROOT / ".venv-clients"
_SETTING_UP = 900.0


class NotHereError(Exception):
    """A peer cannot be set up on this machine."""


def python_peer(name: str, program: str = "python") -> Path:
    """A program of the peer's environment, whose pins stand in peer_programs or tests/clients.

    Raises:
        NotHereError: it cannot be installed here.
    """
    ready = f".venv-clients/{name}/.ready"
    if not (ROOT / ready).exists():
        _set_up("make", ready)
    return _PLACE / name / "bin" / program


def node_peer(package: str, program: str) -> Path:
    """A program of a pinned package, as `name@version`.

    Raises:
        NotHereError: it cannot be installed here.
    """
    folder = _PLACE / package.partition("@")[0]
    found = folder / "node_modules" / ".bin" / program
    if not found.exists():
        folder.mkdir(parents=True, exist_ok=True)
        # Newer npm runs a package's own set-up only where that is allowed by name; this one compiles SQLite.
        (folder / "package.json").write_text(json.dumps({"private": True, "allowScripts": {"better-sqlite3": True}}))
        _set_up("npm", "install", "--no-audit", "--no-fund", "--prefix", str(folder), package)
    return found


def last_line(output: bytes) -> str:
    """The last words of a program that has failed."""
    lines = [line.strip() for line in output.decode(errors="replace").splitlines() if line.strip()]
    return lines[-1][:200] if lines else "it failed without a word"


def _set_up(*command: str) -> None:
    if shutil.which(command[0]) is None:
        raise NotHereError(f"there is no {command[0]}")
    try:
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=_SETTING_UP)
    except subprocess.TimeoutExpired:
        raise NotHereError(f"{command[0]} did not end within {_SETTING_UP:g} s") from None
    if done.returncode:
        raise NotHereError(last_line(done.stderr))
