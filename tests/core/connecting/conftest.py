"""An emulator on a socket, and command lines in processes of their own, as a person runs them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

KEYRING = """
import json, os, pathlib
from keyring.backend import KeyringBackend


class FileRing(KeyringBackend):
    priority = 1
    path = pathlib.Path(os.environ["TEST_RING"])

    def _all(self):
        if os.environ.get("TEST_RING_LOCKED"):
            raise RuntimeError("locked")
        return json.loads(self.path.read_text()) if self.path.exists() else {}

    def get_password(self, service, username):
        return self._all().get(f"{service}/{username}")

    def set_password(self, service, username, password):
        self.path.write_text(json.dumps({**self._all(), f"{service}/{username}": password}))

    def delete_password(self, service, username):
        self.path.write_text(json.dumps({k: v for k, v in self._all().items() if k != f"{service}/{username}"}))
"""
"""A keyring in a file, for processes that are told of it by PYTHON_KEYRING_BACKEND."""


@dataclass(frozen=True, slots=True)
class Emulated:
    """The running emulator."""

    endpoint: str
    key: str
    subscription: str

    @property
    def identity(self) -> dict[str, str]:
        """Variables by which programs find their managed identity there."""
        return {"IDENTITY_ENDPOINT": f"{self.endpoint}/emulator/managed-identity", "IDENTITY_HEADER": self.key}

    def send(self, method: str, path: str, body: Mapping[str, Any] | bytes) -> None:
        """Switch something."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.endpoint}{path}", data, {"api-key": self.key}, method=method)
        with urllib.request.urlopen(request, timeout=10):
            pass


@pytest.fixture(scope="session")
def emulated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulated]:
    """One emulator for all; tests put back what they switch."""
    command = [sys.executable, "-m", "cupola.cli", "emulator", "--speed", "5"]
    command += ["--state", str(tmp_path_factory.mktemp("emulator"))]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    with process, process.stdout as out:
        told = json.loads(out.readline())
        yield Emulated(told["endpoint"], told["api_key"], told["subscription_id"])
        process.terminate()


@dataclass
class Machine:
    """A home of its own with nothing set up."""

    home: Path
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.environment = {
            "CUPOLA_HOME": str(self.home / "cupola"),
            "HOME": str(self.home),
            "PATH": str(self.home / "bin"),
            "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
            "LANG": "C.UTF-8",
        }

    @property
    def config(self) -> Path:
        """The configuration file."""
        return self.home / "cupola" / "config" / "config.toml"

    def with_keyring(self) -> Path:
        """Give it a keyring; returns the file that it lies in."""
        (self.home / "lib").mkdir()
        (self.home / "lib" / "filering.py").write_text(KEYRING)
        ring = self.home / "ring.json"
        self.environment |= {
            "PYTHONPATH": f"{self.home / 'lib'}{os.pathsep}{self.environment['PYTHONPATH']}",
            "PYTHON_KEYRING_BACKEND": "filering.FileRing",
            "TEST_RING": str(ring),
        }
        return ring

    def start(self, *words: str, **more: str) -> subprocess.Popen[str]:
        """Start `cupola WORDS`."""
        return subprocess.Popen(
            [sys.executable, "-m", "cupola.cli", *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**self.environment, **more},
            cwd=self.home,
        )

    def run(self, *words: str, given: str = "", **more: str) -> tuple[int, str, str]:
        """Run `cupola WORDS`; its exit code, what it printed, what it said."""
        with self.start(*words, **more) as process:
            out, err = process.communicate(given, timeout=60)
        return process.returncode, out, err

    def json(self, *words: str, **more: str) -> Any:
        """The JSON that a command prints."""
        _, out, err = self.run(*words, "-o", "json", **more)
        assert out, err
        return json.loads(out)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)
