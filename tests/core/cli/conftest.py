from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx2
import pytest

from cupola.cli import main
from cupola.cli.context import Context
from cupola.store.database import Database, open_store

from ..worker.cloud import Cloud


class Terminal(io.StringIO):
    """Somebody who answers questions."""

    def isatty(self) -> bool:
        return True


@dataclass
class Shell:
    """Runs command lines in a home of their own against a small service."""

    home: Path
    cloud: Cloud
    context: Context = field(init=False)
    out: str = ""
    err: str = ""

    def __post_init__(self) -> None:
        environment = {
            "CUPOLA_HOME": str(self.home),
            "AZURE_OPENAI_ENDPOINT": "http://127.0.0.1:1",
            "AZURE_OPENAI_API_KEY": "k-secret-1234",
        }
        self.context = Context(environment, transport=httpx2.MockTransport(self.cloud))

    def run(self, *words: str, answers: str | None = None) -> int:
        """Run `cupola WORDS`; what it prints is in `out` and `err` then."""
        out, err = io.StringIO(), io.StringIO()
        given = Terminal(answers) if answers is not None else io.StringIO()
        code = main(list(words), context=replace(self.context, out=out, err=err, input=given))
        self.out, self.err = out.getvalue(), err.getvalue()
        return code

    def json(self, *words: str) -> Any:
        """The JSON that a command prints; it must not fail."""
        assert self.run(*words, "-o", "json") == 0, self.err
        return json.loads(self.out)


@pytest.fixture
def cloud() -> Cloud:
    return Cloud()


@pytest.fixture
def shell(tmp_path: Path, cloud: Cloud) -> Shell:
    return Shell(tmp_path, cloud)


@pytest.fixture
def store(shell: Shell) -> Iterator[Database]:
    database = open_store(shell.context.paths.store("default"))
    yield database
    database.close()
